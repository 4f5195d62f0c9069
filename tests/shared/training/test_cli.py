from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
import yaml

from shared.datamodules.loaders import SampleDataset, eval_loader
from shared.errors import DataError
from shared.training.batch_seeds import batch_seed
from shared.training.checkpoints import load_checkpoint
from shared.training.cli import run
from tests.shared.training.toy_run import Numbers, ToyData, ToyModule


def command(root: Path, *extra: str, epochs: int = 2) -> list[str]:
    return [
        "fit", f"--trainer.default_root_dir={root}", f"--trainer.max_epochs={epochs}", "--trainer.accelerator=cpu",
        "--trainer.enable_model_summary=false", "--checkpoint.monitor=val/loss", *extra,
    ]  # fmt: skip


def test_run_folder_holds_config_checkpoints_and_tensorboard(tmp_path: Path) -> None:
    assert run(ToyModule, ToyData, command(tmp_path)) == 0
    names = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert names == {"best.ckpt", "last.ckpt"}
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["model"]["lr"] == 0.1
    assert any(path.name.startswith("events.out.tfevents") for path in tmp_path.iterdir())
    checkpoint = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt", "tagger")
    assert checkpoint["global_step"] == 20
    assert checkpoint["hyper_parameters"] == {"lr": 0.1}


class PrecisionNote(ToyModule):
    """Notes what the trainer computes in."""

    used: ClassVar[list[str]] = []

    def on_fit_start(self) -> None:
        self.used.append(str(self.trainer.precision))


@pytest.mark.parametrize(("fast", "used"), [(True, "bf16-mixed"), (False, "32-true")])
def test_bfloat16_is_used_where_the_processor_computes_in_it(
    fast: bool, used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.precision.has_fast_bfloat16", lambda device: fast)
    PrecisionNote.used.clear()
    assert run(PrecisionNote, ToyData, command(tmp_path, "--trainer.precision=bf16-mixed", epochs=1)) == 0
    assert PrecisionNote.used == [used]
    told = [record.message for record in caplog.records if "bfloat16" in record.message]
    line = "this processor has no bfloat16: training in 32-true instead of bf16-mixed"
    assert told == ([] if fast else [line])
    # The file says what was asked for: on another machine the same run is as fast as that machine can.
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["trainer"]["precision"] == "bf16-mixed"


def test_resume_reaches_the_weights_of_an_undisturbed_run(tmp_path: Path) -> None:
    assert run(ToyModule, ToyData, command(tmp_path / "a", epochs=3)) == 0
    assert run(ToyModule, ToyData, command(tmp_path / "b", epochs=1)) == 0
    assert run(ToyModule, ToyData, command(tmp_path / "b", "--resume=true", epochs=3)) == 0
    a, b = (load_checkpoint(tmp_path / n / "checkpoints/last.ckpt", "tagger")["state_dict"] for n in "ab")
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_resume_with_other_science_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ToyModule, ToyData, command(tmp_path, epochs=1)) == 0
    assert run(ToyModule, ToyData, command(tmp_path, "--resume=true", "--model.lr=0.5", epochs=3)) == 2
    message = capsys.readouterr().err
    assert "model.lr=0.1" in message
    assert "0.5" in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (["--model.learning=3"], "learning"),
        (["--model.lr=fast"], "lr"),
        (["--config=missing.yaml"], "missing.yaml"),
        (["--trainer.default_root_dir=null"], "default_root_dir"),
        (["--ckpt_path=nowhere.ckpt"], "nowhere.ckpt"),
    ],
)
def test_typos_are_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], word: str
) -> None:
    try:
        code = run(ToyModule, ToyData, command(tmp_path, *extra))
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert word in lines[-1]
    assert len(lines) == 1


def test_a_preset_that_is_not_there_names_those_that_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("demo", "paper"):
        (tmp_path / f"{name}.yaml").write_text("seed_everything: 0\n")
    assert run(ToyModule, ToyData, ["fit", "--config", str(tmp_path / "nope.yaml")]) == 2
    line = capsys.readouterr().err
    assert line == f"error: {tmp_path}/nope.yaml: no such configuration; {tmp_path} has demo, paper\n"


class NothingToValidate(ToyData):
    """Its pictures are all for training, as those of a folder whose numbers end below 900 are."""

    def val_dataloader(self) -> Any:
        return eval_loader(SampleDataset(Numbers(0)), 2, 0, self.trainer)


