from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import UsageError
from shared.exporting.folder import replacing_folder


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep/out"
    with replacing_folder(out, ["a", "b"]) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
    assert listing(tmp_path) == ["deep", "deep/out", "deep/out/a"]
    with pytest.raises(KeyboardInterrupt):
        _stopped_while_writing(out)
    assert listing(tmp_path) == ["deep", "deep/out", "deep/out/a"]


def _stopped_while_writing(out: Path) -> None:
    with replacing_folder(out, ["a", "b"]) as folder:
        (folder / "b").write_text("2")
        raise KeyboardInterrupt


def test_an_earlier_one_is_replaced_and_others_files_are_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("a", "b"):
        with replacing_folder(out, ["a", "b"]) as folder:
            (folder / name).write_text(name)
    assert listing(tmp_path) == ["out", "out/b"]
    (out / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"mine\.txt"), replacing_folder(out, ["a", "b"]):
        pass
    assert listing(out) == ["b", "mine.txt"]
    with pytest.raises(UsageError, match="is a file"), replacing_folder(out / "b", ["a"]):
        pass
