"""Run every benchmark, print its figures and keep them in .build/bench.json; `--quick` takes small sizes."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent.parent / ".build" / "bench.json"
#: benchmark -> size, and size with --quick
SIZES = {
    "verdicts": (100_000, 5_000),
    "deadlines": (100_000, 5_000),
    "sql": (1_000_000, 50_000),
    "rows_sql": (1_000_000, 20_000),
    "dues": (1_000_000, 20_000),
    "mining": (50_000, 2_000),
    "reads": (1_000, 1_000),
    "first": (20_000, 2_000),
    "settling": (3_000, 600),
    "memory": (100_000, 4_000),
    "door": (6_000, 500),
    "dashboard": (1_000_000, 20_000),
    "way_back": (50, 8),
}


def main() -> int:
    """Print a line for each figure; a goal that is missed is said and fails nothing."""
    quick = "--quick" in sys.argv
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")] or list(SIZES)
    found = []
    for name in chosen:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        for figure in module.measure(SIZES[name][quick]):
            print(figure.line(), flush=True)
            found.append({"benchmark": name, "size": SIZES[name][quick], **asdict(figure)})
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
