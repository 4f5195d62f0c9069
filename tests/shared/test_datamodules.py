import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningDataModule

from shared.batches import to_float
from shared.datamodules import tags as tags_module
from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.sampling import Draw
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError
from shared.images import read_mask, read_rgb
from shared.keypoints.schema import COCO_25, JointState
from tests.fixtures_dataset import spread_ids, write_tiny_dataset
from tests.shared.tiny_rulebook import TinyRulebook


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_dataset(folder, 16)
    return folder


@pytest.fixture(autouse=True)
def _tiny_rulebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags_module, "load_rulebook", lambda source: TinyRulebook())


MODULES = [TagDataModule, MaskDataModule, PoseDataModule]


def _batches(loader: Any) -> list[dict[str, torch.Tensor]]:
    return list(loader)


@pytest.mark.parametrize("module", MODULES)
def test_batches_of_every_split(module: type[LightningDataModule], root: Path) -> None:
    data = module(str(root), image_size=48, batch_size=3, num_workers=0)
    data.setup("fit")
    train, val, test = (
        _batches(loader()) for loader in (data.train_dataloader, data.val_dataloader, data.test_dataloader)
    )
    assert all(len(batch["id"]) == 3 for batch in train)
    for batch in train + val + test:
        image = batch["image"]
        assert image.dtype == torch.uint8
        assert image.shape[1:] == (3, 48, 48)
        assert image.is_contiguous(memory_format=torch.channels_last)
        assert to_float(image).is_contiguous(memory_format=torch.channels_last)
        assert batch["id"].dtype == torch.int64
    ids = spread_ids(16)
    assert {int(i) for batch in val for i in batch["id"]} == {i for i in ids if 900 <= i < 950}
    assert {int(i) for batch in test for i in batch["id"]} == {i for i in ids if i >= 950}
    assert {int(i) for batch in train for i in batch["id"]} <= {i for i in ids if i < 900}


@pytest.mark.parametrize("module", MODULES)
def test_workers_change_nothing(module: type[LightningDataModule], root: Path) -> None:
    epochs = []
    for workers in (0, 2):
        data = module(str(root), image_size=32, batch_size=2, num_workers=workers, seed=3)
        loader = data.train_dataloader()
        epoch = _batches(loader)
        loader.sampler.set_epoch(1)
        epochs.append((epoch, _batches(loader)))
    for first, second in zip(*epochs, strict=True):
        for one, other in zip(first, second, strict=True):
            assert all(torch.equal(one[key], other[key]) for key in one)
    pixels = [batch["image"] for epoch in epochs[0] for batch in epoch]
    assert len({image.numpy().tobytes() for image in pixels}) == len(pixels)  # never the same twice


@pytest.mark.parametrize("module", MODULES)
def test_seed_changes_training_and_augment_false_is_clean(module: type[LightningDataModule], root: Path) -> None:
    images = [
        next(iter(module(str(root), image_size=32, batch_size=4, num_workers=0, seed=s).train_dataloader()))["image"]
        for s in (0, 1)
    ]
    assert not torch.equal(*images)
    dataset = module(str(root), image_size=32, augment=False).dataset("train")
    np.testing.assert_array_equal(dataset[Draw(1, 5)]["image"], dataset[1]["image"])


def test_tag_labels_and_counts(root: Path) -> None:
    data = TagDataModule(str(root), image_size=96, num_workers=0)
    assert data.class_names == TinyRulebook.class_names
    assert data.class_groups == TinyRulebook.class_groups
    rows = [json.loads(line) for line in (root / "metadata/posts.jsonl").read_text().splitlines()]
    truth = {row["id"]: TinyRulebook().label(row["tag_string_general"].split()) for row in rows}
    train = [label for image_id, label in truth.items() if image_id < 900]
    counts, number = data.positive_counts()
    assert number == len(train) == 8
    np.testing.assert_array_equal(counts, np.sum(train, axis=0))
    for batch in _batches(data.val_dataloader()):
        for image_id, labels in zip(batch["id"], batch["labels"], strict=True):
            np.testing.assert_array_equal(labels, truth[int(image_id)])
    square = next(s for s in map(data.dataset("val").__getitem__, range(4)) if s["id"] % 2)
    path = root / f"images/{square['id'] % 1000:04d}/{square['id']}.jpg"
    np.testing.assert_array_equal(square["image"], read_rgb(path))  # 96 × 96 already: nothing resampled


