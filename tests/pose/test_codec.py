"""Heatmap codec: unbiased at every size, honest about unknown and absent joints."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.codecs.heatmap import HeatmapCodec, find_peaks
from pose.codecs.release import decode_as_released, smoothing_kernel
from shared.keypoints.schema import JointState


def visible(points: torch.Tensor) -> torch.Tensor:
    return torch.full(points.shape[:-1], int(JointState.VISIBLE))


def as_logits(targets: torch.Tensor) -> torch.Tensor:
    return torch.logit(targets.double(), eps=1e-30).float()


def test_encode_by_hand() -> None:
    # 12 × 8 px crop, 6 × 4 cells, so a stride of 2: the point (5, 3) is the centre of cell column 2, row 1.
    codec = HeatmapCodec((12, 8), (6, 4), sigma_cells=1.0)
    targets, weights = codec.encode(torch.tensor([[[5.0, 3.0]]]), torch.tensor([[JointState.VISIBLE]]))
    assert targets.shape == (1, 1, 4, 6)
    assert targets[0, 0, 1, 2] == 1.0
    assert targets[0, 0, 1, 3] == pytest.approx(math.exp(-0.5))
    assert targets[0, 0, 3, 2] == pytest.approx(math.exp(-2.0))
    assert targets[0, 0, 0, 0] == pytest.approx(math.exp(-(1 + 4) / 2))
    assert weights.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("state", "weight", "peak"),
    [
        (JointState.UNKNOWN, 0.0, 0.0),
        (JointState.OUTSIDE, 1.0, 0.0),
        (JointState.OCCLUDED, 1.0, 1.0),
        (JointState.VISIBLE, 1.0, 1.0),
    ],
)
def test_states(state: JointState, weight: float, peak: float) -> None:
    codec = HeatmapCodec((16, 16), (8, 8), 1.0)
    targets, weights = codec.encode(torch.tensor([[[7.0, 9.0]]]), torch.tensor([[state]]))
    assert weights.item() == weight
    assert targets.amax() == peak


def test_nan_of_an_unknown_joint_goes_nowhere() -> None:
    codec = HeatmapCodec((16, 16), (8, 8), 1.0)
    targets, weights = codec.encode(torch.full((1, 1, 2), torch.nan), torch.tensor([[JointState.UNKNOWN]]))
    assert torch.isfinite(targets).all()
    assert weights.item() == 0


def test_a_point_outside_the_crop_is_absent() -> None:
    codec = HeatmapCodec((16, 12), (8, 6), 1.0)
    points = torch.tensor([[[15.0, 13.0], [17.0, 3.0], [-0.1, 3.0], [16.0, 12.0]]])
    targets, weights = codec.encode(points, visible(points))
    assert (targets.flatten(2).amax(-1) > 0).tolist() == [[False, False, False, True]]
    assert weights.tolist() == [[1.0] * 4]


@given(
    width=st.integers(3, 40),
    height=st.integers(3, 40),
    stride_x=st.floats(0.7, 8.0),
    stride_y=st.floats(0.7, 8.0),
    sigma=st.floats(0.7, 3.0),
    across=st.floats(0, 1),
    down=st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_round_trip_at_any_size(
    width: int, height: int, stride_x: float, stride_y: float, sigma: float, across: float, down: float
) -> None:
    crop = (max(1, round(width * stride_x)), max(1, round(height * stride_y)))
    codec = HeatmapCodec(crop, (width, height), sigma)
    points = torch.tensor([[[across * crop[0], down * crop[1]]]])
    found, score = codec.decode(as_logits(codec.encode(points, visible(points))[0]))
    assert (found - points).norm() < 0.1
    assert 0 < score <= 1


def test_points_at_the_very_border_come_back() -> None:
    codec = HeatmapCodec((256, 128), (64, 32), 2.0)
    points = torch.tensor([[[0.0, 0.0], [256.0, 128.0], [0.0, 128.0], [1.0, 127.5]]])
    found, _ = codec.decode(as_logits(codec.encode(points, visible(points))[0]))
    assert torch.allclose(found, points, atol=0.1)


def test_no_bias_over_sub_cell_places() -> None:
    # A decoder that forgets the half cell, or truncates, has a mean error of half a stride (2 px) here.
    torch.manual_seed(0)
    codec = HeatmapCodec((128, 96), (32, 24), 1.5)
    points = torch.rand(40, 5, 2) * torch.tensor([128.0, 96.0])
    found, _ = codec.decode(as_logits(codec.encode(points, visible(points))[0]))
    assert (found - points).mean(dim=(0, 1)).abs().max() < 0.01


def test_peaks_match_a_brute_force_search() -> None:
    torch.manual_seed(1)
    maps = torch.randn(3, 4, 7, 9)
    places, peak = find_peaks(maps)
    for b in range(3):
        for k in range(4):
            best = max((maps[b, k, y, x].item(), x, y) for y in range(7) for x in range(9))
            assert peak[b, k] == best[0]
            # Refinement never leaves the winning cell.
            assert abs(places[b, k, 0] - (best[1] + 0.5)) <= 0.5
            assert abs(places[b, k, 1] - (best[2] + 0.5)) <= 0.5


def test_a_flat_map_and_a_tiny_map() -> None:
    places, _ = find_peaks(torch.zeros(1, 1, 4, 6))
    assert places.tolist() == [[[0.5, 0.5]]]
    places, peak = find_peaks(torch.tensor([[[[1.0, 3.0]]]]))
    assert places.tolist() == [[[1.5, 0.5]]]
    assert peak.item() == 3.0


def test_score_is_the_unsmoothed_probability() -> None:
    codec = HeatmapCodec((8, 8), (8, 8), 1.0)
    logits = torch.full((1, 2, 8, 8), -6.0)
    logits[0, 0, 3, 4] = 2.0
    _, score = codec.decode(logits)
    assert score[0, 0] == pytest.approx(1 / (1 + math.exp(-2)))
    assert score[0, 1] == pytest.approx(1 / (1 + math.exp(6)))


def test_released_kernel_has_the_published_weights() -> None:
    kernel = smoothing_kernel(128, 0.1)
    assert kernel.shape == (25,)
    assert kernel[0].item() == pytest.approx(0.0299, abs=5e-5)
    assert kernel[12].item() == pytest.approx(0.0464, abs=5e-5)
    assert kernel.sum().item() == pytest.approx(1.0)


def test_released_decoding_is_a_grid_without_the_half_cell() -> None:
    codec = HeatmapCodec((256, 256), (128, 128), 2.0)
    points = torch.tensor([[[101.0, 61.0], [30.7, 200.2]]])
    logits = as_logits(codec.encode(points, visible(points))[0]).clamp(-12, 12)
    plain, score = decode_as_released(logits, 256, smoothing=None)
    assert plain.tolist() == [[[100.0, 60.0], [30.0, 200.0]]]
    assert score[0, 0] > 0.99
    smooth, same = decode_as_released(logits, 256)
    assert (smooth - plain).abs().max() <= 2.0
    assert torch.equal(same, score)


def test_smoothing_prefers_the_broad_peak() -> None:
    logits = torch.full((1, 1, 128, 128), -8.0)
    logits[0, 0, 20, 30] = 4.0  # one lonely cell
    logits[0, 0, 80:91, 60:71] = 1.0  # a plateau
    assert decode_as_released(logits, 256, smoothing=None)[0].tolist() == [[[60.0, 40.0]]]
    # A nearly flat blur over a plateau: anywhere within its half width of the middle (65, 85).
    assert (decode_as_released(logits, 256)[0] - torch.tensor([130.0, 170.0])).abs().max() <= 12


def test_refuses_what_does_not_fit() -> None:
    codec = HeatmapCodec((16, 12), (8, 6), 1.0)
    with pytest.raises(ValueError, match=r"must be \(B, K, 6, 8\)"):
        codec.decode(torch.zeros(1, 1, 8, 6))
    with pytest.raises(ValueError, match="points_xy"):
        codec.encode(torch.zeros(1, 3, 2), torch.zeros(1, 4))
    with pytest.raises(ValueError, match="sigma_cells"):
        HeatmapCodec((16, 16), (8, 8), 0.0)
    with pytest.raises(ValueError, match="square"):
        decode_as_released(torch.zeros(1, 1, 8, 6), 16)
