"""Characters that touch, told apart: targets, decoding, and a head that learns beside a finished segmenter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from segmenter.components import characters
from segmenter.instance_head import STRIDE
from segmenter.instance_loss import instance_loss, instance_targets
from segmenter.instance_metrics import InstanceMetrics
from segmenter.module import SegmenterModule
from segmenter.owners import Place, centres_of, owner_map
from segmenter.predict import load
from shared.errors import DataError, UsageError

TINY = {"backbone": "compact", "output_stride": 16, "atrous_rates": [1, 2], "pyramid_channels": 32, "skip_strides": [4]}
SIDE = 64


def _numbers() -> np.ndarray:
    """Two blocks side by side, 24 × 32 and 16 × 32 pixels, and a speck."""
    numbers = np.zeros((SIDE, SIDE), np.uint8)
    numbers[16:48, 8:32], numbers[16:48, 32:48], numbers[2:4, 2:4] = 1, 2, 3
    return numbers


def _perfect_maps(numbers: np.ndarray) -> np.ndarray:
    heat, offsets, _ = instance_targets(torch.from_numpy(numbers)[None])
    return torch.cat([heat[:, None], offsets], dim=1)[0].numpy()


def test_targets_are_the_middle_and_the_way_to_it() -> None:
    heat, offsets, inside = instance_targets(torch.from_numpy(_numbers())[None])
    assert heat.shape == inside.shape == (1, 16, 16)
    # The blocks' middles: (20, 32) and (40, 32) pixels are (5, 8) and (10, 8) cells, between cells 4|5 and 7|8.
    assert heat[0, 7:9, 4:6].min() == heat[0].max() > 0.8
    assert heat[0, 7:9, 9:11].min() > 0.8
    assert heat[0, :3, :3].max() < 0.01, "a speck teaches nothing"
    assert inside[0].sum() == (24 + 16) * 32 // STRIDE**2
    x, y = torch.meshgrid(torch.arange(16) + 0.5, torch.arange(16) + 0.5, indexing="xy")
    for column, middle in ((4, 5.0), (10, 10.0)):
        assert float(x[8, column] + offsets[0, 0, 8, column]) == pytest.approx(middle)
        assert float(y[8, column] + offsets[0, 1, 8, column]) == pytest.approx(8.0)
    assert (offsets[0][:, ~inside[0]] == 0).all()


def test_the_truth_costs_next_to_nothing_and_anything_else_more() -> None:
    numbers = torch.from_numpy(_numbers())[None]
    perfect = torch.from_numpy(_perfect_maps(_numbers()))[None]
    perfect[:, 0] = perfect[:, 0].clamp(1e-4, 1 - 1e-4).logit()
    least = float(instance_loss(perfect, numbers))
    assert least < 1e-3
    assert float(instance_loss(perfect + torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1), numbers)) == pytest.approx(
        least + 0.1, abs=1e-4
    )
    with pytest.raises(ValueError, match="sides"):
        instance_loss(perfect[..., :-1], numbers)


def test_a_mask_of_one_character_may_say_255() -> None:
    numbers = np.where(_numbers() == 1, np.uint8(255), np.uint8(0))
    assert np.allclose(_perfect_maps(numbers), _perfect_maps(np.minimum(numbers, 1)))


def test_touching_blocks_are_parted_where_they_touch() -> None:
    numbers = _numbers()
    owners = owner_map(_perfect_maps(numbers), SIDE, Place(0, 0, SIDE, SIDE), (SIDE, SIDE))
    assert owners is not None
    found = characters((numbers > 0).astype(np.float32), owners=owners)
    assert [c.box_xyxy for c in found] == [(8, 16, 32, 48), (32, 16, 48, 48)]
    together = characters((numbers > 0).astype(np.float32))
    assert [c.box_xyxy for c in together] == [(8, 16, 48, 48)]


def test_owners_lie_where_the_picture_lay_in_the_square() -> None:
    """A picture of 128 × 64 pixels, shrunk to 64 × 32 in the middle of the square."""
    numbers = _numbers()
    owners = owner_map(_perfect_maps(numbers), SIDE, Place(0, 16, SIDE, 32), (128, 64))
    assert owners is not None
    assert owners.shape == (64, 128)
    assert (owners[:, 20:60] == owners[10, 20]).all()
    assert (owners[:, 68:90] == owners[10, 80]).all()
    assert owners[10, 20] != owners[10, 80]


def test_one_character_needs_no_owners() -> None:
    numbers = np.where(_numbers() == 1, np.uint8(1), np.uint8(0))
    assert owner_map(_perfect_maps(numbers), SIDE, Place(0, 0, SIDE, SIDE), (SIDE, SIDE)) is None
    assert len(centres_of(np.zeros((16, 16), np.float32))) == 0


def test_little_shares_of_a_piece_go_to_the_neighbour() -> None:
    probability = np.zeros((40, 60), np.float32)
    probability[5:35, 5:55] = 0.9
    owners = np.ones((40, 60), np.uint8)
    owners[:, 30:] = 2
    owners[5:8, 5:9], owners[30:35, 50:55] = 2, 3  # far from its own; of nobody large
    first, second = characters(probability, owners=owners)
    assert first.box_xyxy in ((5, 5, 30, 35), (30, 5, 55, 35))
    assert {first.box_xyxy[0], second.box_xyxy[0]} == {5, 30}
    assert not (first.mask & second.mask).any()
    assert np.array_equal(first.mask | second.mask, probability > 0.5)


def test_an_owner_of_nothing_but_fragments_keeps_the_largest() -> None:
    probability = np.full((60, 60), 0.9, np.float32)
    owners = np.ones((60, 60), np.uint8)
    for row in range(0, 60, 8):
        for column in range(0, 60, 8):
            owners[row : row + 3, column : column + 3] = 2  # 64 of 9 pixels: each far below a twentieth of them all
    owners[40:44, 40:44] = 2
    first, second = characters(probability, owners=owners)
    assert not (first.mask & second.mask).any()
    assert np.array_equal(first.mask | second.mask, probability > 0.5)
    assert second.box_xyxy == (40, 40, 44, 44)


def test_pieces_of_one_owner_are_one_character() -> None:
    """Somebody behind a table, and another beside: what is above and below it belongs together."""
    probability = np.zeros((40, 60), np.float32)
    probability[5:20, 5:25], probability[25:35, 5:25], probability[5:35, 25:50] = 0.9, 0.8, 0.7
    probability[:, 24:26] = 0.9
    probability[20:25, :24] = 0
    owners = np.where(np.arange(60) < 25, np.uint8(4), np.uint8(9))[None].repeat(40, axis=0)
    probability[:5, 24:26] = probability[35:, 24:26] = 0
    right, left = characters(probability, owners=owners, min_certainty=0)
    assert (left.box_xyxy, right.box_xyxy) == ((5, 5, 25, 35), (25, 5, 50, 35))
    assert left.score == pytest.approx(float(probability[left.mask].mean()))
    apart = np.zeros((40, 60), np.float32)
    apart[5:20, 5:25], apart[25:35, 5:25] = 0.9, 0.8
    assert len(characters(apart)) == 2
    (one,) = characters(apart, owners=owners)
    assert one.box_xyxy == (5, 5, 25, 35)
    assert one.score == pytest.approx((15 * 0.9 + 10 * 0.8) / 25)


def test_panoptic_quality() -> None:
    numbers = _numbers()
    blocks = [numbers == 1, numbers == 2]
    perfect = InstanceMetrics()
    perfect.update(blocks, numbers)
    assert perfect.compute() == {"pq": 1.0, "rq": 1.0, "sq": 1.0, "right_count": 1.0, "characters": 2.0}
    joined = InstanceMetrics()
    joined.update([numbers > 0], numbers)  # 24 of 40 columns: the larger one is found, at 0.6
    values = joined.compute()
    assert values["rq"] == pytest.approx(2 / 3)
    assert values["sq"] == pytest.approx(24 * 32 / (40 * 32 + 4))
    assert values["right_count"] == 0
    nothing = InstanceMetrics()
    nothing.update([], numbers)
    assert (nothing.compute()["pq"], nothing.compute()["rq"]) == (0, 0)


class _Pairs(Dataset[dict[str, torch.Tensor]]):
    """Batches of two discs that overlap, each of its own colour, on blue noise."""

    def __init__(self, length: int, numbered: bool = True) -> None:
        self.length, self.numbered = length, numbered

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng(index % 4)
        image = rng.integers(60, 110, (6, SIDE, SIDE, 3), dtype=np.uint8)
        numbers = np.zeros((6, SIDE, SIDE), np.uint8)
        y, x = np.mgrid[:SIDE, :SIDE]
        for picture, mask in zip(image, numbers, strict=True):
            cx, cy = rng.uniform(22, 42, 2)
            turn, apart = rng.uniform(0, 2 * np.pi), 12
            for number, sign in ((1, -1), (2, 1)):
                disc = np.hypot(x - cx - sign * apart * np.cos(turn), y - cy - sign * apart * np.sin(turn)) < 13
                picture[disc], mask[disc] = (220, 120 + 60 * sign, 90), number
        batch = {
            "image": torch.from_numpy(image).permute(0, 3, 1, 2),
            "alpha": torch.from_numpy(np.where(numbers > 0, np.uint8(255), np.uint8(0)))[:, None],
            "instances": torch.from_numpy(numbers)[:, None],
            "id": torch.arange(6),
        }
        if not self.numbered:
            del batch["instances"]
        return batch


def _fit(module: SegmenterModule, steps: int, numbered: bool = True) -> pl.Trainer:
    trainer = pl.Trainer(
        max_steps=steps, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
    )  # fmt: skip
    loaders = [DataLoader(_Pairs(count, numbered), batch_size=None) for count in (steps, 4)]
    trainer.fit(module, *loaders)
    return trainer


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segmenter of the discs, in a checkpoint."""
    pl.seed_everything(0)
    module = SegmenterModule(**TINY, dropout=0.0, lr=4e-3, dice_weight=1.0)  # type: ignore[arg-type]
    path = tmp_path_factory.mktemp("masks") / "masks.ckpt"
    _fit(module, 40).save_checkpoint(path)
    return path


