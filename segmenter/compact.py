"""A small residual feature extractor of dense convolutions, for training from nothing on a CPU.

MobileNetV3's depthwise convolutions do little arithmetic, but going backward through them is what training on a CPU
spends its time on; dense convolutions of few channels run several times as many pictures in the same time.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def _conv_norm(in_channels: int, out_channels: int, stride: int = 1, kernel: int = 3) -> list[nn.Module]:
    conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(out_channels)]


def compact_stem(channels: int) -> nn.Sequential:
    """Returns a 3×3 convolution of stride 2 with norm and LeakyReLU."""
    return nn.Sequential(*_conv_norm(3, channels, stride=2), nn.LeakyReLU(0.01))


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut; with stride 2 the shortcut is averaged over 2 × 2 cells."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.body = nn.Sequential(
            *_conv_norm(in_channels, out_channels, stride), nn.LeakyReLU(0.01), *_conv_norm(out_channels, out_channels)
        )
        self.shortcut = (
            nn.Sequential(*_conv_norm(in_channels, out_channels, kernel=1))
            if in_channels != out_channels
            else nn.Identity()
        )
        # The block begins as its shortcut: gradients reach the first layers from the first step on.
        last_norm = self.body[-1]
        assert isinstance(last_norm, nn.BatchNorm2d)
        nn.init.zeros_(last_norm.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Maps ``(B, C, h, w)`` to ``(B, out_channels, ⌈h / stride⌉, ⌈w / stride⌉)``."""
        pooled = functional.avg_pool2d(features, 2, ceil_mode=True) if self.stride == 2 else features
        added: Tensor = self.body(features) + self.shortcut(pooled)
        return functional.leaky_relu(added, 0.01)


class CompactStage(nn.Sequential):
    """Residual blocks, the first of which halves the map."""

    def __init__(self, in_channels: int, out_channels: int, blocks: int) -> None:
        first = ResidualBlock(in_channels, out_channels, stride=2)
        super().__init__(first, *(ResidualBlock(out_channels, out_channels, stride=1) for _ in range(blocks - 1)))