def test_a_run_without_pictures_to_validate_on_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run(ToyModule, NothingToValidate, command(tmp_path, epochs=1)) == 0
    told = [record.message for record in caplog.records if "best.ckpt" in record.message]
    assert told == ["evaluation split: no samples; no best.ckpt is chosen, last.ckpt has the last weights"]
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["last.ckpt"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)])
def test_a_signal_saves_at_the_end_of_a_step_and_is_no_success(tmp_path: Path, signum: int, code: int) -> None:
    environment = dict(os.environ, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    arguments = command(tmp_path, "--model.delay_s=0.05", "--data.num_workers=2", epochs=200)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.shared.training.toy_run", *arguments],
        env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    best = tmp_path / "checkpoints" / "best.ckpt"
    deadline = time.monotonic() + 600
    while not best.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    # A terminal's Ctrl-C and a scheduler's kill reach the reading processes too.
    os.killpg(process.pid, signum)
    _, stderr = process.communicate(timeout=200)
    assert process.returncode == code, stderr
    assert "saved" in stderr
    step = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt", "tagger")["global_step"]
    assert step > 0
    assert (
        run(ToyModule, ToyData, command(tmp_path, "--resume=true", f"--trainer.max_steps={step + 3}", epochs=-1)) == 0
    )


EMA = "--trainer.callbacks=[{class_path: pytorch_lightning.callbacks.EMAWeightAveraging}]"


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (["--trainer.accumulate_grad_batches=2"], "trainer.accumulate_grad_batches=1"),
        (["--seed_everything=5"], "seed_everything=0"),
        (["--trainer.gradient_clip_val=1"], "trainer.gradient_clip_val=None"),
        ([EMA], "averaged weights (EMA)=False"),
        (["--data.batch_size=2"], "data.batch_size=4"),
        (["--data.num_workers=1", "--save_every_n_steps=3"], ""),
    ],
)
def test_resume_compares_all_that_changes_what_is_learnt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], word: str
) -> None:
    assert run(ToyModule, ToyData, command(tmp_path, epochs=1)) == 0
    assert run(ToyModule, ToyData, command(tmp_path, "--resume=true", *extra)) == (2 if word else 0)
    lines = capsys.readouterr().err.strip().splitlines()
    assert not word or (len(lines) == 1 and word in lines[0])


def test_processes_that_would_train_alone_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "2")  # srun has started two, each with a trainer of one device
    assert run(ToyModule, ToyData, command(tmp_path)) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "1 processes, but 2 were started" in line
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_that_slurm_would_take_up_silently_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hpc_ckpt_1.ckpt").touch()
    assert run(ToyModule, ToyData, command(tmp_path)) == 2
    assert "hpc_ckpt_1.ckpt" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["accelerator=gpu", "strategy=dpd", "precision=64-mixed"])
def test_a_trainer_that_cannot_be_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str) -> None:
    if setting == "accelerator=gpu" and torch.cuda.is_available():
        pytest.skip("there is one")
    assert run(ToyModule, ToyData, command(tmp_path, f"--trainer.{setting}")) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_dropout_is_a_function_of_seed_and_place() -> None:
    places = [(seed, batch) for seed in (0, 1, 7) for batch in range(50)]
    assert len({batch_seed(*place) for place in places}) == len(places)
    assert batch_seed(7, 3) == batch_seed(7, 3)


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "text", "foreign", "other"])
def test_load_checkpoint_names_what_is_wrong(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.ckpt"
    whole = {"inkpose": {"kind": "pose", "format": 1}, "state_dict": {}, "hyper_parameters": {}}
    if damage == "empty":
        path.touch()
    elif damage == "text":
        path.write_text("not a checkpoint")
    elif damage != "missing":
        torch.save({"state_dict": {}} if damage == "foreign" else whole, path)
        if damage == "truncated":
            path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"x\.ckpt: .+; .+"):
        load_checkpoint(path, "tagger")


def test_load_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save(
        {"inkpose": {"kind": "tagger", "format": 1}, "state_dict": {}, "hyper_parameters": {"x": Evil()}},
        tmp_path / "e.ckpt",
    )
    with pytest.raises(DataError):
        load_checkpoint(tmp_path / "e.ckpt", "tagger")
    assert not (tmp_path / "ran").exists()
