"""Where face, head, body, legs and feet are: squares found in the tagger's own maps of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shared.keypoints.close_looks import LOOKS

#: Features of a cell between the backbone's maps and what is told of it.
_WIDTH = 128
#: A cell tells: how sure it is of being at the middle, how far the middle is from it (x, y), and the log of the side.
_TOLD = 4
#: Votes nearer than this to a middle, in sides of its square, are for the same character.
_REACH = 0.5
_ROUNDS = 2
#: There are several characters where the second heap holds more than this share of the sureness, on the mean of the
#: looks that show it best; docs/tagger.md has the table.
_SEVERAL = 0.2
_JUDGES = [list(LOOKS).index(look) for look in ("head", "body")]
#: Sureness of a vote that is not asked for: no infinity, so that the mean of no vote is a number.
_NONE = -1e4


class Found(NamedTuple):
    """Where to look closer.

    Attributes:
        squares: ``(B, 2, looks, 3)`` of two characters: middle x, y and side, in sides of the picture.
        several: bool ``(B,)``: the second one is there; else its squares mean nothing.
    """

    squares: Tensor
    several: Tensor


class SquareFinder(nn.Module):
    """Finds the square of each look in the backbone's maps of the whole picture.

    Every cell of the finest map votes where the middle is and how long the side, and says how sure it is. Of one
    character the answer is the mean of all votes, weighted by the softmax of the sureness over the cells: what it is
    trained for. Of several the votes fall into heaps, and their mean lies between the characters; then the heaps are
    the answer.

    Args:
        channels: of the maps, the finest first.

    Source: Sun et al. 2018, integral regression, with the cells' own offsets (ours).
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        # Layers over the channels of each cell. As 1×1 convolutions they would go to Muon, whose steps are made for
        # nets with norms and are far too coarse for places.
        self.taken = nn.ModuleList([nn.Linear(count, _WIDTH) for count in channels])
        self.hidden = nn.Sequential(nn.LayerNorm(_WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _WIDTH), nn.ReLU())
        self.told = nn.Linear(_WIDTH, _TOLD * len(LOOKS))

    def forward(self, *maps: Tensor) -> Tensor:
        """Returns squares ``(B, looks, 3)``, the means of all votes: middle x, y and side, in sides of the picture.

        Args:
            maps: ``(B, C, h, w)`` each, of the same pictures, the finest first.
        """
        sure, votes = self._votes(maps)
        return _as_squares(_mean(sure, votes))

    def find(self, *maps: Tensor) -> Found:
        """Returns the squares of the character, or of two where several are seen; ``maps`` as in ``forward``."""
        sure, votes = self._votes(maps)
        free = torch.ones_like(sure, dtype=torch.bool)
        first, theirs = _heap(sure, votes, free)
        second, others = _heap(sure, votes, free & ~theirs)
        weight = (torch.softmax(sure, -1) * others).sum(-1)
        several = weight[:, _JUDGES].mean(1) > _SEVERAL
        first = torch.where(several[:, None, None], first, _as_squares(_mean(sure, votes)))
        return Found(torch.stack([first, second], 1), several)

    def _votes(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Returns the sureness ``(B, looks, cells)`` and the votes ``(B, looks, cells, 3)``: x, y, log of the side."""
        cells = [
            take(cells.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) for take, cells in zip(self.taken, maps, strict=True)
        ]
        fine = [F.interpolate(one, size=maps[0].shape[-2:], mode="nearest") for one in cells]
        told = self.told(self.hidden(torch.stack(fine).sum(0).permute(0, 2, 3, 1))).float()
        batch, height, width, _ = told.shape
        sure, dx, dy, side = told.reshape(batch, height * width, len(LOOKS), _TOLD).transpose(1, 2).unbind(3)
        x = (torch.arange(width, device=told.device) + 0.5) / width
        y = (torch.arange(height, device=told.device) + 0.5) / height
        return sure, torch.stack([dx + x.repeat(height), dy + y.repeat_interleave(width), side], -1)


def _mean(sure: Tensor, votes: Tensor) -> Tensor:
    return (torch.softmax(sure, -1)[..., None] * votes).sum(2)


def _as_squares(votes: Tensor) -> Tensor:
    return torch.cat([votes[..., :2], votes[..., 2:].clamp(-4, 1).exp()], -1)


def _heap(sure: Tensor, votes: Tensor, free: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the mean square ``(B, looks, 3)`` of the votes round the surest free one, and which those are.

    Source: Comaniciu & Meer 2002, mean shift, with a flat square kernel as large as the part that is looked for.
    """
    top = sure.masked_fill(~free, _NONE).argmax(-1, keepdim=True)[..., None].expand(-1, -1, -1, 3)
    squares, near = _as_squares(votes.gather(2, top)[:, :, 0]), free
    for _ in range(_ROUNDS):
        away = (votes[..., :2] - squares[:, :, None, :2]).abs().amax(-1)
        near = free & (away < _REACH * squares[..., 2:])
        squares = _as_squares(_mean(sure.masked_fill(~near, _NONE), votes))
    return squares, near


def finder_loss(found: Tensor, truth: Tensor) -> Tensor:
    """Returns how far squares are from the true ones, in their sides; a scalar, 0 where none is known.

    Args:
        found: ``(B, n, 3)`` of a :class:`SquareFinder`.
        truth: ``(B, n, 3)``; NaN where it is not known.
    """
    known = torch.isfinite(truth).all(-1)
    target = torch.where(known[..., None], truth, found.detach())
    side = target[..., 2:].clamp(min=1e-3)
    error = torch.cat([(found[..., :2] - target[..., :2]) / side, (found[..., 2:].clamp(min=1e-3) / side).log()], -1)
    each = F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.1, reduction="none").mean(-1)
    return each.sum() / known.sum().clamp(min=1)
