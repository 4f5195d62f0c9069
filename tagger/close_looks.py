"""Close looks: parts of the character enlarged, and the last layers of the second net that sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shared.keypoints.close_looks import LOOKS


@dataclass(frozen=True)
class CloseLooks:
    """Sizes of the looks of a net that looks closer.

    Attributes:
        whole_px: side to which the whole picture is shrunk.
        close_px: side to which each part is brought.
    """

    whole_px: int = 128
    close_px: int = 64

    def as_config(self) -> dict[str, Any]:
        """Returns the content of ``config.json``; :meth:`read` is its inverse."""
        return {"looks": list(LOOKS), **asdict(self)}

    @classmethod
    def read(cls, config: Mapping[str, Any] | None) -> CloseLooks | None:
        """Returns what ``as_config`` gave.

        Raises:
            ValueError: other looks than these.
        """
        if config is None:
            return None
        if list(config["looks"]) != list(LOOKS):
            raise ValueError(f"close looks {config['looks']} are unknown; known: {', '.join(LOOKS)}")
        return cls(int(config["whole_px"]), int(config["close_px"]))


def cut_squares(rgb: Tensor, squares: Tensor, side_px: int) -> Tensor:
    """Returns parts of pictures brought to one size, ``(B · n, 3, side_px, side_px)``; white where nothing is.

    Args:
        rgb: ``(B, 3, S, S)`` in [0, 1].
        squares: ``(B, n, 3)``: middle x, y and side, in sides of the picture.
        side_px: of the result. It is sampled twice as finely and averaged, so that nothing aliases down to a quarter.
    """
    batch, count, _ = squares.shape
    squares = squares.to(rgb.dtype)
    steps = (torch.arange(2 * side_px, device=rgb.device, dtype=rgb.dtype) + 0.5) / (2 * side_px) - 0.5
    middle, side = squares[..., None, :2], squares[..., None, 2:]
    lines = 2 * (middle + steps[:, None] * side) - 1  # (B, n, 2 side, xy), in grid_sample's frame
    x, y = lines[..., 0], lines[..., 1]
    grid = torch.stack(
        [
            x[:, :, None, :].expand(-1, -1, 2 * side_px, -1),
            y[:, :, :, None].expand(-1, -1, -1, 2 * side_px),
        ],
        -1,
    )
    # All looks of a picture are sampled in one go, one below the other.
    tall = grid.reshape(batch, count * 2 * side_px, 2 * side_px, 2)
    found = F.grid_sample(rgb - 1, tall, mode="bilinear", padding_mode="zeros", align_corners=False) + 1
    small = F.avg_pool2d(found, 2).reshape(batch, 3, count, side_px, side_px)
    return small.transpose(1, 2).reshape(batch * count, 3, side_px, side_px)


def jittered(squares: Tensor, shift: float = 0.12, growth: tuple[float, float] = (-0.2, 0.25)) -> Tensor:
    """Returns squares ``(B, n, 3)`` moved by up to ``shift`` of their side, their side changed by e^``growth``."""
    moves = (2 * torch.rand_like(squares[..., :2]) - 1) * shift * squares[..., 2:]
    low, high = growth
    factor = torch.exp(low + (high - low) * torch.rand_like(squares[..., 2:]))
    return torch.cat([squares[..., :2] + moves, squares[..., 2:] * factor], -1)


class CloseHeads(nn.Module):
    """The last layers of the close looks: one a look, which speaks only of the classes that the look can tell.

    The tables below are part of the state, so that other patterns change no net that is trained.

    Args:
        width: of the features.
        class_names: C names, of which the looks' patterns choose.

    Attributes:
        speaks: bool ``(looks, C)``: which look speaks of which class.
        share: ``(C,)``: of the close looks in a class's logit; the rest is the whole picture's. A half where some look
            speaks of it, 0 elsewhere.
    """

    speaks: Tensor
    share: Tensor

    def __init__(self, width: int, class_names: Sequence[str]) -> None:
        super().__init__()
        heads = [nn.Linear(width, len(class_names)) for _ in LOOKS]
        self.heads = nn.ModuleList(heads)
        told = [[bool(pattern.search(name)) for name in class_names] for pattern in LOOKS.values()]
        self.register_buffer("speaks", torch.tensor(told))
        self.register_buffer("share", 0.5 * self.spoken)
        for head in heads:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    @property
    def spoken(self) -> Tensor:
        """Bool ``(C,)``: the classes that some look speaks of."""
        return self.speaks.any(0)

    def take_over(self, taught: Tensor) -> Tensor:
        """Leaves to the looks alone what the net of the whole picture was not taught; returns what can be told then.

        Args:
            taught: bool ``(C,)``.

        Returns:
            bool ``(C,)``.
        """
        self.share[self.spoken & ~taught] = 1.0
        return self.spoken | taught

    @torch.no_grad()
    def start_at(self, logits: Tensor) -> None:
        """Sets the biases so that all looks together begin with ``logits`` ``(C,)``; heads that have learnt stay."""
        heads = [head for head in self.heads if isinstance(head, nn.Linear)]
        if not any(bool(head.weight.any()) for head in heads):
            for head in heads:
                head.bias.copy_(logits / self.speaks.sum(0).clamp(min=1))

    def by_look(self, features: Tensor) -> Tensor:
        """Returns what each look adds to the logits, ``(B, looks, C)``; 0 for what it does not speak of.

        Args:
            features: ``(B, looks, width)``.
        """
        told = [head(features[:, look]) * self.speaks[look] for look, head in enumerate(self.heads)]
        return torch.stack(told, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Returns logits ``(B, C)``, 0 for what no look speaks of, of features ``(B, looks, width)``."""
        return self.by_look(features).sum(1)
