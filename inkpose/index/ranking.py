"""From a query pose to the rows of a table of characters, the most alike first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inkpose.index.descriptor import Descriptor, describe, mirror, similarity
from inkpose.index.fast_index import Reach, reach

#: Candidates that are compared arrow by arrow: this many times k, and at least so many.
_TIMES, _LEAST = 5, 100
#: Characters a picture is reckoned to have, where its characters are not wanted.
_CROWD = 16


@dataclass(frozen=True)
class Asked:
    """A search by pose.

    Attributes:
        keypoints: float64 ``(17, 3)``.
        box_xywh: of the query's character, or None.
        k: how many are wanted.
        where: condition on the rows; empty for none.
        mirrored: also the mirrored pose.
        rerank: compare the nearest arrow by arrow.
        probes: cells of the approximate index; None takes as many as the condition asks for.
        without_pictures: paths whose characters are not wanted.
        without_ids: characters that are not wanted.
    """

    keypoints: NDArray[np.float64]
    box_xywh: Sequence[float] | None
    k: int
    where: str = ""
    mirrored: bool = False
    rerank: bool = True
    probes: int | None = None
    without_pictures: Collection[str] = ()
    without_ids: Collection[str] = ()


@dataclass(frozen=True)
class Ranked:
    """A row found: its number in the table, likeness in [0, 1], distance of the descriptors."""

    row_id: int
    score: float
    distance: float
    mirrored: bool

    def key(self, rerank: bool) -> tuple[float, float, bool, int]:
        """Returns what rows are ordered by; rounded, so that the last bits do not decide between equals."""
        score, distance = -round(self.score, 6), round(self.distance, 4)
        return (*((score, distance) if rerank else (distance, score)), self.mirrored, self.row_id)


def rank(table: Any, descriptor: Descriptor, asked: Asked) -> list[Ranked]:
    """Returns up to k rows of a LanceDB table of characters, the most alike first."""
    views = [(asked.keypoints, False), *([(mirror(asked.keypoints), True)] if asked.mirrored else [])]
    looks = Reach(asked.probes) if asked.probes else reach(table, asked.where)
    best: dict[int, Ranked] = {}
    for keypoints, is_mirror in views:
        for one in _nearest(table, descriptor, asked, looks, keypoints, is_mirror):
            other = best.get(one.row_id)
            if other is None or one.key(asked.rerank) < other.key(asked.rerank):
                best[one.row_id] = one
    return sorted(best.values(), key=lambda one: one.key(asked.rerank))[: asked.k]


def _nearest(
    table: Any, descriptor: Descriptor, asked: Asked, looks: Reach, keypoints: NDArray[np.float64], is_mirror: bool
) -> list[Ranked]:
    boxes = None if asked.box_xywh is None else np.asarray(asked.box_xywh, np.float64)[None]
    [vector] = describe(keypoints[None], boxes, descriptor.name)
    # What is not wanted is fetched and dropped: a condition on paths would have to read those of all rows.
    spare = _CROWD * len(asked.without_pictures) + len(asked.without_ids)
    wanted = (max(_TIMES * asked.k, _LEAST) if asked.rerank else asked.k) + spare
    columns = ["keypoints", "_distance", *(["id", "picture"] if spare else [])]
    query = table.search(vector, vector_column_name="vector").distance_type("l2").with_row_id(True)
    query = query.select(columns).limit(wanted)
    query = query.bypass_vector_index() if looks.probes is None else query.nprobes(looks.probes)
    rows: pa.Table = (query.where(asked.where, prefilter=True) if asked.where else query).to_arrow()
    if spare:
        unwanted_pictures, unwanted_ids = set(asked.without_pictures), set(asked.without_ids)
        pairs = zip(rows["picture"].to_pylist(), rows["id"].to_pylist(), strict=True)
        rows = rows.filter(
            pa.array([p not in unwanted_pictures and i not in unwanted_ids for p, i in pairs], pa.bool_())
        )
    if not len(rows):
        return []
    poses = np.asarray(rows["keypoints"].combine_chunks().flatten(), np.float64).reshape(-1, 17, 3)
    likeness = similarity(keypoints, poses, upright=descriptor.name != "inkpose")
    distances = np.sqrt(np.maximum(np.asarray(rows["_distance"], np.float64), 0))
    found = [
        Ranked(row_id, float(score), float(distance), is_mirror)
        for row_id, score, distance in zip(rows["_rowid"].to_pylist(), likeness, distances, strict=True)
    ]
    return sorted(found, key=lambda one: one.key(asked.rerank))[: asked.k]
