from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from shared.errors import DataError
from shared.exporting.card import model_card
from shared.exporting.names import is_exported
from shared.exporting.weights import read_exported, rounded, write_exported

TENSORS = {
    "a.weight": torch.tensor([[1.0, 2.00048828125], [0.1, -3.0]]),
    "a.var": torch.tensor([1e-9, 1e6]),
    "steps": torch.tensor(7),
}


def test_round_trip_is_exact(tmp_path: Path) -> None:
    write_exported(tmp_path, "tagger", {"x": 1}, TENSORS)
    for path in (tmp_path, tmp_path / "config.json", tmp_path / "model.safetensors"):
        assert is_exported(path)
        config, tensors = read_exported(path, "tagger")
        assert config["x"] == 1
        assert {name: value.tolist() for name, value in tensors.items()} == {k: v.tolist() for k, v in TENSORS.items()}


def test_half_rounds_matrices_only(tmp_path: Path) -> None:
    write_exported(tmp_path, "tagger", {}, TENSORS, "float16")
    tensors = read_exported(tmp_path, "tagger").tensors
    assert tensors["a.weight"].dtype == torch.float32
    assert tensors["a.weight"][0, 1] == 2.0, "between 2 and 4, float16 has steps of 1/512"
    assert tensors["a.var"].tolist() == TENSORS["a.var"].tolist(), "1e-9 is 0 in float16, 1e6 infinite"
    assert tensors["steps"] == 7
    for name, value in rounded(TENSORS, "float16").items():
        assert torch.equal(value, tensors[name])


def test_eight_bits_round_each_row_by_its_own_scale(tmp_path: Path) -> None:
    rows = torch.tensor([[127.0, 1.4, -126.6], [0.0127, 0.00004, -0.01], [0.0, 0.0, 0.0]])
    tensors = TENSORS | {"rows": rows, "filters": rows.view(3, 1, 1, 3)}
    write_exported(tmp_path, "tagger", {}, tensors, "int8")
    read = read_exported(tmp_path, "tagger").tensors
    assert read.keys() == tensors.keys()
    expected = torch.tensor([[127.0, 1.0, -127.0], [0.0127, 0.0, -0.01], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(read["rows"], expected, rtol=1e-6, atol=1e-9)
    assert torch.equal(read["filters"].flatten(), read["rows"].flatten())
    assert read["a.var"].tolist() == TENSORS["a.var"].tolist()
    assert read["steps"] == 7
    for name, value in rounded(tensors, "int8").items():
        assert torch.equal(value, read[name])
    assert json.loads((tmp_path / "config.json").read_text())["inkpose"]["format"] == 2
    whole = tmp_path / "whole"
    whole.mkdir()
    write_exported(whole, "tagger", {}, {"big": torch.ones(200, 300)})
    write_exported(tmp_path, "tagger", {}, {"big": torch.ones(200, 300)}, "int8")
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tmp_path, whole)]
    assert sizes[0] < 0.27 * sizes[1]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    write_exported(tmp_path, "segmenter", {}, TENSORS)
    with pytest.raises(DataError, match="an exported segmenter, not a tagger"):
        read_exported(tmp_path, "tagger")
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{broken}")
    with pytest.raises(DataError, match="not a readable safetensors"):
        read_exported(tmp_path, "segmenter")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(DataError, match="no such file"):
        read_exported(tmp_path, "segmenter")
    (tmp_path / "config.json").write_text(json.dumps({"inkpose": {"kind": "tagger", "format": 99}}))
    with pytest.raises(DataError, match="format 99"):
        read_exported(tmp_path, "tagger")
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(DataError, match="inkpose export"):
        read_exported(tmp_path, "tagger")


def test_card_is_markdown_with_front_matter() -> None:
    card = model_card("T", "S.", {"a|b": "1"}, [("Use", "text")], ["tagging"])
    assert card.startswith("---\nlibrary_name: inkpose\n")
    assert "| a\\|b | 1 |" in card
    assert card.index("## Use") < card.index("## Limits")
