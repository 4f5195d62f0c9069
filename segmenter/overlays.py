"""Masks made visible: drawn over the picture they belong to."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

#: Blue over the character, so that the background keeps its own colours.
_TINT = (40, 110, 255)


def mask_overlay(image_rgb: NDArray[np.uint8], probability: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns the picture ``(H, W, 3)`` tinted where ``probability`` ``(H, W)`` in [0, 1] is high, with its ½ line."""
    strength = (np.clip(probability, 0, 1) * 0.45).astype(np.float32)[..., None]
    tinted = image_rgb * (1 - strength) + np.array(_TINT, np.float32) * strength
    drawn: NDArray[np.uint8] = np.ascontiguousarray(tinted.round().astype(np.uint8))
    contours, _ = cv2.findContours((probability > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, contours, -1, _TINT, max(1, round(min(image_rgb.shape[:2]) / 256)))
    return drawn


def example_grid(images: Tensor, alpha: Tensor, probability: Tensor) -> NDArray[np.uint8]:
    """Returns one picture: a column per example, rows picture, truth, answer.

    Args:
        images: uint8 ``(B, 3, H, W)``.
        alpha: true opacity ``(B, H, W)`` in [0, 1].
        probability: answer ``(B, H, W)`` in [0, 1].
    """
    columns = []
    for image, truth, answer in zip(images, alpha, probability, strict=True):
        rgb = image.permute(1, 2, 0).cpu().numpy()
        rows = [mask_overlay(rgb, values.float().cpu().numpy()) for values in (truth, answer)]
        columns.append(np.concatenate([rgb, *rows], axis=0))
    return np.concatenate(columns, axis=1)
