from __future__ import annotations

from pathlib import Path

import numpy as np

from inkpose.tagging.journal import Journal, Noted


def note(journal: Journal, *names: str) -> None:
    with journal:
        for name in names:
            record = {"image": name, "tags": [], "error": None}
            journal.note(Noted(record, np.array([len(name), 0.1], np.float32)))


def images(journal: Journal) -> list[str]:
    return [item.record["image"] for item in journal.read()]


def test_reads_back_and_goes_on(tmp_path: Path) -> None:
    journal = Journal.beside(tmp_path / "deep/t.json", "plan")
    assert images(journal) == []
    note(journal, "a", "ünï")
    note(journal, "c")
    assert images(journal) == ["a", "ünï", "c"]
    vectors = [item.embedding for item in journal.read()]
    np.testing.assert_array_equal(vectors, np.array([[1, 0.1], [3, 0.1], [1, 0.1]], np.float32))
    assert not (tmp_path / "deep/t.json").exists()
    journal.remove()
    journal.remove()
    assert list((tmp_path / "deep").iterdir()) == []


def test_without_embeddings_they_are_not_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "plan", embeddings=False)
    note(journal, "a")
    assert [item.embedding for item in journal.read()] == [None]


def test_a_line_cut_off_is_forgotten_and_written_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "plan")
    note(journal, "a", "b")
    whole = journal.path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole)):
        journal.path.write_bytes(whole[:length])
        before = images(journal)
        assert before in ([], ["a"])
        note(journal, "z")
        assert images(journal) == [*before, "z"]


def test_another_plan_or_another_file_starts_anew(tmp_path: Path) -> None:
    note(Journal(tmp_path / "j", "plan"), "a")
    other = Journal(tmp_path / "j", "other plan")
    assert images(other) == []
    note(other, "b")
    assert images(other) == ["b"]
    (tmp_path / "j").write_bytes(b"\xff not ours\n")
    assert images(other) == []
