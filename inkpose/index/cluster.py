"""The poses of a collection in groups: which are popular, and a typical picture of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkpose.index.schema import Hit
from inkpose.index.store import PoseIndex

#: Characters that the groups are found from; all others only join the nearest.
_SAMPLE = 50_000
_ROUNDS = 25


@dataclass(frozen=True)
class PoseGroup:
    """A group of like poses.

    Attributes:
        medoid: the character nearest to the group's middle.
        size: characters in it.
        examples: the next nearest, nearest first.
        place_xy: where it lies on a map of all groups, each coordinate in [0, 1]; like groups lie near.
    """

    medoid: Hit
    size: int
    examples: list[Hit]
    place_xy: tuple[float, float]


def pose_groups(
    index: PoseIndex, count: int | None = None, examples: int = 8, tags: str = "", seed: int = 0
) -> list[PoseGroup]:
    """Returns groups of like poses, largest first; none when the index is empty.

    Args:
        index: the collection.
        count: of groups; None takes the square root of half the characters, 64 at most.
        examples: characters shown of each group beside the medoid.
        tags: only pictures with these tags, e.g. ``"kimono -hat"``.
        seed: the same index, count and seed give the same groups.

    Raises:
        DataError: the index cannot be read.
    """
    ids, vectors = index.vectors(tags)
    if not ids:
        return []
    count = min(count or max(1, min(64, round((len(ids) / 2) ** 0.5))), len(ids))
    centres = k_means(vectors, count, seed)
    group, distance = nearest(vectors, centres)
    places = _map_places(centres)
    wanted: list[tuple[int, list[str], tuple[float, float]]] = []
    for number in range(len(centres)):
        members = np.flatnonzero(group == number)
        if len(members):
            typical = members[np.argsort(distance[members], kind="stable")][: examples + 1]
            wanted.append((len(members), [ids[i] for i in typical], places[number]))
    hits = {hit.id: hit for hit in index.rows([one for _, shown, _ in wanted for one in shown])}
    groups = [
        PoseGroup(found[0], size, found[1:], place)
        for size, shown, place in wanted
        if (found := [hits[one] for one in shown if one in hits])
    ]
    return sorted(groups, key=lambda one: (-one.size, one.medoid.id))


def k_means(vectors: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.float32]:
    """Returns up to ``count`` centres of ``vectors`` ``(N, D)`` by k-means (k-means++ start, Lloyd's rounds).

    Source: Arthur & Vassilvitskii 2007; Lloyd 1982.

    Raises:
        ValueError: no vectors, or no centre is wanted.
    """
    if count < 1 or not len(vectors):
        raise ValueError(f"count {count} and {len(vectors)} vectors; both must be at least 1")
    rng = np.random.default_rng(seed)
    if len(vectors) > _SAMPLE:
        vectors = vectors[np.sort(rng.choice(len(vectors), _SAMPLE, replace=False))]
    centres = _spread_start(vectors, count, rng)
    for _ in range(_ROUNDS):
        group, _ = nearest(vectors, centres)
        sums = np.zeros(centres.shape, np.float64)
        np.add.at(sums, group, vectors)
        sizes = np.bincount(group, minlength=len(centres))[:, None]
        moved = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(np.float32)
        if np.allclose(moved, centres, atol=1e-5):
            break
        centres = moved
    return centres


def nearest(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Returns for each vector the number of the nearest centre and its squared distance, ``(N,)`` each."""
    numbers = np.empty(len(vectors), np.intp)
    distances = np.empty(len(vectors), np.float32)
    squares = (centres**2).sum(axis=1)
    for start in range(0, len(vectors), 16_384):
        part = vectors[start : start + 16_384]
        table = squares - 2 * part @ centres.T
        best = table.argmin(axis=1)
        numbers[start : start + len(part)] = best
        own = table[np.arange(len(part)), best] + (part**2).sum(axis=1)
        distances[start : start + len(part)] = np.maximum(own, 0)
    return numbers, distances


def _spread_start(vectors: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """k-means++: each next centre is drawn with a chance that grows with its distance from those there are."""
    chosen = [int(rng.integers(len(vectors)))]
    _, away = nearest(vectors, vectors[chosen])
    while len(chosen) < count and float(away.sum(dtype=np.float64)) > 1e-6:
        chosen.append(int(rng.choice(len(vectors), p=away.astype(np.float64) / away.sum(dtype=np.float64))))
        _, last = nearest(vectors, vectors[chosen[-1:]])
        away = np.minimum(away, last)
    return vectors[chosen]


def _map_places(centres: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Places on a plane by the two directions in which the centres differ most (principal components)."""
    spread = centres - centres.mean(axis=0)
    if len(centres) < 3:
        flat = np.zeros((len(centres), 2))
        flat[:, 0] = np.arange(len(centres))
    else:
        _, _, axes = np.linalg.svd(spread, full_matrices=False)
        # The sign of a component is arbitrary; this makes it the same everywhere.
        signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
        flat = spread @ (axes[:2] * signs[:, None]).T
    low, high = flat.min(axis=0), flat.max(axis=0)
    scaled = (flat - low) / np.maximum(high - low, 1e-9)
    return [(float(x), float(y)) for x, y in scaled]
