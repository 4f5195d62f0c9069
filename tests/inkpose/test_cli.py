import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkpose.cli import main

ROOT = Path(__file__).parents[2]
COMMANDS = ("predict", "tag", "segment", "eval", "synth", "demo", "report", "rulebook")


def python(code: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_help_is_quick_and_imports_no_torch():
    code = (
        "import sys\nfrom inkpose.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'torch', 'cv2', 'pytorch_lightning', 'numpy', 'PIL', 'jinja2'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy), code)"
    )
    for arguments in (["--help"], ["predict", "--help"], ["demo", "--help"]):
        start = time.perf_counter()
        done = python(code, *arguments)
        seconds = time.perf_counter() - start
        assert "HEAVY [] 0" in done.stdout, done.stdout + done.stderr
        assert seconds < 3  # about 0.4 on a free machine; the rest is for a busy one


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"inkpose {command}" in shown.replace("Usage: ", "")
    assert "Example" in shown or command == "rulebook"


def test_without_arguments_it_shows_help(capsys):
    assert main([]) == 0
    assert "predict" in capsys.readouterr().out


def test_help_names_all_commands(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in COMMANDS)


def refused(capsys, *arguments) -> str:
    """Runs a command that must be refused with exit code 2 and one line; returns the line."""
    assert main([str(argument) for argument in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    return told.err


def test_typos_are_one_line(capsys):
    assert "--ouut" in refused(capsys, "predict", "x.png", "--ouut", "y")
    assert "predikt" in refused(capsys, "predikt", "x.png")
    assert "--out" in refused(capsys, "segment", "x.png")
    assert "--count" in refused(capsys, "synth", "--out", "x", "--count", "many")


def test_wrong_inputs_of_predict(capsys, tmp_path, weights, draw):
    picture = draw(tmp_path / "a.png")
    (tmp_path / "empty_folder").mkdir()
    out = tmp_path / "out"
    use = ["--out", out, "--weights", weights, "--device", "cpu"]
    assert "nowhere.png" in refused(capsys, "predict", tmp_path / "nowhere.png", *use)
    assert "no pictures" in refused(capsys, "predict", tmp_path / "empty_folder", *use)
    assert "is a file" in refused(capsys, "predict", picture, "--out", picture, "--weights", weights)
    assert "make demo" in refused(capsys, "predict", picture, "--out", out, "--weights", tmp_path / "none")
    assert "--device tpu" in refused(capsys, "predict", picture, *use[:-1], "tpu")
    assert "--threshold" in refused(capsys, "predict", picture, *use, "--threshold", "2")
    assert not out.exists()


@pytest.mark.parametrize("kind", ["empty", "truncated", "text", "too_large"])
def test_single_bad_picture_fails_and_is_named(kind, capsys, tmp_path, weights, draw):
    bad = tmp_path / f"{kind}.png"
    whole = draw(tmp_path / "a.png").read_bytes()
    bad.write_bytes({"empty": b"", "truncated": whole[:60], "text": b"hello", "too_large": whole}[kind])
    code = main(
        ["predict", str(bad), "--out", str(tmp_path / "out"), "--weights", str(weights), "--device", "cpu",
         "--pixel-limit", "2000"]
    )  # fmt: skip
    told = capsys.readouterr().err.splitlines()
    assert code == 2
    assert len(told) == 2
    assert told[0].startswith("refused: ")
    assert bad.name in told[0]
    [line] = (tmp_path / "out/predictions.jsonl").read_text().splitlines()
    assert bad.name in json.loads(line)["error"]


def test_folder_with_one_bad_picture_succeeds_and_names_it(capsys, tmp_path, weights, draw):
    draw(tmp_path / "pics/sub/good.png")
    (tmp_path / "pics/bad\n.png").write_bytes(b"hello")
    out = tmp_path / "out"
    assert (
        main(["predict", str(tmp_path / "pics"), "--out", str(out), "--weights", str(weights), "--device", "cpu"]) == 0
    )
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "bad .png" in told.err
    assert "1 refused" in told.out
    assert (out / "overlays/sub/good.png").is_file()


def test_eval_refuses_what_it_cannot_score(capsys, tmp_path, weights):
    data = tmp_path / "data"
    checkpoint = weights / "segmenter/checkpoints/best.ckpt"
    assert "no such data" in refused(capsys, "eval", "segmenter", "--checkpoint", checkpoint, "--data", data)
    data.mkdir()
    use = ["--checkpoint", checkpoint, "--data", data]
    assert "not of tagger" in refused(capsys, "eval", "tagger", *use)
    assert "not of pose" in refused(capsys, "eval", "pose", *use)
    assert str(data) in refused(capsys, "eval", "segmenter", *use)
    assert "no such subsystem" in refused(capsys, "eval", "tager", *use)
    assert "--split tset" in refused(capsys, "eval", "segmenter", *use, "--split", "tset")
    (tmp_path / "junk.ckpt").write_bytes(b"junk" * 100)
    for name in ("tagger", "segmenter", "pose"):
        assert "junk.ckpt" in refused(capsys, "eval", name, "--checkpoint", tmp_path / "junk.ckpt", "--data", data)


def test_eval_prints_a_table_and_writes_json(capsys, tmp_path, weights):
    from tests.fixtures_dataset import write_tiny_dataset

    data = tmp_path / "data"
    write_tiny_dataset(data, count=12)
    for name, metric in (("tagger", "macro_f1"), ("segmenter", "iou"), ("pose", "pdj@0.2")):
        target = tmp_path / f"{name}.json"
        checkpoint = weights / name / "checkpoints/best.ckpt"
        arguments = ["eval", name, "--checkpoint", str(checkpoint), "--data", str(data), "--json", str(target)]
        assert main(arguments) == 0
        assert metric.replace("_", " ") in capsys.readouterr().out
        assert metric in json.loads(target.read_text())


def test_synth_options(capsys, tmp_path):
    assert "0-4" in refused(capsys, "synth", "--out", tmp_path / "d", "--count", 2, "--characters", "3-1")
    assert "--out" in refused(capsys, "synth", "--count", 2)
    assert "not a number" in refused(capsys, "synth", "--out", tmp_path / "d", "--count", 2, "--characters", "x")
    assert "--style" in refused(capsys, "synth", "--out", tmp_path / "d", "--count", 2, "--style", "oil")


def test_synth_draws_a_data_set(tmp_path):
    out = tmp_path / "d"
    assert (
        main(["synth", "--out", str(out), "--count", "3", "--size", "64", "--characters", "1-2", "--workers", "1"]) == 0
    )
    assert json.loads((out / "dataset.json").read_text())["count"] == 3
    assert len(list((out / "images").rglob("*.jpg"))) == 3


def test_report_refusals(capsys, tmp_path):
    assert "no such run" in refused(capsys, "report", tmp_path / "none")
    assert "nothing to report" in refused(capsys, "report", tmp_path)


def test_demo_refusals(capsys, tmp_path):
    assert "--preset tiny" in refused(capsys, "demo", "--preset", "tiny")
    assert "--only all" in refused(capsys, "demo", "--only", "all")
    assert "no such file" in refused(capsys, "demo", "--images", tmp_path / "none", "--out", tmp_path / "run")


def test_interrupt_and_bugs_are_one_line(monkeypatch, capsys, tmp_path):
    import inkpose.demo

    def stop(*_):
        raise KeyboardInterrupt

    def bug(*_):
        raise RuntimeError("oh\nno")

    monkeypatch.delenv("INKPOSE_DEBUG", raising=False)
    monkeypatch.setattr(inkpose.demo, "run_demo", stop)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"
    monkeypatch.setattr(inkpose.demo, "run_demo", bug)
    assert main(["demo"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("INKPOSE_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["demo"])


def test_file_names_that_are_not_text_reach_the_terminal(tmp_path):
    missing = str(tmp_path / os.fsdecode(b"caf\xe9\n.png"))
    done = python(
        "import sys\nfrom inkpose.cli import main\nsys.exit(main(sys.argv[1:]))",
        *("predict", missing, "--out", str(tmp_path / "out")),
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "caf\\udce9 .png: no such file" in done.stderr
