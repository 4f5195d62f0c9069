"""One line of the benchmark, and how its two sides are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A rate of ours beside a baseline's, both of the same run.

    Attributes:
        name: what was timed.
        unit: of ``ours`` and ``baseline``; more is better.
        ours: rate.
        baseline: rate.
        versus: what the baseline is.
        command: how to get this row again.
    """

    name: str
    unit: str
    ours: float
    baseline: float
    versus: str
    command: str

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.ours / self.baseline

    def as_json(self) -> dict[str, Any]:
        """Returns the row of ``bench.json``."""
        return asdict(self) | {"ratio": self.ratio}


def compare(
    name: str,
    unit: str,
    ours: Callable[[], int],
    baseline: Callable[[], int],
    versus: str,
    *,
    rounds: int = 5,
    cpu_time: bool = False,
) -> Row:
    """Times two functions in turn (A B A B …, after one warm-up each) and returns the medians.

    Taking turns keeps the ratio honest when the machine's speed drifts.

    Args:
        name: of the row.
        unit: of the rates.
        ours: does a piece of work and returns how many things it did.
        baseline: the same.
        versus: words for the baseline.
        rounds: measured calls of each.
        cpu_time: count this process's CPU seconds, not the clock's.
    """
    clock = time.process_time if cpu_time else time.perf_counter
    rates: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for function, found in zip((ours, baseline), rates, strict=True):
            started = clock()
            count = function()
            rate = count / max(clock() - started, 1e-9)
            if turn > 0:
                found.append(rate)
    key = name.split(":", maxsplit=1)[0]
    return Row(
        name, unit, statistics.median(rates[0]), statistics.median(rates[1]), versus, f"inkpose bench --only {key}"
    )
