from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from inkpose.cli import main
from shared.errors import DataError, UsageError
from tagger.module import TaggerModule
from tagger.predict import load
from tagger.saved import read_saved
from tagger.thresholds import NEVER

SIDE = 32


@pytest.fixture(scope="module")
def checkpoint(small_rulebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    module = TaggerModule("resnet18", image_size=SIDE, rulebook=str(small_rulebook))
    module.set_counts(torch.tensor([3] * 10 + [0]), 10)
    module.thresholds = torch.linspace(0.3, 0.6, 11, dtype=torch.float64)
    steps = torch.arange(9, dtype=torch.float64)
    module.precise_thresholds = (module.thresholds[:, None] + steps / 10).clamp(max=NEVER)
    for norm in (m for m in module.net.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2.0)
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(content)
    path = tmp_path_factory.mktemp("export") / "best.ckpt"
    torch.save(content, path)
    return path


@pytest.fixture(scope="module")
def folder(checkpoint: Path) -> Path:
    pytest.importorskip("onnxruntime")
    out = checkpoint.parent / "out"
    assert main(["export", "tagger", "--checkpoint", str(checkpoint), "--out", str(out), "--onnx"]) == 0
    return out


def pictures(count: int = 5) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (20 + 7 * i, 40, 3), dtype=np.uint8) for i in range(count)]


def test_the_folder_says_all_the_checkpoint_says(checkpoint: Path, folder: Path) -> None:
    before, after = read_saved(checkpoint), read_saved(folder)
    for name in ("backbone", "class_names", "class_groups", "image_size", "samples", "preprocessing", "rulebook"):
        assert getattr(after, name) == getattr(before, name), name
    assert torch.equal(after.positives, before.positives)
    assert torch.equal(after.thresholds, before.thresholds)
    assert after.precise_thresholds is not None
    assert torch.allclose(after.precise_thresholds, before.precise_thresholds, atol=1e-6)
    assert torch.equal(after.precise_thresholds == NEVER, before.precise_thresholds == NEVER)
    assert after.state.keys() == before.state.keys()
    assert all(torch.equal(after.state[name], before.state[name]) for name in before.state)
    np.testing.assert_array_equal(load(folder).predict(pictures()), load(checkpoint).predict(pictures()))


def test_onnx_with_any_batch_computes_the_same(checkpoint: Path, folder: Path) -> None:
    import onnxruntime

    tagger = load(checkpoint, precision="float32")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    squares = np.stack([tagger.prepare(image) for image in pictures()])
    for count in (1, 2, 5):
        probabilities, logits, embedding = session.run(None, {"image": squares[:count]})
        batch = torch.from_numpy(squares[:count]).permute(0, 3, 1, 2)
        expected = tagger.engine(batch)
        assert np.abs(logits - expected.logits.numpy()).max() <= 1e-4
        assert np.abs(embedding - expected.embedding.numpy()).max() <= 1e-4
        assert np.abs(probabilities - tagger.predict(pictures(count))).max() <= 1e-4
        assert (probabilities[:, -1] == 0).all(), "the class that was not taught"
    told = session.get_modelmeta().custom_metadata_map
    assert tuple(json.loads(told["inkpose.class_names"])) == tagger.class_names
    assert json.loads(told["inkpose.thresholds"]) == tagger.thresholds.tolist()
    assert os.fsencode(Path(__file__).parent.parent.parent) not in (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
@pytest.mark.parametrize("source", ["checkpoint", "folder"])
def test_backends_give_the_same_tags(backend: str, source: str, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("onnxruntime" if backend == "onnx" else "openvino")
    path: Path = request.getfixturevalue(source)
    torch_tagger = load(path, precision="float32")
    other = load(path, backend=backend, precision="float32")
    expected, found = torch_tagger.predict(pictures(), 2), other.predict(pictures(), 2)
    assert np.abs(found - expected).max() <= 1e-4
    for row, other_row in zip(expected, found, strict=True):
        assert [t.name for t in other.tags(other_row)] == [t.name for t in torch_tagger.tags(row)]
    with pytest.raises(ValueError, match="backend torch"):
        _ = other.net


def test_tables_beside_the_weights(folder: Path) -> None:
    rows = list(csv.DictReader((folder / "selected_tags.csv").open()))
    names = load(folder).class_names
    assert [(row["tag_id"], row["name"], row["category"]) for row in rows[:2]] == [
        ("0", names[0], "0"),
        ("1", names[1], "0"),
    ]
    assert [int(row["count"]) for row in rows] == [3] * 10 + [0]
    rows = list(csv.DictReader((folder / "thresholds.csv").open()))
    np.testing.assert_allclose([float(row["threshold"]) for row in rows], load(folder).thresholds, atol=1e-6)
    card = (folder / "README.md").read_text()
    assert "11 (4 body, 4 clothing, 3 misc)" in card
    assert "10; the others are never told" in card
    assert "model.onnx" in card


def test_half_precision_halves_the_file_and_keeps_the_tags(checkpoint: Path, tmp_path: Path) -> None:
    for name, more in {"whole": [], "half": ["--half"]}.items():
        assert main(["export", "tagger", "--checkpoint", str(checkpoint), "--out", str(tmp_path / name), *more]) == 0
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.52 * sizes[1]
    exact, half = (load(p, precision="float32").predict(pictures()) for p in (checkpoint, tmp_path / "half"))
    assert 0 < np.abs(exact - half).max() < 5e-3
    assert "model.onnx" not in (tmp_path / "half/README.md").read_text()


def test_wrong_input_is_one_line_and_writes_nothing(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.txt").write_text("x")
    (tmp_path / "cut.ckpt").write_bytes(checkpoint.read_bytes()[:1000])
    for file, out in ((checkpoint, "mine"), (tmp_path / "cut.ckpt", "a"), (tmp_path / "none.ckpt", "b")):
        assert main(["export", "tagger", "--checkpoint", str(file), "--out", str(tmp_path / out)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.ckpt", "mine"]


def test_a_foreign_model_beside_the_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["classes"][0]["name"] = "another"
    (tmp_path / "config.json").write_text(json.dumps(config))
    for name in ("model.safetensors", "model.onnx"):
        (tmp_path / name).symlink_to(folder / name)
    with pytest.raises(DataError, match="not those of the folder"):
        load(tmp_path, backend="onnx")
    with pytest.raises(UsageError, match="on the CPU"):
        load(tmp_path, backend="onnx", device="cuda")
    with pytest.raises(UsageError, match="backend mps"):
        load(tmp_path, backend="mps")  # type: ignore[arg-type]
    config["classes"][0].pop("group")
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="not a whole tagger"):
        load(tmp_path)
