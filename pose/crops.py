"""Between the crop and its picture, for batches of tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def to_picture(points_xy: Tensor, affine: Tensor) -> Tensor:
    """Moves crop points ``(B, K, 2)`` back to picture pixels by the inverse of ``affine`` ``(B, 2, 3)``.

    Returns float64: a small box in a large picture needs the digits.
    """
    linear, shift = affine[:, :, :2].double(), affine[:, :, 2].double()
    moved: Tensor = torch.linalg.solve(linear, (points_xy.double() - shift[:, None]).transpose(1, 2))
    return moved.transpose(1, 2)
