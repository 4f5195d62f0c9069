"""What the instance head learns: a bump at every character's middle, and offsets to it inside the character."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from segmenter.instance_head import STRIDE

#: Characters below this share of the picture teach nothing: they are a few cells large.
LEAST_SHARE = 0.004
#: Weights of the two terms; those of Cheng et al. 2020 are 200 and 0.01 (of offsets in pixels, here in cells).
CENTRE_WEIGHT, OFFSET_WEIGHT = 100.0, 0.1
#: A bump's standard deviation: this share of the root of the area, within these bounds, in cells.
_SIGMA_SHARE, _SIGMA_CELLS = 0.1, (1.2, 4.0)


class InstanceTargets(NamedTuple):
    """The truth in cells: ``heat`` (B, h, w) in [0, 1], ``offsets`` (B, 2, h, w), ``inside`` (B, h, w) bool."""

    heat: Tensor
    offsets: Tensor
    inside: Tensor


def instance_targets(numbers: Tensor) -> InstanceTargets:
    """Makes the head's targets.

    Args:
        numbers: ``(B, H, W)`` uint8, each pixel's character from 1 on; 0 is nobody. A character's middle is the centre
            of mass of what can be seen of it.
    """
    batch, height, width = numbers.shape
    device = numbers.device
    rows, columns = (torch.arange(size, device=device) + 0.5 for size in (height, width))
    cells = numbers[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
    y, x = (torch.arange(size, device=device) + 0.5 for size in cells.shape[1:])
    heat = torch.zeros(cells.shape, device=device)
    offsets = torch.zeros((batch, 2, *cells.shape[1:]), device=device)
    inside = torch.zeros(cells.shape, dtype=torch.bool, device=device)
    # Not up to the highest: a mask of one character may say 255.
    for number in filter(None, np.unique(numbers.cpu().numpy()).tolist()):
        mask = (numbers == number).float()
        area = mask.sum(dim=(1, 2))
        counts = area >= LEAST_SHARE * height * width
        some = area.clamp(min=1)
        centre_x = ((mask.sum(dim=1) @ columns) / some / STRIDE)[:, None, None]
        centre_y = ((mask.sum(dim=2) @ rows) / some / STRIDE)[:, None, None]
        sigma = (_SIGMA_SHARE * area.sqrt() / STRIDE).clamp(*_SIGMA_CELLS)[:, None, None]
        dx, dy = centre_x - x[None, None, :], centre_y - y[None, :, None]
        bump = torch.exp(-(dx**2 + dy**2) / (2 * sigma**2)) * counts[:, None, None]
        heat = torch.maximum(heat, bump)
        own = (cells == number) & counts[:, None, None]
        offsets = torch.where(own[:, None], torch.stack([dx.expand_as(bump), dy.expand_as(bump)], dim=1), offsets)
        inside |= own
    return InstanceTargets(heat, offsets, inside)


def instance_loss(maps: Tensor, numbers: Tensor) -> Tensor:
    """Returns the scalar ``100 · MSE(centres) + 0.1 · L1(offsets)``, offsets inside the characters only.

    Args:
        maps: ``(B, 3, H / 4, W / 4)`` of :class:`segmenter.instance_head.InstanceHead`.
        numbers: ``(B, H, W)`` as for :func:`instance_targets`.

    Raises:
        ValueError: sizes that do not belong together.
    """
    heat, offsets, inside = instance_targets(numbers)
    if maps.shape != (len(heat), 3, *heat.shape[1:]):
        raise ValueError(f"maps {tuple(maps.shape)} and numbers {tuple(numbers.shape)}; sides must be {STRIDE}·n px")
    maps = maps.float()
    centres = (maps[:, 0].sigmoid() - heat).square().mean()
    off = ((maps[:, 1:] - offsets).abs().sum(dim=1) * inside).sum() / inside.sum().clamp(min=1)
    return CENTRE_WEIGHT * centres + OFFSET_WEIGHT * off