def test_tag_pictures_are_letterboxed_on_white(root: Path) -> None:
    wide = next(s for s in map(TagDataModule(str(root)).dataset("val").__getitem__, range(4)) if s["id"] % 2 == 0)
    image = wide["image"]  # 120 × 96 in 96 × 96: a tenth of white above and below
    assert (image[:9] == 255).all()
    assert (image[-9:] == 255).all()
    assert (image[48] < 255).any()


def test_tag_filters_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tiny_dataset(tmp_path, 8)
    posts = tmp_path / "metadata/posts.jsonl"
    rows = [json.loads(line) for line in posts.read_text().splitlines()]
    rows[0]["rating"] = "e"
    rows[1]["file_ext"] = "png"  # lies there as .jpg
    (tmp_path / f"images/{rows[2]['id']:04d}/{rows[2]['id']}.jpg").unlink()
    posts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with caplog.at_level(logging.INFO):
        data = TagDataModule(str(tmp_path))
        sizes = {split: len(data.pictures(split)) for split in ("train", "val", "test")}
    assert sizes == {"train": 2, "val": 2, "test": 2}
    assert "6 pictures; left out: 1 rating explicit, 1 no picture file" in caplog.text
    with pytest.raises(DataError, match="no post of rating questionable"):
        TagDataModule(str(tmp_path), rating=["q"]).setup()
    with pytest.raises(DataError, match="'safe': not a rating"):
        TagDataModule(str(tmp_path), rating=["safe"])


def test_mask_truth(root: Path) -> None:
    dataset = MaskDataModule(str(root), image_size=96).dataset("test")
    for i in range(len(dataset)):
        sample = dataset[i]
        mask = read_mask(root / f"masks/{sample['id']}.png")
        if mask.shape == (96, 96):
            np.testing.assert_array_equal(sample["alpha"], (mask > 0) * 255)
            assert sample["weight"].all()
        else:  # 120 × 96, letterboxed to 96 × 76.8
            np.testing.assert_array_equal(np.flatnonzero(sample["weight"].all(axis=1)), np.arange(10, 86))
            assert sample["alpha"][sample["weight"] == 0].max() <= 128
            assert abs((sample["alpha"] > 127).sum() / 0.64 - (mask > 0).sum()) < 0.05 * (mask > 0).sum()


def test_mask_training_mixes_composites_and_pictures(root: Path) -> None:
    def paths(ratio: float) -> tuple[int, int]:
        source = MaskDataModule(str(root), composed_ratio=ratio).dataset("train").source
        return len(source.pictures.pairs), len(source.pictures.foregrounds)

    assert paths(0.3) == (8, 8)
    assert paths(0.0) == (0, 8)
    assert paths(1.0) == (8, 0)
    dataset = MaskDataModule(str(root), image_size=48).dataset("train")
    samples = [dataset[Draw(i % 8, i)] for i in range(60)]
    cover = np.array([(sample["alpha"] > 127).mean() for sample in samples])
    padded = np.array([not sample["weight"].all() for sample in samples])
    assert (cover == 0).sum() >= 1  # some scenes are empty
    assert cover.max() > 0.25
    assert 4 <= padded.sum() <= 30  # about 0.3 × 60 are whole pictures, most of them moved off the square
    assert not MaskDataModule(str(root), composite=False).dataset("train").source.pictures.foregrounds


HARD = {
    "effects": {"distractors": 1.0, "background_tone": 0.5, "foreground_tone": 0.5, "restyle": 0.5, "plain": 0.0},
    "backgrounds": [{"procedural": "clutter", "weight": 3}],
}


