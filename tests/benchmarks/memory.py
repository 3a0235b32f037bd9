"""Memory while many tickets are settled: how much at the most, and whether it grows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.runs import Figure, at_most


def measure(count: int) -> list[Figure]:
    """Settle many tickets in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(count)],
        capture_output=True,
        text=True,
        check=True,
    )
    early, late = json.loads(told.stdout)
    return [
        at_most(f"memory: MB while settling {count:,} tickets", [late], 400),
        at_most("memory: at the end to at a quarter", [late / early], 1.2),
    ]


def peak() -> float:
    """Give the most memory this process has held, in megabytes.

    From /proc: `getrusage` would tell the parent's peak where that was higher, which a child inherits.
    """
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"^VmHWM:\s+(\d+) kB", told, re.MULTILINE)[0]) / 1024


def main(count: int) -> None:
    """Settle page after page; print the peak after a quarter and at the end, in megabytes."""
    from sync.settle import settle
    from tests.benchmarks.desk import Prepared, readings, scratch, seen_of, service, settling

    peaks = []
    with service(scratch()) as opened, opened.store.lease("sandbox") as epoch:
        at = settling(opened, epoch)
        for start in range(0, count, 100):
            settle(
                at,
                Prepared(),
                [seen_of(each) for each in readings(100, first=start)],
                cursor=str(start),
            )
            if start + 100 in {count // 4 // 100 * 100, count}:
                peaks.append(peak())
    print(json.dumps([peaks[0], peaks[-1]]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
