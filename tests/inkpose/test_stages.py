import json
from pathlib import Path

import pytest

from inkpose.stages import Stage, run_stage
from shared.errors import InkposeError


class Work:
    """Writes `result.txt`; remembers how it was called."""

    def __init__(self, folder: Path, text: str = "one") -> None:
        self.folder, self.text, self.calls = folder, text, []
        self.fail: BaseException | None = None

    def __call__(self, resume: bool) -> None:
        self.calls.append(resume)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "half.txt").write_text("half")
        if self.fail is not None:
            raise self.fail
        (self.folder / "result.txt").write_text(self.text)


def stage(work: Work, **settings) -> Stage:
    return Stage("train/x", work.folder, ("result.txt",), settings, work, owned=("result.txt", "half.txt"))


@pytest.fixture
def work(tmp_path):
    return Work(tmp_path / "x")


def run(work, **settings):
    told = []
    return run_stage(stage(work, **settings), told.append), told


def test_second_run_reuses(work):
    first, _ = run(work, steps=3)
    second, told = run(work, steps=3)
    assert work.calls == [False]
    assert (first.reused, second.reused) == (False, True)
    assert second.outputs == first.outputs
    assert second.seconds == pytest.approx(first.seconds, abs=0.01)
    assert "done before" in told[0]


def test_other_settings_run_again_from_nothing(work):
    run(work, steps=3)
    (work.folder / "user.txt").write_text("mine")
    run(work, steps=4)
    assert work.calls == [False, False]
    assert (work.folder / "user.txt").read_text() == "mine"


def test_interrupted_work_goes_on_only_with_the_same_settings(work):
    work.fail = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(work, steps=3)
    assert not (work.folder / "stage.json").exists()
    work.fail = None
    finished, _ = run(work, steps=3)
    assert work.calls == [False, True]
    assert not (work.folder / "started.json").exists()
    assert finished.seconds > 0


def test_interrupted_work_with_new_settings_starts_clean(work):
    work.fail = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(work, steps=3)
    work.fail = None
    (work.folder / "result.txt").write_text("left over")
    run(work, steps=4)
    assert work.calls == [False, False]


def test_changed_or_foreign_result_is_moved_aside(work):
    run(work, steps=3)
    (work.folder / "result.txt").write_text("trained by hand")
    _, told = run(work, steps=3)
    assert work.calls == [False, False]
    assert (work.folder.with_name("x.before-1") / "result.txt").read_text() == "trained by hand"
    assert "before-1" in told[0]
    assert (work.folder / "result.txt").read_text() == "one"


def test_removed_result_is_made_again(work):
    run(work, steps=3)
    (work.folder / "result.txt").unlink()
    run(work, steps=3)
    assert work.calls == [False, False]


def test_damaged_record_is_no_record(work):
    run(work, steps=3)
    (work.folder / "stage.json").write_text("{half")
    run(work, steps=3)
    assert work.calls == [False, False]


def test_stage_that_makes_nothing_is_an_error(tmp_path):
    idle = Stage("train/x", tmp_path / "x", ("result.txt",), {}, lambda _: None)
    with pytest.raises(InkposeError, match="ended without it"):
        run_stage(idle, lambda _: None)
    assert not (tmp_path / "x/stage.json").exists()


def test_fitting_folder_is_gone_on_with(work, tmp_path):
    work.folder.mkdir()
    (work.folder / "result.txt").write_text("drawn by hand")
    records = tmp_path / "records"
    made = Stage("data/x", work.folder, ("result.txt",), {"n": 1}, work, records=records, fits=lambda: True)
    run_stage(made, lambda _: None)
    assert work.calls == [True]
    assert json.loads((records / "stage.json").read_text())["key"] == made.key
    assert not (work.folder / "stage.json").exists()
