"""How well like poses are found: precision at k and mean average precision over known pose groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.index.descriptor import describe, is_usable, mirror, similarity
from inkpose.index.labelled_poses import LabelledPoses
from shared.errors import DataError

#: Ways to rank that are compared: descriptors alone, and the default with the comparison arrow by arrow.
METHODS = ("paper", "inkpose", "inkpose-upright", "inkpose + rerank")


@dataclass(frozen=True)
class RetrievalScore:
    """Scores of one way to rank, means over queries.

    Attributes:
        precision_at_1: share of queries whose first answer is of the same group.
        precision_at_5: share of the same group among the first five (or among as many as the group has others).
        mean_average_precision: area under precision over recall.
        queries: characters with another one in their group.
        without_pose: those of them that show too few joints; each counts as 0.
    """

    precision_at_1: float
    precision_at_5: float
    mean_average_precision: float
    queries: int
    without_pose: int


def score_retrieval(poses: LabelledPoses, method: str, mirrored: bool = False) -> RetrievalScore:
    """Asks for every character among all others.

    Args:
        poses: characters with their groups.
        method: one of :data:`METHODS`.
        mirrored: take each query and its mirror image, the better of both.

    Raises:
        DataError: no group has two characters.
        ValueError: another method.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} must be one of {', '.join(METHODS)}")
    unlike = _unlikeness(poses, method, poses.keypoints)
    if mirrored:
        unlike = np.minimum(unlike, _unlikeness(poses, method, mirror(poses.keypoints)))
    usable = np.array([is_usable(points) for points in poses.keypoints])
    unlike[:, ~usable] = np.inf
    return ranking_score(unlike, poses.groups, usable)


def ranking_score(unlike: NDArray[np.float64], groups: NDArray[np.int64], usable: NDArray[np.bool_]) -> RetrievalScore:
    """Scores a matrix ``(N, N)``: row i says how unlike each other is to query i; the diagonal is not looked at.

    Raises:
        DataError: no group has two characters.
    """
    ones, fives, averages, without = [], [], [], 0
    for number in range(len(groups)):
        others = np.delete(np.arange(len(groups)), number)
        same = groups[others] == groups[number]
        relevant = int(same.sum())
        if not relevant:
            continue
        if not usable[number]:
            without += 1
            ranked = np.zeros(len(others))
        else:
            order = np.argsort(unlike[number, others], kind="stable")
            # What shows no pose is never found, wherever it would stand.
            ranked = (same & usable[others])[order].astype(np.float64)
        hits = ranked.cumsum()
        first = min(5, relevant)
        ones.append(ranked[0])
        fives.append(ranked[:first].mean())
        averages.append(float((ranked * hits / np.arange(1, len(ranked) + 1)).sum() / relevant))
    if not ones:
        raise DataError("no pose group has two characters; nothing can be found again")
    return RetrievalScore(float(np.mean(ones)), float(np.mean(fives)), float(np.mean(averages)), len(ones), without)


def _unlikeness(poses: LabelledPoses, method: str, queries: NDArray[Any]) -> NDArray[np.float64]:
    if method == "inkpose + rerank":
        return 1 - np.stack([similarity(query, poses.keypoints) for query in queries])
    asked = describe(queries, poses.boxes_xywh if method != "paper" else _boxes(poses, queries), method)
    found = describe(poses.keypoints, poses.boxes_xywh, method)
    squares = (asked**2).sum(axis=1)[:, None] + (found**2).sum(axis=1) - 2.0 * asked @ found.T
    return np.asarray(squares, np.float64)


def _boxes(poses: LabelledPoses, queries: NDArray[Any]) -> NDArray[np.float64]:
    """Boxes of the queries; a mirrored pose has its box on the other side of 0."""
    boxes = poses.boxes_xywh.copy()
    if queries is not poses.keypoints:
        boxes[:, 0] = -boxes[:, 0] - boxes[:, 2]
    return boxes
