import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import yaml

from inkpose import demo_stages
from inkpose.demo import DataPlan, DemoOptions, Ledger
from inkpose.stages import Finished
from shared.errors import DataError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def options(tmp_path):
    return DemoOptions("demo", out=tmp_path / "run", data=tmp_path / "data")


@pytest.fixture
def ledger():
    nets = ("task_source", "tagger_whole", "tagger", "segmenter_masks", "segmenter")
    names = ("data/drawn", "data/photo", *(f"train/{net}" for net in nets))
    return Ledger(lambda _: None, {name: Finished(name, 1.0, {"x": f"digest of {name}"}, False) for name in names})


def key(options, ledger, name="pose"):
    return demo_stages.train_stage(options, ledger, name).key


def changed(ledger, name):
    return Ledger(ledger.tell, {**ledger.finished, name: Finished(name, 1.0, {"x": "another"}, False)})


def test_key_depends_on_config_data_and_sources(options, ledger, tmp_path):
    before = key(options, ledger)
    for name in ("data/drawn", "train/task_source", "train/tagger"):
        assert key(options, changed(ledger, name)) != before
    for name in ("data/photo", "train/segmenter"):
        assert key(options, changed(ledger, name)) == before
    config = yaml.safe_load((ROOT / "configs/pose/demo.yaml").read_text())
    (tmp_path / "configs/pose").mkdir(parents=True)
    mine = DemoOptions("demo", out=options.out, data=options.data, configs=tmp_path / "configs")
    copy = tmp_path / "configs/pose/demo.yaml"
    copy.write_text("# another comment\n" + yaml.safe_dump(config))
    assert key(mine, ledger) == before
    config["trainer"]["max_steps"] += 1
    copy.write_text(yaml.safe_dump(config))
    assert key(mine, ledger) != before


def test_sources_of_the_key_are_those_of_the_training(options, ledger):
    assert key(options, changed(ledger, "data/photo"), "task_source") != key(options, ledger, "task_source")
    assert key(options, changed(ledger, "data/drawn"), "task_source") == key(options, ledger, "task_source")


def test_segmenter_takes_the_folders_of_this_run(options, ledger, monkeypatch):
    import segmenter.__main__

    seen = []
    monkeypatch.setattr(segmenter.__main__, "main", lambda args: seen.extend(args) or 0)
    demo_stages.train_stage(options, ledger, "segmenter").work(False)
    shares = json.loads(seen[seen.index("--data.backgrounds") + 1])
    written = yaml.safe_load((ROOT / "configs/segmenter/demo.yaml").read_text())["data"]["backgrounds"]
    assert [share["weight"] for share in shares] == [share["weight"] for share in written]
    assert {share["path"] for share in shares if "path" in share} == {
        str(options.data / "drawn/bg"), str(options.data / "photo/bg"),
    }  # fmt: skip
    assert key(options, changed(ledger, "data/photo"), "segmenter") != key(options, ledger, "segmenter")


def test_small_begins_from_the_nets_of_this_run(ledger, tmp_path, monkeypatch):
    import tagger.__main__

    small = DemoOptions("small", out=tmp_path / "run", data=tmp_path / "data")
    seen = []
    monkeypatch.setattr(tagger.__main__, "main", lambda args: seen.extend(args) or 0)
    for name, begun in (("tagger_whole", "task_source"), ("tagger", "tagger_whole")):
        seen.clear()
        demo_stages.train_stage(small, ledger, name).work(False)
        assert seen[seen.index("--trainer.default_root_dir") + 1] == str(tmp_path / "run" / name)
        assert seen[seen.index("--model.init") + 1] == str(tmp_path / f"run/{begun}/checkpoints/best.ckpt")
        assert seen[seen.index("--data.root") + 1] == str(tmp_path / "data/drawn")
        assert key(small, changed(ledger, f"train/{begun}"), name) != key(small, ledger, name)
    assert key(small, changed(ledger, "train/segmenter_masks"), "segmenter") != key(small, ledger, "segmenter")
    assert key(small, changed(ledger, "data/photo"), "segmenter_masks") != key(small, ledger, "segmenter_masks")
    assert key(small, changed(ledger, "data/photo"), "task_source") != key(small, ledger, "task_source")


@pytest.mark.parametrize("name", ["task_source", "tagger", "segmenter", "pose"])
def test_quick_trains_a_tenth_of_the_steps(options, ledger, name, monkeypatch):
    package = "pose" if name == "task_source" else name
    main = __import__(f"{package}.__main__", fromlist=["main"])
    seen = []
    monkeypatch.setattr(main, "main", lambda args: seen.extend(args) or 0)
    quick = dataclasses.replace(options, quick=True)
    stage = demo_stages.train_stage(quick, ledger, name)
    stage.work(False)
    file = "task_source_demo" if name == "task_source" else "demo"
    written = yaml.safe_load((ROOT / f"configs/{package}/{file}.yaml").read_text())["trainer"]["max_steps"]
    assert int(seen[seen.index("--trainer.max_steps") + 1]) == round(written / 10)
    assert stage.key != key(options, ledger, name)


def test_missing_and_broken_config_are_one_line(options, ledger, tmp_path):
    lost = DemoOptions("demo", out=options.out, data=options.data, configs=tmp_path)
    with pytest.raises(DataError, match="no such config"):
        demo_stages.train_stage(lost, ledger, "tagger")
    (tmp_path / "tagger").mkdir()
    (tmp_path / "tagger/demo.yaml").write_text("a: [")
    with pytest.raises(DataError, match=r"demo\.yaml: cannot be read as YAML"):
        demo_stages.train_stage(lost, ledger, "tagger")


