import numpy as np
import pytest

from inkpose.index import fast_index
from inkpose.index.descriptor import describe
from inkpose.index.fast_index import PROBES, reach
from tests.inkpose.index.poses_fixture import many


class Rows:
    """A table that only knows how many rows it has, and how many a condition allows."""

    def __init__(self, count: int, allowed: int) -> None:
        self.count, self.allowed = count, allowed

    def count_rows(self, where: str | None = None) -> int:
        return self.allowed if where else self.count


def test_without_a_condition_no_row_is_counted():
    assert reach(None).probes == PROBES


@pytest.mark.parametrize(
    ("allowed", "probes"),
    [
        (1_000_000, PROBES),
        (125_000, PROBES),  # 1 in 8
        (31_250, 2 * PROBES),  # 1 in 32: half as near, twice as many cells
        (1_250, 10 * PROBES),  # 1 in 800
        (300, None),  # all are compared
        (0, None),
    ],
)
def test_the_rarer_the_farther(allowed, probes):
    assert reach(Rows(1_000_000, allowed), "a condition").probes == probes


def test_a_rare_tag_is_searched_well_however_few_cells_others_need(index, monkeypatch):
    monkeypatch.setattr(fast_index, "_CELL", 20)
    monkeypatch.setattr(fast_index, "PROBES", 1)
    pictures = many(1200)
    with index.writing():
        index.add(pictures)
        index.compact(fast_index=True)
    query = pictures[17].figures[0].keypoints
    rare = [p for p in pictures if "tens_1" in p.tags or "tens_2" in p.tags]
    poses = np.stack([p.figures[0].keypoints for p in rare[:10]])
    nearest = np.linalg.norm(describe(poses) - describe(query[None]), axis=1)
    expected = [rare[i].path for i in np.argsort(nearest)]
    assert [hit.path for hit in index.search(query, k=10, tags="tens_1", rerank=False)] == expected
    # The one cell that a query without tags looks into does not hold them all: the index is really asked.
    assert len(index.search(query, k=1200, rerank=False)) < 1200
