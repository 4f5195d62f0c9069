"""From the uint8 pictures of a batch to what nets take."""

from __future__ import annotations

import torch
from torch import Tensor


def to_float(image_uint8: Tensor) -> Tensor:
    """Returns ``(B, 3, H, W)`` float32 in [0, 1], in channels_last memory, from uint8 RGB of the same shape.

    Nets normalise inside, so nothing else is done here.

    Raises:
        ValueError: not a uint8 tensor of four dimensions.
    """
    if image_uint8.dtype != torch.uint8 or image_uint8.ndim != 4:
        raise ValueError(
            f"image_uint8 has dtype {image_uint8.dtype}, shape {tuple(image_uint8.shape)}; must be uint8 (B, 3, H, W)"
        )
    return image_uint8.to(torch.float32, memory_format=torch.channels_last).div_(255.0)