def test_stopped_training_stops_the_demo(options, ledger, monkeypatch):
    import tagger.__main__

    seen = []
    monkeypatch.setattr(tagger.__main__, "main", lambda args: seen.append(args) or 130)
    with pytest.raises(KeyboardInterrupt):
        demo_stages.train_stage(options, ledger, "tagger").work(True)
    assert seen[0][:2] == ["fit", "--config"]
    assert seen[0][-2:] == ["--resume", "true"]
    monkeypatch.setattr(tagger.__main__, "main", lambda args: 2)
    with pytest.raises(SystemExit) as stop:
        demo_stages.train_stage(options, ledger, "tagger").work(False)
    assert stop.value.code == 2


def test_drawn_folder_fits_only_its_own_plan(options):
    plan = DataPlan(drawn=3, photo=2, size=64)
    stage = demo_stages.draw_stage(options, plan, "drawn")
    assert not stage.fits()
    stage.folder.mkdir(parents=True)
    (stage.folder / "dataset.json").write_text(json.dumps(dict(stage.settings)))
    assert stage.fits()
    assert not demo_stages.draw_stage(options, DataPlan(drawn=4, photo=2, size=64), "drawn").fits()


def test_test_pictures_are_of_the_test_split(tmp_path, draw):
    for number in (1, 900, *range(950, 970)):
        draw(tmp_path / f"images/{number % 1000:04d}/{number}.png", width=8, height=8, blocks=())
    ids = [int(path.stem) for path in demo_stages.test_pictures(tmp_path, 5)]
    assert ids == [950, 954, 958, 962, 966]
    for path in tmp_path.glob("images/09[5-9]*/*"):
        path.unlink()
    with pytest.raises(DataError, match="test split"):
        demo_stages.test_pictures(tmp_path, 5)


TINY = {
    "trainer": {"max_steps": 4, "val_check_interval": 2, "limit_val_batches": 2, "precision": "32-true",
                "accelerator": "cpu"},
    "data": {"batch_size": 4, "num_workers": 0, "image_size": 64},
}  # fmt: skip

SCRIPT = textwrap.dedent(
    """
    import sys
    from inkpose import demo
    from inkpose.cli import main
    demo.PLANS["demo"] = demo.DataPlan(1000, 1000, size=64, drawn_characters=(1, 1), photo_characters=(1, 1))
    sys.exit(main(sys.argv[1:]))
    """
)


@pytest.fixture(scope="module")
def tiny_configs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    for package, name in (("pose", "task_source_demo"), ("tagger", "demo"), ("segmenter", "demo"), ("pose", "demo")):
        config = yaml.safe_load((ROOT / "configs" / package / f"{name}.yaml").read_text())
        for section, values in TINY.items():
            config[section].update(values)
        model = config["model"].get("init_args", config["model"])
        if "image_size" in model:
            model["image_size"] = 64
        if "head_side" in model:
            model["head_side"] = 16
        (folder / package).mkdir(exist_ok=True)
        (folder / package / f"{name}.yaml").write_text(yaml.safe_dump(config))
    return folder


def tiny_demo(configs: Path, folder: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-c", SCRIPT, "demo", "--configs", str(configs), "--out", str(folder / "run"),
               "--data", str(folder / "data"), *arguments]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "INKPOSE_DEBUG": "0"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_road(tiny_configs, tmp_path, draw):
    # Stopped while the tagger trains, it goes on; a third run reuses everything; other pictures only predict again.
    drawing = draw(tmp_path / "mine" / "my <b>drawing.png", width=200, height=150)
    stopped = tiny_demo(tiny_configs, tmp_path, "--images", str(tmp_path / "mine"))
    deadline = time.monotonic() + 400
    while (
        not (tmp_path / "run/tagger/started.json").exists() and time.monotonic() < deadline and stopped.poll() is None
    ):
        time.sleep(0.2)
    stopped.send_signal(signal.SIGINT)
    _, told = stopped.communicate(timeout=120)
    assert stopped.returncode == 130, told
    assert "Traceback" not in told
    assert not (tmp_path / "run/tagger/stage.json").exists()

    went_on = tiny_demo(tiny_configs, tmp_path, "--images", str(tmp_path / "mine"))
    shown, told = went_on.communicate(timeout=600)
    assert went_on.returncode == 0, told
    assert [line.split()[0] for line in shown.splitlines() if "done before" in line] == [
        "data/drawn", "data/photo", "train/task_source",
    ]  # fmt: skip
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert "macro_f1" in metrics["tagger"]
    assert "iou" in metrics["segmenter"]
    assert {"pdj@0.2", "oks_ap"} <= set(metrics["pose"])
    assert {"data/drawn", "train/pose", "evaluate/pose", "predict/images"} <= set(metrics["seconds"])
    page = (tmp_path / "run/report.html").read_text()
    assert "my &lt;b&gt;drawing.png" in page
    assert page.count("<svg class=") == 9  # eight training curves, and how far the pose scores can be trusted
    assert page.count("<article") == 9
    best = (tmp_path / "run/pose/checkpoints/best.ckpt").stat().st_mtime_ns

    drawing.rename(drawing.with_name("renamed.png"))
    again = tiny_demo(tiny_configs, tmp_path, "--images", str(tmp_path / "mine"))
    shown, told = again.communicate(timeout=300)
    assert again.returncode == 0, told
    assert [line.split()[0] for line in shown.splitlines() if "done before" not in line] == ["predict/images", "report"]
    assert (tmp_path / "run/pose/checkpoints/best.ckpt").stat().st_mtime_ns == best
