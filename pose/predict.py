"""A finished checkpoint to the joints of characters in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pose.build import PoseNet
from pose.calibration import calibrated
from pose.codecs.heatmap import HeatmapCodec
from pose.codecs.release import decode_as_released
from pose.crops import to_picture
from pose.paper_crop import paper_crop
from pose.saved import read_saved
from pose.sources.rcnn_branch import RcnnBranch
from shared.batches import to_float
from shared.errors import BAD_RECORD, DataError, reason_of
from shared.geometry import FloatArray, square_crop, warp
from shared.keypoints.schema import COCO_25
from shared.precision import has_fast_bfloat16

Box = tuple[float, float, float, float]
Precision = Literal["auto", "float32", "bfloat16"]
Decoding = Literal["subpixel", "argmax", "released"]
Preprocessing = Literal["white", "paper"]


class PosePredictor:
    """Finds 25 joints (COCO-17, then the limb midpoints) of each boxed character.

    Attributes:
        net: in eval mode; maps square crops RGB [0, 1] ``(B, 3, S, S)`` to logits ``(B, 25, h, h)``.
        crop_side: S in pixels.
        padding: share of the box's long side that the crop adds.
        gate: ``(25,)``: a joint whose score is lower counts as not in the picture.
        curves: ``(25, bins)`` that calibrate scores (see ``pose.calibration``); None leaves them as they are.
    """

    def __init__(
        self,
        net: PoseNet,
        codec: HeatmapCodec,
        padding: float,
        gate: NDArray[np.float32],
        device: str = "cpu",
        precision: Precision = "auto",
        flip_test: bool = True,
        decoding: Decoding = "subpixel",
        preprocessing: Preprocessing = "white",
        curves: Tensor | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.net = net.to(self.device).to(memory_format=torch.channels_last).eval()
        self.net.requires_grad_(False)
        self.codec, self.crop_side, self.padding, self.curves = codec, codec.crop_wh[0], padding, curves
        self.gate = gate if curves is None else calibrated(torch.from_numpy(gate), curves).numpy()
        self.flip_test, self.decoding, self.preprocessing = flip_test, decoding, preprocessing
        self._at_once = _crops_at_once(self.net, self.crop_side) if self.device.type == "cpu" else None
        self._bfloat16 = precision == "bfloat16" or (precision == "auto" and has_fast_bfloat16(self.device))

    def logits(self, crops: Tensor) -> Tensor:
        """Returns float32 logits ``(B, 25, h, h)`` of crops uint8 ``(B, 3, S, S)``."""
        return torch.cat([self._logits(part) for part in torch.split(crops, self._at_once or len(crops))])

    def _logits(self, crops: Tensor) -> Tensor:
        rgb = to_float(crops.to(self.device))
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16):
            logits: Tensor = self.net(rgb).float()
            if self.flip_test:
                # Half-cell centres make the mirrored map fall exactly on the map.
                mirrored = self.net(rgb.flip(-1)).float().flip(-1)[:, list(COCO_25.flip_order)]
                logits = (logits + mirrored) / 2
        return logits

    def decode(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Returns crop points ``(B, 25, 2)`` and calibrated scores ``(B, 25)``, none left out yet."""
        if self.decoding == "subpixel":
            points, score = self.codec.decode(logits)
        else:
            smoothing = 0.1 if self.decoding == "released" else None
            points, score = decode_as_released(logits, self.crop_side, smoothing)
        return points, score if self.curves is None else calibrated(score, self.curves)

    def crop(self, image: NDArray[np.uint8], box_xyxy: Box) -> tuple[NDArray[np.uint8], FloatArray]:
        """Returns the square crop ``(S, S, 3)`` round a box and the affine from picture to crop."""
        if self.preprocessing == "paper":
            return paper_crop(image, box_xyxy, self.crop_side, self.padding)
        affine = square_crop(box_xyxy, self.crop_side, self.padding)
        return warp(image, affine, (self.crop_side, self.crop_side)), affine

    def locate(
        self, images: Sequence[NDArray[np.uint8]], boxes_xyxy: Sequence[Sequence[Box]], batch_size: int = 32
    ) -> list[NDArray[np.float64]]:
        """Returns for each picture ``(n, 25, 3)``: x, y (picture pixels) and score of every joint, found or not.

        Arguments and errors as in :meth:`predict`.
        """
        jobs = [
            (image, box, number)
            for number, (image, boxes) in enumerate(zip(images, boxes_xyxy, strict=True))
            for box in boxes
        ]
        results: list[list[NDArray[np.float64]]] = [[] for _ in images]
        for start in range(0, len(jobs), batch_size):
            part = jobs[start : start + batch_size]
            cut = [self.crop(image, box) for image, box, _ in part]
            crops = torch.from_numpy(np.stack([crop for crop, _ in cut]))
            points, score = self.decode(self.logits(crops.permute(0, 3, 1, 2)))
            affines = torch.from_numpy(np.stack([affine for _, affine in cut]))
            places = torch.cat([to_picture(points.cpu(), affines), score.cpu().double()[..., None]], dim=-1)
            for (_, _, number), row in zip(part, places.numpy(), strict=True):
                results[number].append(row)
        return [np.stack(rows) if rows else np.zeros((0, len(COCO_25), 3)) for rows in results]

    def predict(
        self, images: Sequence[NDArray[np.uint8]], boxes_xyxy: Sequence[Sequence[Box]], batch_size: int = 32
    ) -> list[NDArray[np.float32]]:
        """Returns for each picture an array ``(n, 25, 3)`` of x, y (picture pixels) and score, a row a box.

        x and y are NaN for a joint that is not in the picture: its score is below the gate, or its place is
        outside the picture. The first 17 joints are COCO's.

        Args:
            images: uint8 RGB ``(H, W, 3)``, any sizes (with the paper's preprocessing also RGBA).
            boxes_xyxy: for each picture the boxes ``(x1, y1, x2, y2)`` of its characters.
            batch_size: crops that go through the net together.

        Raises:
            ValueError: a box without area, or lists of different lengths.
        """
        answers = []
        for image, located in zip(images, self.locate(images, boxes_xyxy, batch_size), strict=True):
            xy, score = located[..., :2], located[..., 2]
            inside = ((xy >= 0) & (xy <= np.array(image.shape[1::-1]))).all(axis=-1)
            located[..., :2] = np.where((inside & (score >= self.gate))[..., None], xy, np.nan)
            answers.append(located.astype(np.float32))
        return answers