def test_mask_sources_mix_by_weight(root: Path, tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path, 4)
    fg, other, bg = root / "fg", tmp_path / "fg", root / "bg"
    data = MaskDataModule(
        str(tmp_path / "nowhere"),
        image_size=32,
        composed_ratio=0.0,
        foregrounds=[{"path": str(fg), "weight": 3}, {"path": str(other)}],
        backgrounds=[{"path": str(bg)}, {"procedural": "clutter", "weight": 2}],
    )
    source = data.dataset("train").source
    assert len(source) == 8 + 2
    rng = np.random.default_rng(0)
    folders = [source.composites.foregrounds.choose(rng)[0].parent for _ in range(400)]
    assert 0.68 < folders.count(fg) / 400 < 0.82  # 3 / 4, four standard errors
    generated = [source.composites.backgrounds.choose(rng) == () for _ in range(400)]
    assert 0.57 < np.mean(generated) < 0.76


def test_mask_effects_keep_the_truth_and_can_be_replayed(root: Path) -> None:
    def samples() -> list[dict[str, Any]]:
        dataset = MaskDataModule(str(root), image_size=48, composed_ratio=0.0, seed=4, **HARD).dataset("train")
        return [dataset[Draw(i % 8, i)] for i in range(40)]

    first, again = samples(), samples()
    plain = MaskDataModule(str(root), image_size=48, composed_ratio=0.0, seed=4).dataset("train")
    for one, other in zip(first, again, strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)
    cover = [
        np.mean([s["alpha"].mean() for s in group]) for group in (first, [plain[Draw(i % 8, i)] for i in range(40)])
    ]
    assert 0.7 < cover[0] / cover[1] < 1.4  # distractors are nowhere in the truth
    rough = [
        np.mean([np.abs(np.diff(s["image"].astype(int), axis=0)).mean() for s in group])
        for group in (first, [plain[Draw(i % 8, i)] for i in range(40)])
    ]
    assert rough[0] > 1.3 * rough[1]


def test_mask_samples_tell_whose_a_pixel_is_on_request(root: Path) -> None:
    assert "instances" not in MaskDataModule(str(root), image_size=96).dataset("test")[0]
    module = MaskDataModule(str(root), image_size=96, composed_ratio=0.5, instances=True, seed=1, **HARD)
    composed = [module.dataset("val")[index] for index in range(3)]
    for sample in composed:
        truth = read_mask(root / f"masks/{sample['id']}.png")
        assert set(np.unique(sample["instances"])) == set(np.unique(truth))
        # The alpha is resampled and so soft at edges; the numbers are the nearest pixel's.
        sure = np.isin(sample["alpha"], (0, 255))
        assert np.array_equal((sample["instances"] > 0)[sure], (sample["alpha"] > 0)[sure])
    fresh = [module.dataset("train").source.composites.make(0, np.random.default_rng(seed)) for seed in range(12)]
    assert max(sample["instances"].max() for sample in fresh) >= 2
    for sample in fresh:
        assert np.array_equal(sample["instances"] > 0, (sample["alpha"] > 127) & (sample["instances"] > 0))
        missed = (sample["alpha"] > 127) & (sample["instances"] == 0)
        assert missed.mean() < 0.01, "two half transparent edges, one over the other"
    batch = next(iter(MaskDataModule(str(root), 48, batch_size=2, num_workers=0, instances=True).val_dataloader()))
    assert batch["instances"].shape == (2, 1, 48, 48)


def test_mask_share_of_empty_scenes(root: Path) -> None:
    data = MaskDataModule(str(root), image_size=16, composed_ratio=0.0, effects={"empty": 0.5})
    counts = [
        data.dataset("train").source.composites.scatter.sample_count(np.random.default_rng(i)) for i in range(300)
    ]
    assert 0.38 < np.mean([count == 0 for count in counts]) < 0.62  # four standard errors
    empty = MaskDataModule(str(root), image_size=16, composed_ratio=0.0, effects={"empty": 1.0}).dataset("train")
    assert max(empty[Draw(i, i)]["alpha"].max() for i in range(8)) == 0


