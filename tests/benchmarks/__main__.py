"""Run every benchmark and print its figures; `--quick` takes small sizes."""

from __future__ import annotations

import importlib
import sys

#: benchmark -> size, and size with --quick
SIZES = {
    "verdicts": (100_000, 5_000),
    "deadlines": (100_000, 5_000),
    "sql": (1_000_000, 50_000),
    "reads": (1_000, 1_000),
    "settling": (3_000, 600),
    "memory": (100_000, 4_000),
}


def main() -> int:
    """Print a line for each figure; a goal that is missed is said and fails nothing."""
    quick = "--quick" in sys.argv
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")] or list(SIZES)
    for name in chosen:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        for figure in module.measure(SIZES[name][quick]):
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
