"""What the `soft` option minimises beside cross-entropy: opacity itself, where a character's edge is soft (hair)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Alpha nearer than this to 0 or 1 is certain.
_CERTAIN = 0.02
#: The unknown band reaches this far beyond uncertain pixels, as a share of the picture's side, at least 2 pixels.
BAND_SHARE = 1 / 32
#: Levels of the Laplacian pyramid.
LEVELS = 5


def unknown_band(alpha: Tensor) -> Tensor:
    """Returns where opacity has to be learnt, bool ``(B, H, W)``: near pixels that are neither 0 nor 1, and at edges.

    Args:
        alpha: true opacity ``(B, H, W)`` in [0, 1].
    """
    radius = max(2, round(BAND_SHARE * max(alpha.shape[-2:])))
    window = 2 * radius + 1
    grown = functional.max_pool2d(alpha[:, None], window, stride=1, padding=radius)
    shrunk = -functional.max_pool2d(-alpha[:, None], window, stride=1, padding=radius)
    # Where a window holds both character and background, or anything in between.
    return ((grown > _CERTAIN) & (shrunk < 1 - _CERTAIN))[:, 0]


def alpha_per_image(logits: Tensor, alpha: Tensor, weight: Tensor | None = None) -> Tensor:
    """Returns ``(B,)``: in the unknown band, the mean absolute error of opacity plus that of its Laplacian pyramid.

    The probability of class 1 is read as opacity. Outside the band the truth is put in, so that only the band's errors
    count, and a picture without a band has loss 0.

    Args:
        logits: ``(B, 2, H, W)``.
        alpha: true opacity ``(B, H, W)`` in [0, 1].
        weight: ``(B, H, W)``, 0 where a pixel does not count (letterbox padding); None counts all.

    Source: Hou & Liu 2019, "Context-Aware Image Matting", eq. 2–3: ``Σ_s 2^(s−1) ‖L_s(α̂) − L_s(α)‖₁``, five levels.
    Deviation: divided by the band's pixels, so that a picture counts the same whatever its size.

    Raises:
        ValueError: shapes that do not belong together.
    """
    shape = (logits.shape[0], *logits.shape[2:])
    if logits.ndim != 4 or logits.shape[1] != 2 or alpha.shape != torch.Size(shape):
        raise ValueError(
            f"logits {tuple(logits.shape)} and alpha {tuple(alpha.shape)} must be (B, 2, H, W) and (B, H, W)"
        )
    alpha = alpha.float()
    band = unknown_band(alpha)
    if weight is not None:
        band &= weight > 0
    error = torch.where(band, logits.float().softmax(dim=1)[:, 1] - alpha, 0.0)
    pixels = band.sum(dim=(1, 2)).clamp(min=1)
    # The pyramid is linear: that of the difference is the difference of the two.
    loss = error.abs().sum(dim=(1, 2))
    for level, detail in enumerate(laplacian_pyramid(error[:, None])):
        loss = loss + 2**level * detail.abs().sum(dim=(1, 2, 3))
    return loss / pixels


def laplacian_pyramid(maps: Tensor, levels: int = LEVELS) -> list[Tensor]:
    """Returns what each halving of ``maps`` ``(B, C, H, W)`` loses, finest first, and last what is left.

    Enlarged and added up they give ``maps`` again. It ends early where a map is one pixel high or wide.
    """
    details = []
    for _ in range(levels - 1):
        if min(maps.shape[-2:]) < 2:
            break
        small = functional.avg_pool2d(_blurred(maps), 2, ceil_mode=True, count_include_pad=False)
        details.append(maps - enlarged(small, maps))
        maps = small
    return [*details, maps]


def enlarged(small: Tensor, like: Tensor) -> Tensor:
    """Returns a pyramid level at the size of the one before it, bilinear."""
    return functional.interpolate(small, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _blurred(maps: Tensor) -> Tensor:
    """Binomial 1-2-1 filter in both directions, borders repeated."""
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=maps.dtype, device=maps.device) / 4
    kernel = torch.outer(taps, taps).expand(maps.shape[1], 1, 3, 3)
    return functional.conv2d(functional.pad(maps, (1, 1, 1, 1), mode="replicate"), kernel, groups=maps.shape[1])
