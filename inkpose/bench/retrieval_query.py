"""A fresh process that only asks an index: latencies, memory and answers, as JSON on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from inkpose.index.store import PoseIndex


def main(arguments: list[str]) -> None:
    """Asks: index folder, .npy of poses ``(Q, 17, 3)``, tags (may be empty), 1 to compare arrow by arrow."""
    index = PoseIndex.open(Path(arguments[0]))
    queries, tags, rerank = np.load(arguments[1]), arguments[2], arguments[3] == "1"
    for query in queries[:5]:
        index.search(query, 10, tags, rerank=rerank)
    milliseconds, cpu_milliseconds, found = [], [], []
    for query in queries:
        started, cpu_started = time.perf_counter(), time.process_time()
        hits = index.search(query, 10, tags, rerank=rerank)
        milliseconds.append((time.perf_counter() - started) * 1000)
        # On a busy machine this says what the query costs, and the clock how long it waited for a processor.
        cpu_milliseconds.append((time.process_time() - cpu_started) * 1000)
        found.append([hit.path for hit in hits])
    told = {"milliseconds": milliseconds, "cpu_milliseconds": cpu_milliseconds, "found": found, "peak_mb": peak_mb()}
    json.dump(told, sys.stdout)


def peak_mb() -> float:
    """Returns the most memory this program had resident, MB.

    Linux hands ``ru_maxrss`` down through ``exec``: a process would be charged with what its parent had.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1:])
