"""Searching by pose in a fresh process, against scikit-learn's brute force (what the paper's release uses)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.bench.row import Row
from inkpose.index.descriptor import describe, mirror
from inkpose.index.labelled_poses import drawn_specs, true_poses
from inkpose.index.schema import Figure, Picture
from inkpose.index.store import PoseIndex
from shared.errors import UsageError

#: Characters of the usual and of the full benchmark, poses that the artist draws for them, queries.
COUNT, FULL_COUNT, _DRAWN, _QUERIES = 100_000, 1_000_000, 600, 200
#: Queries are asked among all, then among pictures with a tag: one in so many has it.
_COMMON, _RARE = 8, 997
#: Bytes of a thumbnail: a sixth of a real one's, so that a million fit on the disks at hand.
_THUMBNAIL = 700, 1300
_LEGS = list(range(11, 17))
_COMMAND = "inkpose bench --only retrieval"


def rows(folder: Path, full: bool = False) -> Iterator[Row]:
    """Yields queries per second at the median latency; a row's name says recall, tail and memory.

    The collection is of poses put together from drawn ones (upper body of one, legs of another, every joint jittered,
    half of them mirrored), each with two tags. Recall is against exact search over the same descriptors.
    """
    count = FULL_COUNT if full else COUNT
    rng = np.random.default_rng(0)
    drawn = true_poses(drawn_specs(_DRAWN, 1, seed=1)).keypoints
    queries = _poses(rng, drawn, _QUERIES).astype(np.float32)
    np.save(folder / "queries.npy", queries)
    index, vectors, seconds = _build(rng, drawn, count, folder)
    command = f"{_COMMAND}{' --full' if full else ''}"
    yield _build_row(count, seconds, vectors, command)
    for share in (1, _COMMON, _RARE):
        chosen = np.arange(0, count, share)
        exact, milliseconds = _brute_force(vectors[chosen], describe(queries))
        truth = [{_path(chosen[i]) for i in row} for row in exact]
        tags = "" if share == 1 else _tag(0, share)
        words = f"{count:,} poses" + (f", a tag that 1 in {share} has" if tags else "")
        told = _ask(index, folder, tags, rerank=False)
        recall = np.mean([len(t & set(f)) / len(t) for t, f in zip(truth, told["found"], strict=True)])
        yield _query_row(words, told, f"recall@10 {recall:.3f}, ", float(np.median(milliseconds)), command)
        if not tags:
            told = _ask(index, folder, tags, rerank=True)
            yield _query_row(f"{words}, reranked", told, "", float(np.median(milliseconds)), command)


def _path(number: int) -> str:
    return f"/p/{number:07d}.png"


def _tag(number: int, share: int) -> str:
    return f"in_{share}_{number % share}"


def _poses(rng: np.random.Generator, drawn: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    upper, lower = rng.integers(len(drawn), size=count), rng.integers(len(drawn), size=count)
    points = drawn[upper].copy()
    hips, other = points[:, 11:13].mean(axis=1), drawn[lower][:, 11:13].mean(axis=1)
    points[:, _LEGS, :2] = drawn[lower][:, _LEGS, :2] + (hips - other)[:, None, :2]
    points[..., :2] += rng.normal(0, 0.02, points[..., :2].shape)
    return np.where((rng.random(count) < 0.5)[:, None, None], mirror(points), points)


def _build(
    rng: np.random.Generator, drawn: NDArray[np.float64], count: int, folder: Path
) -> tuple[PoseIndex, NDArray[np.float32], float]:
    """Returns the filled index, its vectors, and the seconds that filling it took (poses are given)."""
    index = PoseIndex.open(folder / "index", create=True)
    vectors, seconds = [], 0.0
    with index.writing():
        for start in range(0, count, 20_000):
            points = _poses(rng, drawn, min(20_000, count - start)).astype(np.float32)
            vectors.append(describe(points))
            pictures = _pictures(rng, points, start)
            begun = time.perf_counter()
            index.add(pictures)
            seconds += time.perf_counter() - begun
        begun = time.perf_counter()
        index.compact()
        seconds += time.perf_counter() - begun
    return index, np.concatenate(vectors), seconds


def _pictures(rng: np.random.Generator, points: NDArray[np.float32], start: int) -> list[Picture]:
    """Rows unlike each other, as real ones are: Lance reads columns in which nothing differs at another speed."""
    sides = rng.integers(400, 2400, (len(points), 2)).tolist()
    thumbnails = [rng.bytes(size) for size in rng.integers(*_THUMBNAIL, len(points)).tolist()]
    return [
        Picture(
            _path(i), width, height, [_tag(i, _COMMON), _tag(i, _RARE)],
            [Figure((0.1 * width, 0.1 * height, 0.7 * width, 0.8 * height), pose, 0.9, thumbnail)], "/p",
        )
        for i, (pose, (width, height), thumbnail) in enumerate(zip(points, sides, thumbnails, strict=True), start)
    ]  # fmt: skip


def _brute_force(vectors: NDArray[np.float32], asked: NDArray[np.float32]) -> tuple[NDArray[np.intp], list[float]]:
    neighbors = _nearest_neighbors(vectors)
    found, milliseconds = [], []
    for query in asked:
        started = time.perf_counter()
        found.append(neighbors.kneighbors(query[None], return_distance=False)[0])
        milliseconds.append((time.perf_counter() - started) * 1000)
    return np.stack(found), milliseconds


def _nearest_neighbors(vectors: NDArray[np.float32]) -> Any:
    try:
        from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("the retrieval benchmark compares with scikit-learn; install it with the extra dev") from None
    return NearestNeighbors(n_neighbors=min(10, len(vectors)), algorithm="brute").fit(vectors)


def _ask(index: PoseIndex, folder: Path, tags: str, rerank: bool) -> dict[str, Any]:
    arguments = [str(index.path), str(folder / "queries.npy"), tags, str(int(rerank))]
    command = [sys.executable, "-m", "inkpose.bench.retrieval_query", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _build_row(count: int, seconds: float, vectors: NDArray[np.float32], command: str) -> Row:
    started = time.perf_counter()
    _nearest_neighbors(vectors)
    fit = time.perf_counter() - started
    name = f"retrieval: {count:,} poses written and indexed in {seconds:.0f} s"
    return Row(name, "poses/s", count / seconds, count / max(fit, 1e-9), "scikit-learn fit (in memory only)", command)


def _query_row(words: str, told: dict[str, Any], recall: str, baseline_ms: float, command: str) -> Row:
    versus = "scikit-learn brute force" + (", rows with the tag picked beforehand" if "tag" in words else "")
    p50, p95 = np.percentile(told["milliseconds"], [50, 95])
    cpu = np.median(told["cpu_milliseconds"])
    times = f"p50 {p50:.1f} ms ({cpu:.1f} ms of processor), p95 {p95:.1f} ms"
    name = f"retrieval: {words}; {recall}{times}, {told['peak_mb']:.0f} MB resident"
    return Row(name, "queries/s", 1000 / p50, 1000 / baseline_ms, versus, command)