def test_mask_backgrounds_in_the_characters_own_colors(tmp_path: Path) -> None:
    from shared.images import write_png

    write_tiny_dataset(tmp_path, 4)
    red = np.zeros((40, 20, 4), np.uint8)
    red[5:35, 5:15] = (220, 30, 30, 255)
    for path in (tmp_path / "fg").iterdir():
        write_png(path, red)

    def redness(share: float) -> float:
        effects = {"own_colors": share, "plain": 0.0, "line_art": 0.0, "empty": 0.0}
        source: Any = (
            MaskDataModule(str(tmp_path), image_size=48, composed_ratio=0.0, effects=effects).dataset("train").source
        )
        samples = [source.composites.make(0, np.random.default_rng(i)) for i in range(20)]
        ground = np.concatenate([sample["image"][sample["alpha"] == 0] for sample in samples]).astype(int)
        return float((ground[:, 0] - ground[:, 1:].max(axis=1)).mean())

    assert redness(1.0) > 40 > redness(0.0) + 20


def test_mask_placement(root: Path) -> None:
    placement: Any = {"count_weights": [0.0, 1.0], "scale_range": [0.5, 0.6], "min_visible": 0.5}
    data = MaskDataModule(str(root), image_size=16, composed_ratio=0.0, placement=placement, effects={"empty": 0.25})
    scatter = data.dataset("train").source.composites.scatter
    assert scatter.count_weights == (0.25, 0.0, 0.75)  # a quarter empty, else two
    assert scatter.scale_range == (0.5, 0.6)
    assert scatter.min_visible == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"placement": {"scale_range": [2, 1]}}, "data.placement: .*scale low"),
        ({"placement": {"count_weights": []}}, "data.placement: "),
        ({"placement": {"scale": 1}}, "data.placement: no setting 'scale'; there are count_weights"),
        ({"effects": {"distracters": 0.5}}, "data.effects: no effect 'distracters'; there are plain, empty"),
        ({"effects": {"plain": 15}}, "data.effects.plain: 15 is not a share"),
        ({"backgrounds": []}, "data.backgrounds: an empty list"),
        ({"backgrounds": [{"weight": 1}]}, r"data.backgrounds\[0\]: {weight: 1}; give either path or procedural"),
        ({"foregrounds": [{"path": "x", "weight": 0}]}, r"data.foregrounds\[0\]: weight 0 is not a number above 0"),
        ({"foregrounds": [{"path": "x"}]}, "x: no such file or folder"),
        ({"instances": True, "masks": "alpha"}, "instances: masks: alpha cannot say whose a pixel is"),
        ({"instances": True, "real_pairs": [{"path": "x"}]}, "instances: real_pairs cannot say whose a pixel is"),
    ],
)
def test_mask_settings_that_are_wrong_are_named(root: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        MaskDataModule(str(root), **settings).dataset("train")


def test_mask_size_mismatch_is_named(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path, 4)
    (tmp_path / "masks/950.png").write_bytes((tmp_path / "masks/1.png").read_bytes())
    with pytest.raises(DataError, match=r"masks/950\.png: mask of 96 × 96 for a picture of 120 × 96"):
        MaskDataModule(str(tmp_path)).dataset("test")[0]
    for mask in (tmp_path / "masks").iterdir():
        mask.rename(mask.with_name(f"other{mask.name}"))
    with pytest.raises(DataError, match="masks"):
        MaskDataModule(str(tmp_path)).dataset("val")


def test_soft_masks_are_kept_on_request(tmp_path: Path) -> None:
    from shared.images import write_png

    write_tiny_dataset(tmp_path, 2, ids=[1, 951])
    write_png(tmp_path / "masks/951.png", np.full((96, 96), 77, np.uint8))
    alpha = MaskDataModule(str(tmp_path), image_size=96, masks="alpha").dataset("test")[0]["alpha"]
    assert (alpha == 77).all()
    assert (MaskDataModule(str(tmp_path), image_size=96).dataset("test")[0]["alpha"] == 255).all()


def test_pose_crop_is_true(root: Path) -> None:
    data = PoseDataModule(str(root), image_size=64)
    rows = {
        row["id"]: row
        for row in json.loads((root / "annotations/person_keypoints_val.json").read_text())["annotations"]
    }
    dataset = data.dataset("val")
    for i in range(len(dataset)):
        sample = dataset[i]
        row = rows[int(sample["annotation_id"])]
        x, y, width, height = row["bbox"]
        np.testing.assert_array_equal(sample["box_xywh"], row["bbox"])
        assert sample["area"] == row["area"]
        scale = 64 / (1.1 * max(width, height))
        np.testing.assert_allclose(sample["affine"][:, :2], np.eye(2) * scale, rtol=1e-5)
        triples = np.array(row["keypoints"] + row["midpoints"], float).reshape(25, 3)
        expected = (triples[:, :2] - (x + width / 2, y + height / 2)) * scale + 32
        placed = triples[:, 2] > 0
        np.testing.assert_allclose(sample["points_xy"][placed], expected[placed], atol=1e-3)
        assert (sample["points_xy"][~placed] == 0).all()
        assert (sample["state"][~placed] == JointState.OUTSIDE).all()
        inside = placed & ((expected >= 0) & (expected < 64)).all(axis=1)
        np.testing.assert_array_equal(sample["state"][inside], triples[inside, 2])
        assert (sample["state"][placed & ~inside] == JointState.OUTSIDE).all()


def test_pose_augmentation_moves_image_and_points_together(root: Path) -> None:
    dataset = PoseDataModule(str(root), image_size=96).dataset("train")
    dataset.source.color.__init__(0.0)  # only geometry: eyes keep their colour
    eyes = [COCO_25.index("left_eye"), COCO_25.index("right_eye")]
    seen = flips = 0
    for i in range(60):
        sample = dataset[Draw(i % len(dataset), i)]
        flips += int(np.linalg.det(sample["affine"][:, :2]) < 0)
        shoulder = [sample["points_xy"][COCO_25.index(f"{s}_shoulder")] for s in ("left", "right")]
        up = -(sample["points_xy"][COCO_25.index("nose")] - sum(shoulder) / 2)
        if (sample["state"][[*eyes, 5, 6, 0]] == JointState.VISIBLE).all():
            seen += 1
            for eye in eyes:
                x, y = sample["points_xy"][eye].astype(int)
                assert sample["image"][y, x].mean() < 140  # a dark pupil on light skin
            # seen from the front, the character's left is on its right as one looks along its body, flipped or not
            across = shoulder[0] - shoulder[1]
            assert up[0] * across[1] - up[1] * across[0] < 0
    assert seen > 20
    assert 15 < flips < 45


def test_pose_augmentation_of_no_strength_only_mirrors(root: Path) -> None:
    weak = PoseDataModule(str(root), image_size=64, augment_strength=0.0).dataset("train")
    half = PoseDataModule(str(root), image_size=64, augment_strength=0.5).dataset("train")
    mirrored = turned = 0
    for i in range(20):
        clean, sample = weak[i % len(weak)], weak[Draw(i % len(weak), i)]
        flipped = np.linalg.det(sample["affine"][:, :2]) < 0
        mirrored += int(flipped)
        # A mirrored grid is sampled its own way, and the training decodes its JPEGs smaller.
        change = np.abs(sample["image"].astype(int) - (clean["image"][:, ::-1] if flipped else clean["image"]))
        assert change.mean() < 2
        linear = half[Draw(i % len(half), i)]["affine"][:, :2]
        turned = max(turned, abs(np.degrees(np.arctan2(linear[1, 0], linear[1, 1]))))
    assert 3 < mirrored < 17
    assert 5 < turned <= 15
    with pytest.raises(ValueError, match="strength"):
        PoseDataModule(str(root), augment_strength=-1.0).dataset("train")


def test_pose_leaves_out_and_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tiny_dataset(tmp_path, 16)
    path = tmp_path / "annotations/person_keypoints_train.json"
    document = json.loads(path.read_text())
    rows = document["annotations"]
    rows[0]["iscrowd"] = 1
    rows[1]["keypoints"], rows[1]["out_of_picture"] = [0] * 51, [False] * 17
    rows[2]["bbox"] = [4, 4, 0, 10]
    path.write_text(json.dumps(document))
    with caplog.at_level(logging.INFO):
        characters = PoseDataModule(str(tmp_path)).characters("train")
    assert len(characters) == len(rows) - 3
    for text in ("'crowds': 1", "'without a labelled joint': 1", "'with an empty box': 1"):
        assert text in caplog.text


def _move_images(root: Path, place: Callable[[int], str]) -> None:
    for split in ("train", "val", "test"):
        path = root / f"annotations/person_keypoints_{split}.json"
        document = json.loads(path.read_text())
        for image in document["images"]:
            image["file_name"] = f"{image['id']}.jpg"
            target = root / place(image["id"]).format(split=split)
            target.parent.mkdir(parents=True, exist_ok=True)
            (root / f"images/{image['id'] % 1000:04d}/{image['id']}.jpg").rename(target)
        path.write_text(json.dumps(document))
        path.rename(path.with_name(f"person_keypoints_{split}2017.json"))


@pytest.mark.parametrize("place", ["{{split}}2017/{id}.jpg", "images/{{split}}2017/{id}.jpg", "images/{id}.jpg"])
def test_pose_reads_cocos_own_layout(place: str, tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path, 8)
    _move_images(tmp_path, lambda image_id: place.format(id=image_id))
    assert PoseDataModule(str(tmp_path), image_size=16).dataset("train")[0]["image"].shape == (16, 16, 3)


def test_pose_missing_things_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no person_keypoints_val\.json or person_keypoints_val2017\.json"):
        PoseDataModule(str(tmp_path)).val_dataloader()
    write_tiny_dataset(tmp_path, 4)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"picture 0900/900\.jpg is not below"):
        PoseDataModule(str(tmp_path)).val_dataloader()


