"""The rival's side, run in an environment of its own: read a log, discover, and time the checking of every ticket.

Usage: pm4py_side.py LOG.csv RUNS; writes one line of JSON. It imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

import pandas as pd
import pm4py

ZETA = 2


def main() -> None:
    """Time log skeleton and temporal profile on a log that is read and sorted beforehand."""
    log = pd.read_csv(sys.argv[1])
    log["time:timestamp"] = pd.to_datetime(log["time:timestamp"], utc=True)
    log = pm4py.format_dataframe(log)
    skeleton = pm4py.discover_log_skeleton(log, noise_threshold=0.05)
    profile = pm4py.discover_temporal_profile(log)
    told = {"skeleton": [], "temporal": []}
    for _ in range(int(sys.argv[2])):
        begin = time.perf_counter()
        bones = pm4py.conformance_log_skeleton(log, skeleton)
        told["skeleton"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        times = pm4py.conformance_temporal_profile(log, profile, zeta=ZETA)
        told["temporal"].append(time.perf_counter() - begin)
    told["always_before"] = sorted(map(list, skeleton["always_before"]))
    told["never_together"] = sorted(map(list, skeleton["never_together"]))
    told["profile"] = [[a, b, mean, deviation] for (a, b), (mean, deviation) in profile.items()]
    found = Counter(
        (name, *pair)
        for trace in bones
        for name, pairs in trace["deviations"]
        if name in {"always_before", "never_together"}
        for pair in pairs
    )
    told["failing"] = [[*key, number] for key, number in sorted(found.items())]
    told["late"] = sum(map(bool, times))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
