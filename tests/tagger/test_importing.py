from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision

import tagger.importing
from shared.errors import DataError, UsageError
from shared.rulebook.rulebook import load_rulebook
from tagger.importing import _architecture, _read_classes, import_tagger
from tagger.paper_input import paper_square
from tagger.predict import load


@pytest.fixture(autouse=True)
def _groups_from_small_rulebook(small_rulebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rulebook(small_rulebook)
    monkeypatch.setattr(tagger.importing, "load_rulebook", lambda: rules)


def test_released_layout_gives_the_same_logits(tmp_path: Path) -> None:
    source = torchvision.models.resnet18(num_classes=3).eval()
    state = {f"resnet.{name}": value for name, value in source.state_dict().items()}
    torch.save({"state_dict": {**state, "extra.weight": torch.zeros(2)}}, tmp_path / "released.ckpt")
    (tmp_path / "tags.txt").write_text("red_hair\nblue_shirt\nsomething_else\n")
    match = import_tagger(tmp_path / "released.ckpt", tmp_path / "out.ckpt", tmp_path / "tags.txt")
    assert match.missing == ()
    assert match.left_over == ("extra.weight",)
    assert len(match.matched) == len(state)
    predictor = load(tmp_path / "out.ckpt", precision="float32")
    assert predictor.class_groups == ("body", "clothing", "misc")
    assert predictor.supported.all()
    rgb = torch.rand(2, 3, 64, 64)
    normalise = torchvision.transforms.functional.normalize
    expected = source(normalise(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    torch.testing.assert_close(predictor.net(rgb), expected)
    assert predictor.preprocessing == "letterbox"


@pytest.mark.parametrize("backbone", ["resnet18", "resnet34", "resnet50"])
def test_backbone_is_recognised(backbone: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        source = torchvision.models.get_model(backbone, num_classes=2)
    assert _architecture(source.state_dict(), tmp_path) == (backbone, 2)


def test_classes_come_in_three_formats(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([{"name": "a", "group": "body"}, {"name": "b"}]))
    (tmp_path / "c.csv").write_text("tag_id,name,category,count\n1,a,0,5\n2,b,0,3\n")
    (tmp_path / "c.txt").write_text("a\n\nb\n")
    assert _read_classes(tmp_path / "c.json") == (["a", "b"], ["body", "misc"])
    assert _read_classes(tmp_path / "c.csv") == (["a", "b"], ["misc", "misc"])
    assert _read_classes(tmp_path / "c.txt") == (["a", "b"], ["misc", "misc"])


def test_safetensors(tmp_path: Path) -> None:
    source = torchvision.models.resnet18(num_classes=2)
    safetensors.torch.save_file(source.state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "c.txt").write_text("a\nb\n")
    import_tagger(tmp_path / "w.safetensors", tmp_path / "out.ckpt", tmp_path / "c.txt")
    predictor = load(tmp_path / "out.ckpt")
    assert predictor.class_names == ("a", "b")
    assert predictor.limits().tolist() == [0.5, 0.5]
    with pytest.raises(UsageError, match="does not know how precise it is"):
        predictor.limits(0.5)
    assert torch.equal(predictor.net.resnet.conv1.weight, source.conv1.weight)


def test_paper_preprocessing_is_kept(tmp_path: Path) -> None:
    torch.save(torchvision.models.resnet18(num_classes=1).state_dict(), tmp_path / "w.pth")
    (tmp_path / "c.txt").write_text("a\n")
    import_tagger(tmp_path / "w.pth", tmp_path / "out.ckpt", tmp_path / "c.txt", 64, paper_preprocessing=True)
    predictor = load(tmp_path / "out.ckpt")
    image = np.full((10, 40, 3), 200, np.uint8)
    assert predictor.preprocessing == "paper"
    np.testing.assert_array_equal(predictor.prepare(image), paper_square(image, 64))


def test_paper_square_by_hand() -> None:
    # 40 × 10 to side 64: 64 × 16, 24 rows above and below; RGB is letterboxed black, RGBA white
    rgb = np.full((10, 40, 3), 200, np.uint8)
    square = paper_square(rgb, 64)
    assert (square[24:40] == 200).all()
    assert (square[:24] == 0).all()
    assert (square[40:] == 0).all()
    rgba = np.dstack([rgb, np.full((10, 40), 255, np.uint8)])
    assert (paper_square(rgba, 64)[:24] == 255).all()
    assert (paper_square(rgba, 64)[24:40] == 200).all()
    # 100 × 33 to side 50: the short side is int(16.5) = 16, so 17 rows above and 17 below
    tall = paper_square(np.full((33, 100, 3), 9, np.uint8), 50)
    assert np.flatnonzero(tall[:, 0, 0]).tolist() == list(range(17, 33))
    # 10 × 9 to side 10: the odd rest goes above: one row above, none below
    odd = paper_square(np.full((9, 10, 3), 9, np.uint8), 10)
    assert np.flatnonzero(odd[:, 0, 0]).tolist() == list(range(1, 10))
    assert paper_square(np.full((1, 4000, 3), 9, np.uint8), 64).shape == (64, 64, 3)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    torch.save(torchvision.models.resnet18(num_classes=2).state_dict(), tmp_path / "w.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    files = {"one.txt": "a\n", "twice.txt": "a\na\n", "c.json": '{"a": 1}', "nameless.csv": "tag,x\n1,2\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    out = tmp_path / "out.ckpt"
    with pytest.raises(DataError, match="1 names, but the weights have 2"):
        import_tagger(tmp_path / "w.pth", out, tmp_path / "one.txt")
    with pytest.raises(DataError, match="twice"):
        import_tagger(tmp_path / "w.pth", out, tmp_path / "twice.txt")
    with pytest.raises(DataError, match="JSON list"):
        import_tagger(tmp_path / "w.pth", out, tmp_path / "c.json")
    with pytest.raises(DataError, match="entry 1 has no name"):
        import_tagger(tmp_path / "w.pth", out, tmp_path / "nameless.csv")
    with pytest.raises(DataError, match=r"none\.txt"):
        import_tagger(tmp_path / "w.pth", out, tmp_path / "none.txt")
    with pytest.raises(DataError, match="of a ResNet"):
        import_tagger(tmp_path / "other.pth", out, tmp_path / "one.txt")
    assert not out.exists()
