"""A finished checkpoint to tags of pictures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.errors import DataError, UsageError
from shared.geometry import letterbox, warp
from shared.images import PIXEL_LIMIT, composite_on_white, read_rgb, read_rgba
from tagger.engines import Backend, Engine, Output, Precision, TorchEngine, make_engine
from tagger.net import TaggerNet
from tagger.paper_input import paper_square
from tagger.saved import SavedTagger, read_saved
from tagger.thresholds import PRECISIONS

__all__ = ["MIN_PRECISION", "Backend", "Precision", "Prediction", "Tag", "TaggerPredictor", "load"]

#: A tag is told where it was right at least this often on the validation split, if nothing else is wished.
MIN_PRECISION = 0.5


class Tag(NamedTuple):
    """A class that is predicted of a picture."""

    name: str
    group: str
    score: float  #: probability


class Prediction(NamedTuple):
    """Of N pictures, float32: probabilities ``(N, C)``, and the features before the last layer ``(N, D)``."""

    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float32]


class TaggerPredictor:
    """Tags pictures with a trained net.

    Attributes:
        saved: the tagger as it was read.
        engine: what runs the net.
        class_names, class_groups: C each.
        image_size: side of the square input in pixels.
        supported: bool ``(C,)``: the classes that the training data taught; the others are never predicted.
        thresholds: float64 ``(C,)``: those with the best F1 on the validation split; metrics are made with them.
        preprocessing: ``letterbox`` (as our training: on white), or ``paper`` (the rules of the paper's release).
    """

    def __init__(self, saved: SavedTagger, engine: Engine) -> None:
        self.saved, self.engine = saved, engine
        self.class_names, self.class_groups = saved.class_names, saved.class_groups
        self.image_size, self.preprocessing = saved.image_size, saved.preprocessing
        self.supported: NDArray[np.bool_] = saved.supported.numpy()
        self.thresholds: NDArray[np.float64] = saved.thresholds.numpy()

    @property
    def net(self) -> TaggerNet:
        """The net in eval mode; maps RGB [0, 1] ``(B, 3, H, W)`` to logits ``(B, C)``.

        Raises:
            ValueError: another backend than PyTorch runs.
        """
        if not isinstance(self.engine, TorchEngine):
            raise ValueError("the net is a PyTorch module with the backend torch only")
        return self.engine.net

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns a picture, RGB ``(H, W, 3)`` or straight RGBA ``(H, W, 4)``, as the net takes it: ``(S, S, 3)``."""
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4) or 0 in image.shape:
            raise ValueError(f"image is {image.dtype} of shape {image.shape}; uint8 (H, W, 3 or 4) is needed")
        side = self.image_size
        if self.preprocessing == "paper":
            return paper_square(image, side)
        rgb = composite_on_white(image) if image.shape[2] == 4 else image
        return warp(rgb, letterbox(image.shape[1], image.shape[0], side), (side, side))

    def read(self, path: Path, pixel_limit: int = PIXEL_LIMIT) -> NDArray[np.uint8]:
        """Returns a picture file as the net takes it: ``prepare`` of what is in it, ``(S, S, 3)``.

        Raises:
            DataError: not a picture that can be read.
        """
        if self.preprocessing == "letterbox":
            return self.prepare(read_rgb(path, pixel_limit, self.image_size))
        rgba = read_rgba(path, pixel_limit)  # the release letterboxes pictures with and without alpha differently
        return self.prepare(np.ascontiguousarray(rgba[..., :3]) if (rgba[..., 3] == 255).all() else rgba)

    def logits(self, batch: Tensor) -> Tensor:
        """Returns float32 logits ``(B, C)`` on the CPU of a batch uint8 ``(B, 3, S, S)``; unsupported: −∞."""
        return self._masked(self.engine(batch)).logits

    def _masked(self, output: Output) -> Output:
        return output._replace(logits=output.logits.masked_fill(~torch.from_numpy(self.supported), -torch.inf))

    def predict(self, images: Sequence[NDArray[np.uint8]], batch_size: int = 32) -> NDArray[np.float32]:
        """Returns probabilities float32 ``(N, C)`` of uint8 RGB or RGBA pictures of any sizes, in their order.

        Unsupported classes have probability 0.
        """
        return self.look([self.prepare(image) for image in images], batch_size).probabilities

    def look(self, squares: Sequence[NDArray[np.uint8]], batch_size: int = 32) -> Prediction:
        """Returns what the net says of pictures that ``prepare`` made, ``(S, S, 3)`` each, in their order."""
        parts: list[Output] = []
        for start in range(0, len(squares), batch_size):
            batch = torch.from_numpy(np.stack(squares[start : start + batch_size])).permute(0, 3, 1, 2)
            parts.append(self._masked(self.engine(batch)))
        if not parts:
            return Prediction(np.zeros((0, len(self.class_names)), np.float32), np.zeros((0, 0), np.float32))
        probabilities = torch.sigmoid(torch.cat([part.logits for part in parts])).numpy()
        return Prediction(probabilities, torch.cat([part.embedding for part in parts]).numpy())

    def limits(self, min_precision: float | None = None) -> NDArray[np.float64]:
        """Returns float64 ``(C,)``: a class is told when its probability is greater.

        The best F1 of a class that the net can hardly tell is reached by telling it nearly always: good for a score,
        of no use in a caption. So a class is told only where it was right often enough on the validation split.

        Args:
            min_precision: 0 … 0.9, rounded up to the next tenth; 0 is ``thresholds``. None is ``MIN_PRECISION``, or 0
                with a tagger that does not know how precise it is (imported weights).

        Raises:
            UsageError: such a tagger was asked for a precision, or one too great.
        """
        table = self.saved.precise_thresholds
        least = (0.0 if table is None else MIN_PRECISION) if min_precision is None else min_precision
        if not 0 <= least <= PRECISIONS[-1]:
            raise UsageError(f"a least precision of {least:g} is outside 0 … {PRECISIONS[-1]}; choose less")
        if least == 0:
            return self.thresholds
        if table is None:
            raise UsageError(
                "this tagger does not know how precise it is; leave the least precision out, or validate it"
            )
        return table[:, bisect_left(PRECISIONS, least)].numpy()

    def tags(self, probabilities: NDArray[np.float32], threshold: float | None = None) -> list[Tag]:
        """Returns the classes told of one picture, most probable first.

        Args:
            probabilities: ``(C,)``, a row of ``predict``.
            threshold: one for all classes instead of each class's own.
        """
        limits = self.limits() if threshold is None else threshold
        indices = np.flatnonzero((probabilities > limits) & self.supported)
        order = indices[np.argsort(-probabilities[indices], kind="stable")]
        return [Tag(self.class_names[i], self.class_groups[i], float(probabilities[i])) for i in order]


def load(
    path: Path | str, device: str = "cpu", precision: Precision = "auto", backend: Backend = "torch"
) -> TaggerPredictor:
    """Loads a finished tagger; nothing is downloaded and no code in the file is run.

    Args:
        path: a ``.ckpt`` file that the tagger's training or import wrote, or a folder of ``inkpose export tagger``.
        device: ``cpu``, ``cuda``, ``cuda:1`` …
        precision: ``auto`` takes bfloat16 where the processor computes in it.
        backend: ``torch``; or ``onnx`` or ``openvino``, which run on the CPU and need the extra ``export``.

    Raises:
        DataError: missing, corrupt, or of another subsystem.
        UsageError: the backend cannot run.
    """
    path = Path(path)
    saved = read_saved(path)
    try:
        engine = make_engine(saved, path, backend, device, precision)
    except (KeyError, RuntimeError) as error:  # what torch says of tensors that do not fit
        raise DataError(f"{path}: not a whole tagger ({str(error).splitlines()[0]}); train it again") from error
    return TaggerPredictor(saved, engine)
