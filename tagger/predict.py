"""A finished checkpoint to tags of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.batches import to_float
from shared.errors import DataError
from shared.geometry import letterbox, warp
from shared.images import composite_on_white
from shared.training.checkpoints import load_checkpoint
from tagger.net import TaggerNet
from tagger.paper_input import paper_square

Precision = Literal["auto", "float32", "bfloat16"]
Preprocessing = Literal["letterbox", "paper"]


class Tag(NamedTuple):
    """A class that is predicted of a picture."""

    name: str
    group: str
    score: float  #: probability


class TaggerPredictor:
    """Tags pictures with a trained net.

    Attributes:
        net: in eval mode; maps RGB [0, 1] ``(B, 3, H, W)`` to logits ``(B, C)``.
        class_names, class_groups: C each.
        image_size: side of the square input in pixels.
        supported: bool ``(C,)``: the classes that the training data taught; the others are never predicted.
        thresholds: float64 ``(C,)``: a class is predicted when its probability is greater.
        preprocessing: ``letterbox`` (as our training: on white), or ``paper`` (the rules of the paper's release).
    """

    def __init__(
        self,
        net: TaggerNet,
        class_names: Sequence[str],
        class_groups: Sequence[str],
        image_size: int,
        supported: NDArray[np.bool_],
        thresholds: NDArray[np.float64],
        device: str = "cpu",
        precision: Precision = "auto",
        preprocessing: Preprocessing = "letterbox",
    ) -> None:
        self.device = torch.device(device)
        self.net = net.to(self.device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.class_names = tuple(class_names)
        self.class_groups = tuple(class_groups)
        self.image_size = image_size
        self.supported = supported
        self.thresholds = thresholds
        self.preprocessing = preprocessing
        self._bfloat16 = precision == "bfloat16" or (precision == "auto" and _bfloat16_is_fast(self.device))

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns a picture, RGB ``(H, W, 3)`` or straight RGBA ``(H, W, 4)``, as the net takes it: ``(S, S, 3)``."""
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4) or 0 in image.shape:
            raise ValueError(f"image is {image.dtype} of shape {image.shape}; uint8 (H, W, 3 or 4) is needed")
        side = self.image_size
        if self.preprocessing == "paper":
            return paper_square(image, side)
        rgb = composite_on_white(image) if image.shape[2] == 4 else image
        return warp(rgb, letterbox(image.shape[1], image.shape[0], side), (side, side))

    def logits(self, batch: Tensor) -> Tensor:
        """Returns float32 logits ``(B, C)`` on the CPU of a batch uint8 ``(B, 3, S, S)``; unsupported: −∞."""
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16):
            logits: Tensor = self.net(to_float(batch.to(self.device)))
        return logits.float().cpu().masked_fill(~torch.from_numpy(self.supported), -torch.inf)

    def predict(self, images: Sequence[NDArray[np.uint8]], batch_size: int = 32) -> NDArray[np.float32]:
        """Returns probabilities float32 ``(N, C)`` of uint8 RGB or RGBA pictures of any sizes, in their order.

        Unsupported classes have probability 0.
        """
        parts = [np.zeros((0, len(self.class_names)), np.float32)]
        for start in range(0, len(images), batch_size):
            squares = np.stack([self.prepare(image) for image in images[start : start + batch_size]])
            parts.append(torch.sigmoid(self.logits(torch.from_numpy(squares).permute(0, 3, 1, 2))).numpy())
        return np.concatenate(parts)

    def tags(self, probabilities: NDArray[np.float32], threshold: float | None = None) -> list[Tag]:
        """Returns the classes predicted of one picture, most probable first.

        Args:
            probabilities: ``(C,)``, a row of ``predict``.
            threshold: one for all classes instead of each class's own.
        """
        limits = self.thresholds if threshold is None else threshold
        indices = np.flatnonzero((probabilities > limits) & self.supported)
        order = indices[np.argsort(-probabilities[indices], kind="stable")]
        return [Tag(self.class_names[i], self.class_groups[i], float(probabilities[i])) for i in order]


def load(path: Path | str, device: str = "cpu", precision: Precision = "auto") -> TaggerPredictor:
    """Loads a tagger checkpoint; nothing is downloaded and no code in the file is run.

    Args:
        path: a ``.ckpt`` file that the tagger's training or import wrote.
        device: ``cpu``, ``cuda``, ``cuda:1`` …
        precision: ``auto`` takes bfloat16 where the processor computes in it.

    Raises:
        DataError: missing, corrupt, or of another subsystem.
    """
    path = Path(path)
    checkpoint = load_checkpoint(path, "tagger")
    try:
        saved, hparams = checkpoint["tagger"], checkpoint["hyper_parameters"]
        names, groups, image_size = saved["class_names"], saved["class_groups"], int(hparams["image_size"])
        positives: Tensor = saved["positives"]
        taught = (positives > 0) & (positives < saved["samples"])
        # Imported weights come without counts: every class is then taken as taught.
        supported = (taught if saved["samples"] else torch.ones_like(taught)).numpy()
        preprocessing: Preprocessing = "paper" if saved.get("preprocessing") == "paper" else "letterbox"
        thresholds = saved["thresholds"].double().numpy()
        net = TaggerNet(hparams["backbone"], len(names))
        state = {key.removeprefix("net."): v for key, v in checkpoint["state_dict"].items() if key.startswith("net.")}
        net.load_state_dict(state)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a whole tagger checkpoint ({reason}); train it again") from error
    return TaggerPredictor(net, names, groups, image_size, supported, thresholds, device, precision, preprocessing)


def _bfloat16_is_fast(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # On a processor without these instructions bfloat16 is emulated, which is slower than float32.
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return device.type == "cpu" and any(bool(getattr(torch.cpu, name, bool)()) for name in names)