def test_the_head_learns_and_the_masks_stay(finished: Path, tmp_path: Path) -> None:
    pl.seed_everything(0)
    module = SegmenterModule(**TINY, dropout=0.0, lr=4e-3, instances=True, init=str(finished))  # type: ignore[arg-type]
    trainer = _fit(module, 60)
    assert float(trainer.callback_metrics["val/rq"]) > 0.9
    assert float(trainer.callback_metrics["val/right_count"]) > 0.9
    trainer.save_checkpoint(tmp_path / "apart.ckpt")
    before, after = load(finished, bf16=False), load(tmp_path / "apart.ckpt", bf16=False)
    state = after.net.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in before.net.state_dict().items())
    images = [image.permute(1, 2, 0).numpy() for image in _Pairs(1)[0]["image"]]
    assert all(np.array_equal(*maps) for maps in zip(before.predict(images), after.predict(images), strict=True))
    assert before.owners(images) == [None] * 6
    parted = after.owners(images)
    assert sum(owners is not None for owners in parted) >= 5
    metrics = InstanceMetrics()
    for probability, owners, numbers in zip(after.predict(images), parted, _Pairs(1)[0]["instances"], strict=True):
        metrics.update([c.mask for c in characters(probability, owners=owners)], numbers[0].numpy())
    assert metrics.compute()["rq"] > 0.8
    assert load(tmp_path / "apart.ckpt", apart=False).owners(images) == [None] * 6
    strip = np.concatenate(images, axis=1)
    assert after.owners([strip]) == [None], "seen in windows, where nobody can tell"


def test_what_cannot_be_the_start_is_refused(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished segmenter"):
        SegmenterModule(**TINY, instances=True)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dice_weight"):
        SegmenterModule(**TINY, instances=True, init=str(finished), dice_weight=1.0)  # type: ignore[arg-type]
    state = torch.load(finished, weights_only=True)["state_dict"]
    torch.save({key: value for key, value in state.items() if "final_head" not in key}, tmp_path / "part.pth")
    module = SegmenterModule(**TINY, instances=True, init=str(tmp_path / "part.pth"))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"part\.pth: no finished segmenter"):
        _fit(module, 1)
    module = SegmenterModule(**TINY, instances=True, init=str(finished))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"data\.instances"):
        _fit(module, 1, numbered=False)
