"""The approximate index over the descriptors: when it is built, and how far a query looks into it."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any, NamedTuple

#: From this many characters on an approximate index answers faster than looking at all (docs/retrieval.md).
ANN_FROM = 50_000
#: Characters a cell; Lance keeps to it when it tidies an index that has grown.
_CELL = 1000
#: Rounds of k-means that place the cells; Lance's own 50 found no more when tried once among a million.
_ROUNDS = 10
#: Cells that a query looks into when at least one character in ``_COMMON`` may be an answer.
PROBES, _COMMON = 24, 8
#: So few possible answers are compared one by one.
_FEW = 300


class Reach(NamedTuple):
    """How far a query looks: into ``probes`` cells, or, where None, at every row that its condition allows."""

    probes: int | None


def reach(table: Any, where: str = "") -> Reach:
    """Returns how far to look for the nearest rows of a table of characters.

    The fewer rows a condition allows, the farther the nearest of them lie: beside which cell the query falls says less
    and less, and more cells are looked into, as the square root of the share that is allowed falls.

    Args:
        table: of characters.
        where: condition on the rows; empty for none.
    """
    if not where:
        return Reach(PROBES)
    allowed, count = table.count_rows(where), table.count_rows()
    if allowed <= _FEW:
        return Reach(None)
    return Reach(ceil(PROBES * max(1.0, sqrt(count / allowed / _COMMON))))


def has_fast_index(table: Any) -> bool:
    """Returns whether the table of characters has an approximate index."""
    return any(one.name == "vector_idx" for one in table.list_indices())


def build_fast_index(table: Any) -> None:
    """Builds the approximate index of the descriptors and the exact one of the tags."""
    from lancedb.index import IvfFlat, LabelList

    config = IvfFlat(distance_type="l2", target_partition_size=_CELL, max_iterations=_ROUNDS)
    table.create_index("vector", config=config)
    table.create_index("tags", config=LabelList())