def test_unreadable_picture_is_skipped_in_training_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tiny_dataset(tmp_path, 8)
    for image_id in (3, 901):
        (tmp_path / f"images/{image_id:04d}/{image_id}.jpg").write_bytes(b"broken")
    data = TagDataModule(str(tmp_path), batch_size=4, num_workers=0)
    (batch,) = _batches(data.train_dataloader())
    assert len(batch["id"]) == 4
    assert 3 not in batch["id"]
    assert "3.jpg: not a picture" in caplog.text
    with pytest.raises(DataError, match=r"901\.jpg: not a picture"):
        _batches(data.val_dataloader())
    for image_id in (1, 2, 4):
        (tmp_path / f"images/{image_id:04d}/{image_id}.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="nine samples after it"):
        _batches(data.train_dataloader())


def test_to_float() -> None:
    assert to_float(torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)).flatten().tolist() == pytest.approx(
        [0, 0.2, 1]
    )
    with pytest.raises(ValueError, match="must be uint8"):
        to_float(torch.zeros(1, 3, 2, 2))


def test_poses_of_further_folders_are_learned_from_but_not_judged_by(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "a", ids=spread_ids(40))
    write_tiny_dataset(tmp_path / "b", ids=spread_ids(20))
    alone = PoseDataModule(str(tmp_path / "a"), image_size=32)
    both = PoseDataModule(str(tmp_path / "a"), image_size=32, more_roots=[str(tmp_path / "b")])
    more = PoseDataModule(str(tmp_path / "b"), image_size=32)
    counts = {split: len(both.characters(split)) for split in ("train", "val", "test")}
    assert counts["train"] == len(alone.characters("train")) + len(more.characters("train"))
    assert counts["val"] == len(alone.characters("val"))
    assert counts["test"] == len(alone.characters("test"))
    place = len(alone.characters("train"))
    sample, expected = both.dataset("train")[place], more.dataset("train")[0]
    assert np.array_equal(sample["image"], expected["image"])
    assert np.array_equal(sample["points_xy"], expected["points_xy"])
