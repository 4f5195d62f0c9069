"""From a finished checkpoint to character masks of any picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from segmenter.net import SegmenterNet
from segmenter.refine import Float32Array, enlarge, refine, resize
from shared.batches import to_float
from shared.errors import DataError
from shared.training.checkpoints import load_checkpoint

_NET_KEYS = ("backbone", "output_stride", "atrous_rates", "pyramid_channels", "dropout", "skip_strides")


class SegmenterPredictor:
    """A trained network and the road from a picture to its mask and back.

    Args:
        net: the network.
        side_px: pictures are fitted into a square of this side, white around them, as in training.
        device: where the network runs.
        batch_size: pictures of one forward pass.
        refined: whether masks follow the picture's edges at full size (guided filter) or are only enlarged.
        bf16: half precision in the network; None takes it where the device has it in hardware.
        flip_test: average each picture's answer with that of its mirror image: twice the work, fewer errors.
    """

    def __init__(
        self,
        net: SegmenterNet,
        side_px: int,
        device: str = "cpu",
        batch_size: int = 8,
        refined: bool = True,
        bf16: bool | None = None,
        flip_test: bool = True,
    ) -> None:
        self.net = net.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.side_px = side_px
        self.device = torch.device(device)
        self.batch_size = batch_size
        self.refined = refined
        self.flip_test = flip_test
        self.bf16 = has_bf16(self.device) if bf16 is None else bf16

    def predict(self, images: Sequence[NDArray[np.uint8]]) -> list[Float32Array]:
        """Returns the probability of "character" of every pixel, ``(H, W)`` float32 in [0, 1], one map a picture.

        Args:
            images: uint8 RGB ``(H, W, 3)``, of any sizes.

        Raises:
            ValueError: an array of another kind.
        """
        for image in images:
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
                raise ValueError(f"image is {image.dtype} {image.shape}; must be uint8 RGB (H, W, 3) with H, W ≥ 1")
        results: list[Float32Array] = []
        for start in range(0, len(images), self.batch_size):
            chunk = images[start : start + self.batch_size]
            for image, coarse in zip(chunk, self._coarse(chunk), strict=True):
                size_wh = (image.shape[1], image.shape[0])
                results.append(refine(image, coarse) if self.refined else enlarge(coarse, size_wh))
        return results

    @torch.inference_mode()
    def _coarse(self, images: Sequence[NDArray[np.uint8]]) -> list[Float32Array]:
        """Returns each picture's map at the network's size, without the padding."""
        places = [fitted(image.shape[1], image.shape[0], self.side_px) for image in images]
        canvas = np.full((len(images), self.side_px, self.side_px, 3), 255, np.uint8)
        for slot, image, (x, y, width, height) in zip(canvas, images, places, strict=True):
            slot[y : y + height, x : x + width] = resize(image, (width, height))
        batch = to_float(torch.from_numpy(canvas).permute(0, 3, 1, 2).to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.net(batch).float()
            if self.flip_test:
                logits = (logits + self.net(batch.flip(-1)).float().flip(-1)) / 2
        maps = logits.softmax(dim=1)[:, 1].cpu().numpy()
        return [
            np.ascontiguousarray(values[y : y + height, x : x + width])
            for values, (x, y, width, height) in zip(maps, places, strict=True)
        ]


def fitted(width: int, height: int, side_px: int) -> tuple[int, int, int, int]:
    """Returns where a picture lands in the square: ``(x, y, width, height)``, whole pixels, centred, aspect kept."""
    scale = side_px / max(width, height)
    small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
    return (side_px - small_w) // 2, (side_px - small_h) // 2, small_w, small_h


def has_bf16(device: torch.device) -> bool:
    """Whether ``device`` multiplies bfloat16 in hardware; in software it would be slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return device.type == "cpu" and supported is not None and bool(supported())


def load(path: Path | str, device: str = "cpu", **settings: Any) -> SegmenterPredictor:
    """Returns the predictor of a checkpoint that ``python -m segmenter fit`` wrote.

    Args:
        path: a ``.ckpt`` file.
        device: where the network runs.
        settings: ``batch_size``, ``refined``, ``bf16``, ``flip_test``, ``side_px`` of :class:`SegmenterPredictor`.

    Raises:
        DataError: no such file, damaged, or of another subsystem.
    """
    checkpoint = load_checkpoint(Path(path), "segmenter")
    hparams, size = checkpoint["hyper_parameters"], checkpoint["inkpose"].get("image_size")
    try:
        net = SegmenterNet(**{key: hparams[key] for key in _NET_KEYS})
        state = checkpoint["state_dict"]
        net.load_state_dict({key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path}: weights and settings do not fit together ({type(error).__name__}); train again"
        ) from error
    if not isinstance(size, int):
        raise DataError(f"{path}: saved before the first training step; train longer")
    return SegmenterPredictor(net, settings.pop("side_px", size), device, **settings)
