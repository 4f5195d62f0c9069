"""Crop, net, decode and way back: places land where they should, absent joints say so."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pose.codecs.heatmap import HeatmapCodec
from pose.crops import to_picture
from pose.predict import PosePredictor
from pose.sources.mask_rcnn import MaskRcnnBranch
from shared.geometry import apply_to_points, compose, rotation, scaling, square_crop, translation
from shared.keypoints.schema import COCO_25


class RedFinder(nn.Module):
    """Answers every joint with where the crop is red; left joints only half as sure."""

    def forward(self, rgb: Tensor) -> Tensor:
        red = (rgb[:, :1] - rgb[:, 1:2]).clamp(0, 1)
        probability = nn.functional.avg_pool2d(red, 4).repeat(1, len(COCO_25), 1, 1)
        left = torch.tensor([name.startswith("left") for name in COCO_25.names])
        return torch.logit(probability * (1 - 0.5 * left.view(1, -1, 1, 1).float()), eps=1e-5)


def predictor(gate: float = 0.3, flip_test: bool = False) -> PosePredictor:
    codec = HeatmapCodec((128, 128), (32, 32), 1.0)
    gates = np.full(len(COCO_25), gate, np.float32)
    net: object = RedFinder()
    return PosePredictor(net, codec, 0.1, gates, precision="float32", flip_test=flip_test)  # type: ignore[arg-type]


def spot(width: int, height: int, x: float, y: float, radius: float = 6.0) -> np.ndarray:
    """Returns a white picture with a soft red spot about (x, y)."""
    across, down = np.arange(width) + 0.5 - x, np.arange(height) + 0.5 - y
    bell = np.exp(-(across[None] ** 2 + down[:, None] ** 2) / (2 * radius**2))
    image = np.full((height, width, 3), 255.0)
    image[..., 1:] *= 1 - bell[..., None]
    return image.round().astype(np.uint8)


@pytest.mark.parametrize("flip_test", [False, True])
@pytest.mark.parametrize("place", [(70.0, 40.0), (93.5, 81.25), (30.5, 60.0)])
def test_a_spot_is_found_in_picture_pixels(place: tuple[float, float], flip_test: bool) -> None:
    image = spot(150, 110, *place)
    (found,) = predictor(flip_test=flip_test).predict([image], [[(20.0, 10.0, 130.0, 100.0)]])
    assert found.shape == (1, 25, 3)
    assert found.dtype == np.float32
    right = [i for i, name in enumerate(COCO_25.names) if not name.startswith("left")]
    # A cell is (110 · 1.1)/32 = 3.8 px wide; the answer is much finer.
    assert np.abs(found[0, right, :2] - place).max() < 0.3
    assert found[0, right, 2].min() > 0.6  # mirrored, right joints are averaged with left ones


def test_below_the_gate_is_absent_with_its_score_kept() -> None:
    image = spot(150, 110, 70, 40)
    box = [(20.0, 10.0, 130.0, 100.0)]
    strict, lax = predictor(gate=0.6), predictor(gate=0.3)
    left = COCO_25.index("left_knee")
    assert np.isnan(strict.predict([image], [box])[0][0, left, :2]).all()
    assert 0.3 < strict.predict([image], [box])[0][0, left, 2] < 0.6
    assert np.isfinite(lax.predict([image], [box])[0][0, left]).all()
    assert np.isfinite(strict.locate([image], [box])[0]).all()


def test_outside_the_picture_is_absent() -> None:
    # A white picture: the best cell is the crop's first one, in the padding above and left of the picture.
    blank = np.full((60, 40, 3), 255, np.uint8)
    (found,) = predictor(gate=0.0).predict([blank], [[(0.0, 0.0, 40.0, 60.0)]])
    assert np.isnan(found[..., :2]).all()
    (located,) = predictor(gate=0.0).locate([blank], [[(0.0, 0.0, 40.0, 60.0)]])
    assert (located[0, :, 0] < 0).all()


def test_many_pictures_and_boxes_keep_their_order() -> None:
    images = [spot(150, 110, 70, 40), np.zeros((50, 50, 3), np.uint8), spot(90, 130, 30, 80)]
    boxes = [[(20.0, 10.0, 130.0, 100.0), (40.0, 10.0, 100.0, 70.0)], [], [(0.0, 40.0, 90.0, 130.0)]]
    found = predictor().predict(images, boxes, batch_size=2)
    assert [len(rows) for rows in found] == [2, 0, 1]
    assert found[1].shape == (0, 25, 3)
    for rows, place in ((found[0], (70, 40)), (found[2], (30, 80))):
        assert np.abs(rows[:, 0, :2] - place).max() < 0.3
    alone = [predictor().predict([images[i]], [boxes[i]])[0] for i in range(3)]
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(found, alone, strict=True))


def test_bad_boxes_are_refused() -> None:
    with pytest.raises(ValueError, match="box_xyxy"):
        predictor().predict([spot(50, 50, 20, 20)], [[(10.0, 10.0, 10.0, 10.0)]])
    with pytest.raises(ValueError, match="zip"):
        predictor().predict([spot(50, 50, 20, 20)], [])


def test_to_picture_is_the_inverse() -> None:
    rng = np.random.default_rng(0)
    affines = [
        compose(square_crop((10, 20, 60, 200), 128), rotation(rng.uniform(-30, 30)), scaling(1.1), translation(3, -4))
        for _ in range(5)
    ]
    points = rng.uniform(-50, 300, (5, 25, 2))
    moved = np.stack([apply_to_points(a, p) for a, p in zip(affines, points, strict=True)])
    back = to_picture(torch.from_numpy(moved), torch.from_numpy(np.stack(affines)))
    assert np.allclose(back.numpy(), points, atol=1e-6)


def test_decoding_of_the_release() -> None:
    one = predictor()
    one.decoding = "released"
    points, score = one.decode(one.logits(torch.zeros(1, 3, 128, 128, dtype=torch.uint8)))
    assert points.shape == (1, 25, 2)
    assert (points % 4 == 0).all()
    assert ((score >= 0) & (score <= 1)).all()


def test_large_maps_go_through_a_processor_few_at_a_time() -> None:
    class Enlarging(RedFinder):
        def __init__(self) -> None:
            super().__init__()
            self.source = MaskRcnnBranch(input_side=800)
            self.seen: list[int] = []

        def forward(self, rgb: Tensor) -> Tensor:
            self.seen.append(len(rgb))
            return super().forward(rgb)

    net = Enlarging()
    codec = HeatmapCodec((128, 128), (32, 32), 1.0)
    large = PosePredictor(net, codec, 0.1, np.zeros(25, np.float32), precision="float32", flip_test=False)  # type: ignore[arg-type]
    crops = torch.randint(0, 256, (5, 3, 128, 128), dtype=torch.uint8)
    assert torch.allclose(large.logits(crops), predictor().logits(crops), atol=1e-6)
    assert net.seen == [2, 2, 1]