def _crops_at_once(net: nn.Module, crop_side: int) -> int:
    """Returns how many crops a processor takes through a net together.

    Two at the paper's 800 px: more of such large maps only move memory about (docs/performance.md).
    """
    enlarged = [part.input_side for part in net.modules() if isinstance(part, RcnnBranch)]
    return max(1, 2 * 800**2 // max([crop_side, *enlarged]) ** 2)


def load(
    path: Path | str,
    device: str = "cpu",
    precision: Precision = "auto",
    flip_test: bool = True,
    decoding: Decoding = "subpixel",
    preprocessing: Preprocessing = "white",
) -> PosePredictor:
    """Loads a pose checkpoint; no other file is needed and no code in it is run.

    Args:
        path: a ``.ckpt`` file that the training of pose or ``inkpose import pose`` wrote, or a folder of
            ``inkpose export pose``.
        device: ``cpu``, ``cuda``, ``cuda:1`` …
        precision: ``auto`` takes bfloat16 where the processor computes in it.
        flip_test: average each crop with its mirror image: slower, a little more exact.
        decoding: ``subpixel``; ``argmax``, the highest cell, as in the paper's validation; or ``released``, the same
            after a blur, as in the paper's scripts.
        preprocessing: ``white`` outside the picture, as in our training, or the crop of the ``paper``'s scripts.

    Raises:
        DataError: missing, corrupt, or of another subsystem.
    """
    path = Path(path)
    saved = read_saved(path)
    try:
        net, codec = saved.build(), saved.codec()
    except (ArithmeticError, AssertionError, *BAD_RECORD) as error:
        raise DataError(f"{path}: not a whole pose checkpoint ({reason_of(error)}); train it again") from error
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: its weights do not fit the net ({reason}); train it again") from error
    return PosePredictor(
        net=net,
        codec=codec,
        padding=saved.padding,
        gate=saved.gate.numpy(),
        device=device,
        precision=precision,
        flip_test=flip_test,
        decoding=decoding,
        preprocessing=preprocessing,
        curves=saved.curves,
    )
