"""Freezing: a source that no training step can change."""

from __future__ import annotations

from typing import Generic, Self, TypeVar

from torch import nn

Source = TypeVar("Source", bound=nn.Module)


class Frozen(nn.Module, Generic[Source]):
    """Holds a source in eval mode without gradients, whatever the training loop asks for.

    ``train()`` keeps everything inside in eval mode, so BatchNorm uses and keeps its stored statistics.
    """

    source: Source

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Stays in eval mode."""
        return super().train(False)
