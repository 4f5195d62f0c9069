"""How good a finished segmenter is on a data set, or on any pictures with their masks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from segmenter.components import characters
from segmenter.instance_metrics import InstanceMetrics
from segmenter.metrics import SegmentationMetrics
from segmenter.predict import SegmenterPredictor, load
from segmenter.tables import PAPER_METRICS
from shared.errors import DataError
from shared.images import read_mask, read_rgb
from shared.readers.danbooru import image_path
from shared.readers.splits import SPLITS, Split, split_of

log = logging.getLogger(__name__)

#: A picture, RGB uint8 (H, W, 3), and its true mask (H, W): bool; opacity, float in [0, 1]; or whose each pixel is,
#: uint8 from 1 on.
Pair = tuple[NDArray[np.uint8], NDArray[Any]]


def evaluate(
    checkpoint: Path,
    data: Path,
    split: Split = "test",
    *,
    limit: int | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Returns the metrics of a checkpoint on one split of a data set, at each picture's own size.

    They are those of :func:`evaluate_pairs`.

    Args:
        checkpoint: a segmenter's ``.ckpt``.
        data: root of a data set with ``images/`` and ``masks/``.
        split: ``train``, ``val`` or ``test`` (by id).
        limit: at most so many pictures, the lowest ids; None takes all.
        settings: of :func:`segmenter.predict.load` (``device``, ``batch_size``, ``refined``, …).

    Raises:
        DataError: checkpoint or data not usable.
    """
    predictor = load(checkpoint, **settings)
    ids = split_ids(data, split)[:limit]
    return evaluate_pairs(predictor, (read_pair(data, image_id) for image_id in ids))


def evaluate_pairs(predictor: SegmenterPredictor, pairs: Iterable[Pair]) -> dict[str, Any]:
    """Returns the metrics over (picture, mask) pairs, each at its own size.

    Returns:
        Our means by name (:class:`SegmentationMetrics`; where masks tell whose a pixel is, also those of
        :class:`InstanceMetrics`), and under ``paper`` those by the published rules that the paper has a number for, or
        might mean by it.
    """
    ours, paper, apart = SegmentationMetrics("ours"), SegmentationMetrics("paper"), InstanceMetrics()
    for batch in _batches(pairs, predictor.batch_size):
        images = [image for image, _ in batch]
        answers = zip(batch, predictor.predict(images), predictor.owners(images), strict=True)
        for (_, mask), probability, owners in answers:
            numbered = mask.dtype == np.uint8
            truth = torch.from_numpy(np.ascontiguousarray(mask > 0 if numbered else mask, dtype=np.float32))
            for metrics in (ours, paper):
                metrics.update(torch.from_numpy(probability)[None], truth[None])
            if numbered:
                apart.update([found.mask for found in characters(probability, owners=owners)], mask)
    published, values = paper.compute(), ours.compute()
    values |= apart.compute() if apart.pictures else {}
    counts: dict[str, Any] = {name: int(values[name]) for name in ("n", "n_empty", "characters") if name in values}
    return {**values, **counts, "paper": {name: published[name] for name in PAPER_METRICS}}


def split_ids(data: Path, split: Split) -> list[int]:
    """Returns the ids of a split's pictures that have a mask, ascending.

    Raises:
        DataError: no such data set, or none of its pictures is in the split.
    """
    if split not in SPLITS:
        raise ValueError(f"split {split!r} must be one of {', '.join(SPLITS)}")
    if not (data / "masks").is_dir():
        raise DataError(f"{data}: no data set with masks/ here; make one with `inkpose synth --out {data}`")
    ids = sorted(int(path.stem) for path in (data / "masks").glob("*.png") if path.stem.isdecimal())
    ids = [image_id for image_id in ids if split_of(image_id) == split]
    if not ids:
        raise DataError(f"{data}: no picture of split {split} (ids are split by id % 1000); draw more pictures")
    return ids


def read_pair(data: Path, image_id: int) -> Pair:
    """Reads one picture and its mask: whose each pixel is.

    Raises:
        DataError: a file is unusable, or the two differ in size.
    """
    mask_path = data / "masks" / f"{image_id}.png"
    image, mask = read_rgb(image_path(data, image_id, "jpg")), read_mask(mask_path)
    if image.shape[:2] != mask.shape:
        raise DataError(f"{mask_path}: {mask.shape[::-1]} pixels, its picture has {image.shape[1::-1]}; re-create it")
    return image, mask


def _batches(pairs: Iterable[Pair], size: int) -> Iterator[list[Pair]]:
    batch: list[Pair] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
