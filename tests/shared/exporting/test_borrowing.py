"""Two exported nets that share tensors: stored once, read as if each had its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from shared.errors import DataError, UsageError
from shared.exporting.weights import read_exported, write_exported
from shared.files import read_json, write_json

COMMON = torch.arange(1200, dtype=torch.float32).reshape(3, 400) / 7
LENT = {"a.weight": COMMON, "a.bias": torch.tensor([1.0, 2.0]), "b.weight": COMMON + 1}
OWN = {
    "source.a.weight": COMMON.clone(),
    "source.a.bias": torch.tensor([1.0, 2.0]),
    "head.weight": COMMON + 2,
    "nearly": torch.nextafter(COMMON, COMMON + 1),
    "turned": COMMON.T,
}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    lender, borrower = tmp_path / "tagger", tmp_path / "pose"
    lender.mkdir()
    borrower.mkdir()
    write_exported(lender, "tagger", {}, LENT)
    write_exported(borrower, "pose", {"x": 1}, OWN, lender=lender)
    return lender, borrower


def test_a_borrower_reads_as_one_that_has_all(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (pair[1], pair[1] / "config.json", pair[1] / "model.safetensors"):
        config, tensors = read_exported(path, "pose")
        assert config["x"] == 1
        assert tensors.keys() == OWN.keys()
        assert all(torch.equal(tensors[name], OWN[name]) for name in OWN)
    monkeypatch.chdir(pair[1])
    assert read_exported(Path(), "pose").tensors.keys() == OWN.keys()


def test_only_equal_matrices_are_borrowed(pair: tuple[Path, Path]) -> None:
    told = read_json(pair[1] / "config.json")["inkpose"]
    assert told["format"] == 2
    assert told["borrowed"]["tensors"] == {"source.a.weight": "a.weight"}
    assert read_json(pair[0] / "config.json")["inkpose"]["format"] == 1


def test_in_half_precision_what_rounds_alike_is_shared(tmp_path: Path) -> None:
    for name in ("tagger", "pose"):
        (tmp_path / name).mkdir()
    write_exported(tmp_path / "tagger", "tagger", {}, LENT, "float16")
    write_exported(tmp_path / "pose", "pose", {}, OWN, "float16", lender=tmp_path / "tagger")
    told = read_json(tmp_path / "pose/config.json")["inkpose"]
    assert {"source.a.weight", "nearly"} == told["borrowed"]["tensors"].keys()
    tensors = read_exported(tmp_path / "pose", "pose").tensors
    assert torch.equal(tensors["source.a.weight"], COMMON.half().float())


def test_nothing_in_common_is_an_ordinary_export(tmp_path: Path) -> None:
    for name in ("tagger", "pose"):
        (tmp_path / name).mkdir()
    write_exported(tmp_path / "tagger", "tagger", {}, LENT)
    write_exported(tmp_path / "pose", "pose", {}, {"other": COMMON + 5}, lender=tmp_path / "tagger")
    assert read_json(tmp_path / "pose/config.json")["inkpose"] == {"kind": "pose", "format": 1, "precision": "float32"}


def test_a_lender_that_is_gone_or_another_is_told(pair: tuple[Path, Path], tmp_path: Path) -> None:
    alone = shutil.copytree(pair[1], tmp_path / "elsewhere" / "pose")
    with pytest.raises(DataError, match=r"no such file.*side by side"):
        read_exported(alone, "pose")
    write_exported(pair[0], "tagger", {}, LENT | {"b.weight": COMMON + 9})
    with pytest.raises(DataError, match=r"not the file that .*pose borrows from"):
        read_exported(pair[1], "pose")
    (pair[0] / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(DataError, match="not a readable safetensors"):
        read_exported(pair[1], "pose")


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], "tagger", {}, {"folder": "tagger"},
        {"folder": "../tagger"}, {"folder": ".."}, {"folder": ""}, {"folder": 5}, {"folder": "/etc"},
        {"folder": "a\0b"},
        {"sha256": 5}, {"tensors": 5}, {"tensors": {"x": "no such name"}}, {"tensors": {"x": 5}},
    ],
)  # fmt: skip
def test_a_config_that_lies_is_refused(pair: tuple[Path, Path], wrong: object) -> None:
    config = read_json(pair[1] / "config.json")
    borrowed = config["inkpose"]["borrowed"]
    whole = isinstance(wrong, dict) and len(wrong) == 1 and wrong != {"folder": "tagger"}
    config["inkpose"]["borrowed"] = borrowed | wrong if whole and isinstance(wrong, dict) else wrong
    write_json(pair[1] / "config.json", config)
    with pytest.raises(DataError) as told:
        read_exported(pair[1], "pose")
    assert "\n" not in str(told.value)
    assert json.dumps(str(told.value))


def test_a_lender_elsewhere_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "deep/pose").mkdir(parents=True)
    with pytest.raises(UsageError, match="beside"):
        write_exported(tmp_path / "deep/pose", "pose", {}, OWN, lender=pair[0])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no such file"):
        write_exported(pair[1], "pose", {}, OWN, lender=tmp_path / "empty")
