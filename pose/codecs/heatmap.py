"""Keypoints to Gaussian heatmaps and back, without bias.

Frame: crop pixels, origin at the top-left corner. A heatmap cell ``i`` of stride ``s`` stands for the place
``(i + ½)·s``, so encoding and decoding at any size give the same point back.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from shared.keypoints.schema import JointState


def is_present(state: Tensor) -> Tensor:
    """Returns where a joint's place is known: visible or occluded. Same shape as ``state``, bool."""
    return (state == JointState.VISIBLE) | (state == JointState.OCCLUDED)


def find_peaks(log_maps: Tensor) -> tuple[Tensor, Tensor]:
    """Finds the highest place of each map to a fraction of a cell.

    The highest cell, then per axis the vertex of the parabola through three log values, which is exact for a
    Gaussian. Never further than half a cell from the highest cell; a map without a peak keeps the cell's centre.

    Args:
        log_maps: ``(B, K, H, W)``, logarithms of heatmaps up to a constant.

    Returns:
        ``(B, K, 2)`` places (x, y) in cells (cell ``i`` has its centre at ``i + ½``) and ``(B, K)`` peak values.
        NaN maps give the place of their first NaN.

    Source: the Taylor step of DARK (Zhang et al. 2020, "Distribution-aware coordinate representation"), without
        its cross term (our targets are isotropic).
    """
    height, width = log_maps.shape[-2:]
    flat = log_maps.flatten(-2)
    peak, index = flat.max(dim=-1)
    row, column = index // width, index % width

    def refine(cell: Tensor, size: int, step: int) -> Tensor:
        if size < 3:
            return cell.to(flat.dtype) + 0.5
        # At a border the three cells are shifted inwards: a parabola is the same wherever it is sampled.
        centre = cell.clamp(1, size - 2)
        middle = index + (centre - cell) * step
        before, at, after = (flat.gather(-1, (middle + d * step)[..., None])[..., 0] for d in (-1, 0, 1))
        curvature = before - 2 * at + after
        bent = curvature < -1e-6
        vertex = centre + torch.where(bent, (before - after) / (2 * torch.where(bent, curvature, -1.0)), 0.0)
        vertex = torch.where(bent, vertex, cell.to(flat.dtype))
        return torch.minimum(torch.maximum(vertex, cell - 0.5), cell + 0.5) + 0.5

    places = torch.stack([refine(column, width, 1), refine(row, height, width)], dim=-1)
    return places, peak


@dataclass(frozen=True)
class HeatmapCodec:
    """Encodes crop points as Gaussian heatmaps and decodes logits to crop points.

    Attributes:
        crop_wh: width and height of the crop in pixels.
        cells_wh: width and height of the heatmaps in cells.
        sigma_cells: standard deviation of the Gaussian in cells.
            Deviation: the paper does not publish its blob; a Gaussian of peak 1 is ours.
    """

    crop_wh: tuple[int, int]
    cells_wh: tuple[int, int]
    sigma_cells: float

    def __post_init__(self) -> None:
        if min(*self.crop_wh, *self.cells_wh) < 1 or not self.sigma_cells > 0:
            raise ValueError(f"{self}: sizes must be at least 1 and sigma_cells above 0")

    def stride_xy(self, like: Tensor) -> Tensor:
        """Returns crop pixels per cell, ``(2,)``, on the device of ``like``, float32."""
        sizes = [self.crop_wh[0] / self.cells_wh[0], self.crop_wh[1] / self.cells_wh[1]]
        return torch.tensor(sizes, dtype=torch.float32, device=like.device)

    def encode(self, points_xy: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Draws the targets of a batch on its own device.

        Args:
            points_xy: ``(B, K, 2)`` crop pixels; read only where the joint is present, NaN allowed elsewhere.
            state: ``(B, K)`` :class:`JointState` values.

        Returns:
            Targets ``(B, K, H, W)`` in [0, 1] and weights ``(B, K)``: 0 for UNKNOWN joints, else 1. An OUTSIDE
            joint, or one outside the crop, has an all-zero target of weight 1.

        Raises:
            ValueError: shapes that do not fit.
        """
        if points_xy.shape != (*state.shape, 2):
            raise ValueError(f"points_xy {tuple(points_xy.shape)} must be state {tuple(state.shape)} + (2,)")
        size = torch.tensor(self.crop_wh, dtype=torch.float32, device=points_xy.device)
        inside = ((points_xy >= 0) & (points_xy <= size)).all(dim=-1) & is_present(state)
        cells = torch.where(inside[..., None], points_xy.float() / self.stride_xy(points_xy), 0.0)

        def bell(count: int, place: Tensor) -> Tensor:
            centres = torch.arange(count, device=place.device, dtype=torch.float32) + 0.5
            return torch.exp(-((centres - place[..., None]) ** 2) / (2 * self.sigma_cells**2))

        # A Gaussian of two variables is the product of two of one: H + W exponentials instead of H · W.
        across, down = bell(self.cells_wh[0], cells[..., 0]), bell(self.cells_wh[1], cells[..., 1])
        targets = down[..., :, None] * across[..., None, :] * inside[..., None, None]
        return targets, (state != JointState.UNKNOWN).float()

    def decode(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Returns points ``(B, K, 2)`` in crop pixels and scores ``(B, K)`` in [0, 1].

        The score is the highest sigmoid probability of the map, not smoothed.

        Raises:
            ValueError: ``logits`` is not ``(B, K, H, W)`` of this codec's size.
        """
        if logits.ndim != 4 or logits.shape[-2:] != self.cells_wh[::-1]:
            raise ValueError(f"logits {tuple(logits.shape)} must be (B, K, {self.cells_wh[1]}, {self.cells_wh[0]})")
        places, peak = find_peaks(functional.logsigmoid(logits.float()))
        return places * self.stride_xy(logits), peak.exp()
