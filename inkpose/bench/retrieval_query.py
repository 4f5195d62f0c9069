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
    milliseconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        hits = index.search(query, 10, tags, rerank=rerank)
        milliseconds.append((time.perf_counter() - started) * 1000)
        found.append([hit.path for hit in hits])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"milliseconds": milliseconds, "found": found, "peak_mb": peak_mb}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
