import json
import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as rle

from shared.datamodules.masks import MaskDataModule
from shared.datamodules.sampling import Draw
from shared.errors import DataError
from shared.images import write_jpeg, write_png
from shared.readers.character_bg_seg import locate, read_ids
from shared.readers.coco_masks import read_coco_masks
from shared.readers.folders import pictures_of_split, read_picture_list
from shared.readers.image_trees import open_images
from shared.readers.mask_layouts import read_mask_pairs
from shared.readers.mask_pairs import alpha_of_mask, read_mask_pair
from tests.fixtures_dataset import write_tiny_dataset

REAL = Path(__file__).parents[4] / "shared/data/real_samples"
MASK = np.zeros((20, 30), np.uint8)
MASK[4:16, 8:19] = 255


def _picture(path: Path, size_wh: tuple[int, int] = (30, 20), value: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
    (write_png if path.suffix == ".png" else write_jpeg)(path, array)


def _mask(path: Path, mask: np.ndarray = MASK) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    (write_png if path.suffix == ".png" else write_jpeg)(path, mask)


def test_skytnt_masks_are_thresholded(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _picture(tmp_path / f"imgs/{name}.jpg")
        _mask(tmp_path / f"masks/{name}.jpg")
    listing = read_mask_pairs(tmp_path)
    assert [pair.image.name for pair in listing.pairs] == ["a.jpg", "b.jpg"]
    assert not listing.dropped
    image, alpha = read_mask_pair(listing.pairs[0])
    assert image.shape == (20, 30, 3)
    assert set(np.unique(alpha)) == {0, 255}
    assert ((alpha > 0) != (MASK > 0)).mean() < 0.02


def test_birefnet_at_any_depth_keeps_soft_masks(tmp_path: Path) -> None:
    soft = np.tile(np.linspace(0, 255, 30).astype(np.uint8), (20, 1))
    for folder in ("train/one", "val/two"):
        _picture(tmp_path / folder / "im/x.jpg")
        _mask(tmp_path / folder / "gt/x.png", soft)
        _picture(tmp_path / folder / "an/x.png")
    listing = read_mask_pairs(tmp_path)
    assert [pair.image.parent.parent.name for pair in listing.pairs] == ["one", "two"]
    np.testing.assert_array_equal(read_mask_pair(listing.pairs[0])[1], soft)


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "3.jpg", "3.png", "4.png"):
        _picture(tmp_path / "images" / name)
    for name in ("1.png", "2.jpg", "2.png", "5.png", "3.png"):
        _mask(tmp_path / "masks" / name)
    listing = read_mask_pairs(tmp_path)
    assert [pair.image.name for pair in listing.pairs] == ["1.png"]
    assert listing.dropped == {
        "two pictures of one name": 2,
        "two masks of one name": 2,
        "picture without a mask": 2,  # 2 (its masks are two) and 4
        "mask without a picture": 2,  # 5, and 3 (its pictures are two)
    }


def test_values_of_masks() -> None:
    np.testing.assert_array_equal(alpha_of_mask(MASK // 255), MASK)
    np.testing.assert_array_equal(alpha_of_mask(MASK), MASK)
    np.testing.assert_array_equal(alpha_of_mask(np.array([[0, 1, 7, 200]], np.uint8)), [[0, 1, 7, 200]])
    np.testing.assert_array_equal(alpha_of_mask(np.array([[0, 1, 7]], np.uint8), instances=True), [[0, 255, 255]])
    np.testing.assert_array_equal(alpha_of_mask(np.array([[3, 127, 128]], np.uint8), lossy=True), [[0, 0, 255]])
    np.testing.assert_array_equal(alpha_of_mask(np.array([[3, 128]], np.uint8), lossy=True, instances=True), [[0, 255]])
    assert alpha_of_mask(np.zeros((2, 3), np.uint8)).max() == 0


def test_sizes_that_differ_are_named(tmp_path: Path) -> None:
    _picture(tmp_path / "im/1.png", (31, 20))
    _mask(tmp_path / "gt/1.png")
    (pair,) = read_mask_pairs(tmp_path).pairs
    with pytest.raises(DataError, match=r"gt/1\.png: mask of 30 × 20 for a picture of 31 × 20; make them equal"):
        read_mask_pair(pair)


def _coco(path: Path, **changes: Any) -> None:
    code = rle.encode(np.asfortranarray(MASK // 255))
    document: dict[str, Any] = {
        "images": [
            {"id": 1, "file_name": "000000000001.jpg", "width": 30, "height": 20},
            {"id": 2, "file_name": "000000000002.jpg", "width": 30, "height": 20},
            {"id": 3, "file_name": "000000000003.jpg", "width": 30, "height": 20},
            {"id": 4, "file_name": "gone.jpg", "width": 30, "height": 20},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 0,
             "segmentation": {"size": [20, 30], "counts": code["counts"].decode()}},
            {"id": 2, "image_id": 2, "category_id": 0, "segmentation": [[8, 4, 19, 4, 19, 16, 8, 16]]},
            {"id": 3, "image_id": 2, "category_id": 0, "segmentation": [[0, 0, 3, 0, 3, 2, 0, 2]]},
        ],
        "categories": [{"id": 0, "name": "object", "isthing": 1}],
    }  # fmt: skip
    document.update(changes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def test_coco_masks_of_every_kind(tmp_path: Path) -> None:
    _coco(tmp_path / "annotations/det_train.json")
    for number in (1, 2, 3):
        _picture(tmp_path / f"train/{number:012}.jpg")
    listing = read_mask_pairs(tmp_path)
    assert listing.dropped == {"picture file missing": 1}
    alphas = [read_mask_pair(pair)[1] for pair in listing.pairs]
    np.testing.assert_array_equal(alphas[0], MASK)
    two = MASK.copy()
    two[0:2, 0:3] = 255
    np.testing.assert_array_equal(alphas[1], two)
    assert alphas[2].max() == 0  # no annotation: no character
    flat = MASK.T.ravel() > 0
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.r_[0, edges, flat.size]).tolist()
    segmentation = {"size": [20, 30], "counts": runs}
    crowd = {"id": 9, "image_id": 1, "category_id": 0, "iscrowd": 1, "segmentation": segmentation}
    _coco(tmp_path / "annotations/det_train.json", annotations=[crowd])
    np.testing.assert_array_equal(read_mask_pair(read_mask_pairs(tmp_path).pairs[0])[1], MASK)


def test_coco_counts_only_persons_where_the_file_knows_them(tmp_path: Path) -> None:
    polygons = {7: [[0, 0, 3, 0, 3, 2, 0, 2]], 1: [[8, 4, 19, 4, 19, 16, 8, 16]]}
    rows = [{"id": c, "image_id": 1, "category_id": c, "segmentation": polygons[c]} for c in polygons]
    categories = [{"id": 7, "name": "chair"}, {"id": 1, "name": "person"}]
    _coco(tmp_path / "instances.json", annotations=rows, categories=categories)
    _picture(tmp_path / "images/000000000001.jpg")
    (pair,) = read_coco_masks(tmp_path / "instances.json").pairs
    np.testing.assert_array_equal(read_mask_pair(pair)[1], MASK)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": {}}, "no lists 'images' and 'annotations'"),
        ({"images": [{"id": 1}]}, r"images\[0\]: not a record with id, file_name"),
        ({"images": [{"id": 1, "file_name": "../x.jpg", "width": 1, "height": 1}]}, "leads out of the image folder"),
        ({"annotations": [{"image_id": 1, "category_id": 0}]}, r"annotations\[0\]: no field 'segmentation'"),
        ({}, "none of its 4 pictures lies in"),
    ],
)
def test_wrong_coco_files_are_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    _coco(tmp_path / "x.json", **changes)
    with pytest.raises(DataError, match=message):
        read_coco_masks(tmp_path / "x.json")


def test_wrong_segmentations_are_named(tmp_path: Path) -> None:
    for segment in ([[1, 2, 3]], {"size": [20, 30]}, "x", {"size": [5, 5], "counts": [3, 22]}):
        row = {"id": 1, "image_id": 1, "category_id": 0, "segmentation": segment}
        _coco(tmp_path / "x.json", annotations=[row])
        _picture(tmp_path / "000000000001.jpg")
        with pytest.raises(DataError, match=r"000000000001\.jpg"):
            read_mask_pair(read_coco_masks(tmp_path / "x.json").pairs[0])


def test_no_layout_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        read_mask_pairs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no pictures with masks found; expected images/ and masks/"):
        read_mask_pairs(tmp_path)
    for layout, message in (("birefnet", "no folders im/ and gt/"), ("textures", "no folder with texture.png"),
                            ("coco", r"no \.json file"), ("skytnt", "imgs")):  # fmt: skip
        with pytest.raises(DataError, match=message):
            read_mask_pairs(tmp_path, layout)  # type: ignore[arg-type]


def test_lists_of_ids(tmp_path: Path) -> None:
    for number in (12, 1012, 77):
        _picture(tmp_path / f"original/{number % 1000:04d}/{number}.png")
    lists = [
        ("id,score\n12,3\n77,1\n12,0\n5,1\n", None),
        ("12\n77\n5\n", None),
        ("post\n12\n77\n5\n", None),
        ("x,post_id\n9,12\n9,77\n9,5\n", "post_id"),
    ]
    for text, column in lists:
        (tmp_path / "fg.csv").write_text(text)
        found = locate(read_ids(tmp_path / "fg.csv", column), open_images(tmp_path))
        assert [Path(path).stem for path in found.paths] == ["12", "77"]
        assert found.missing == [5]
    (tmp_path / "fg.csv").write_text("id\n12\nabc\n")
    with pytest.raises(DataError, match=r"fg\.csv:3: 'abc' is no post id"):
        list(read_ids(tmp_path / "fg.csv"))
    (tmp_path / "fg.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column 'id' among a, b"):
        list(read_ids(tmp_path / "fg.csv"))
    (tmp_path / "fg.csv").write_text("")
    with pytest.raises(DataError, match="empty"):
        list(read_ids(tmp_path / "fg.csv"))


def test_lists_of_files_are_relative_to_themselves(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/fg.txt").write_text("../fg/1.png\n\n../fg/ä 2.png\n../fg/950.png\n", encoding="utf-8")
    assert [p.name for p in read_picture_list(tmp_path / "lists/fg.txt")] == ["1.png", "ä 2.png", "950.png"]
    assert [p.name for p in pictures_of_split(tmp_path / "lists/fg.txt", "test")] == ["950.png"]
    with pytest.raises(DataError, match="no such file"):
        pictures_of_split(tmp_path / "gone.txt", "train")


def test_training_mixes_real_pairs_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tiny_dataset(tmp_path / "tiny", 8)
    for number in (1, 2, 960):
        _picture(tmp_path / f"real/im/{number}.png", value=77)
        _mask(tmp_path / f"real/gt/{number}.png")
    _picture(tmp_path / "real/im/3.png")
    settings: dict[str, Any] = {"image_size": 32, "real_pairs": [{"path": str(tmp_path / "real")}], "real_ratio": 0.5}
    with caplog.at_level(logging.WARNING):
        dataset = MaskDataModule(str(tmp_path / "tiny"), **settings).dataset("train")
    assert "3 pictures with masks; passed over: 1 picture without a mask" in caplog.text
    samples = [dataset[Draw(i % 4, i)] for i in range(80)]
    real = [s for s in samples if abs(s["alpha"].mean() / max(1, s["alpha"].max()) - 0.147) < 0.2
            and np.median(s["image"]) in range(40, 140) and s["image"].std() > 0]  # fmt: skip
    assert real
    again = [dataset[Draw(i % 4, i)] for i in range(80)]
    assert all(np.array_equal(a["image"], b["image"]) for a, b in zip(samples, again, strict=True))
    test = MaskDataModule(str(tmp_path / "tiny"), **settings, evaluate_on="real").dataset("test")
    assert len(test) == 1
    assert test[0]["id"] == 960
    with pytest.raises(DataError, match=r"real_ratio 0\.5: there are no real_pairs"):
        MaskDataModule(str(tmp_path / "tiny"), real_ratio=0.5)


def test_folders_of_cutouts_and_backgrounds_are_enough(tmp_path: Path) -> None:
    """The paper's layout: fg/ and bg/ alone; validation sees composites that are always the same."""
    write_tiny_dataset(tmp_path, 12)
    for name in ("images", "masks", "metadata", "annotations"):
        (tmp_path / name).rename(tmp_path / f"unused_{name}")
    datasets = [
        MaskDataModule(str(tmp_path), image_size=32, composed_ratio=0.0, seed=seed, effects={"distractors": 1.0})
        for seed in (0, 1)
    ]
    for split in ("val", "test"):
        first, second = (data.dataset(split) for data in datasets)  # type: ignore[arg-type]
        assert len(first) == 3
        for index in range(3):
            np.testing.assert_array_equal(first[index]["image"], second[index]["image"])
            np.testing.assert_array_equal(first[index]["alpha"], first[index]["alpha"])
        assert len({first[i]["image"].tobytes() for i in range(3)}) == 3
    ids = {int(datasets[0].dataset("val")[i]["id"]) for i in range(3)}
    assert all(900 <= number < 950 for number in ids)


def test_foregrounds_without_alpha_are_refused_with_a_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tiny_dataset(tmp_path, 12)
    _picture(tmp_path / "fg/2.png")
    opaque = cv2.cvtColor(np.full((20, 30, 3), 9, np.uint8), cv2.COLOR_RGB2RGBA)
    write_png(tmp_path / "fg/1.png", np.asarray(opaque, np.uint8))
    with caplog.at_level(logging.WARNING):
        dataset = MaskDataModule(str(tmp_path), image_size=32, composed_ratio=0.0).dataset("train")
        samples = [dataset[Draw(i % 6, i)] for i in range(12)]
    assert "1 of 6 foregrounds have no alpha channel, left out" in caplog.text
    assert "fg/1.png: no useful alpha" in caplog.text  # seen only when it is decoded; another takes its place
    assert len(samples) == 12
    for path in (tmp_path / "fg").iterdir():
        _picture(path)
    with pytest.raises(DataError, match="none of its 6 foregrounds has an alpha channel"):
        MaskDataModule(str(tmp_path), composed_ratio=0.0).dataset("train")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples are not here")
def test_real_layouts() -> None:
    drawings = read_mask_pairs(REAL / "animated_drawings")
    assert [pair.image.parent.name for pair in drawings.pairs] == ["char1", "char2", "char5"]
    for pair in drawings.pairs:
        image, alpha = read_mask_pair(pair)
        assert image.shape[:2] == alpha.shape
        assert set(np.unique(alpha)) == {0, 255}
        assert 0.1 < (alpha > 0).mean() < 0.9
    photos = read_mask_pairs(REAL / "coco_photos")
    assert len(photos.pairs) == 17
    covers = [(read_mask_pair(pair)[1] > 0).mean() for pair in photos.pairs]
    assert min(covers) == 0  # some photos hold no person
    assert 0.1 < max(covers) < 0.95
