"""Records on disk: exact, whole or absent, within their bound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pose.feature_cache.room import make_room, only_filler
from pose.feature_cache.store import FeatureStore, Records
from shared.errors import DataError, UsageError


def maps_of(count: int, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return {"level0": torch.randn(count, 3, 4, 5).bfloat16(), "picture": torch.randn(count, 3, 2, 2)}


def test_records_come_back_exactly_in_any_order(tmp_path: Path) -> None:
    first, second = maps_of(4), maps_of(3, seed=1)
    store = FeatureStore(tmp_path / "kind")
    store.add(["a", "b", "c", "d"], first)
    store.add(["e", "f", "g"], second)
    again = FeatureStore(tmp_path / "kind")
    assert again.places == store.places
    read = Records(again, ["g", "a", "nowhere", "d", "e"]).read([4, 0, 3, 1, 0])
    for name, value in read.items():
        expected = torch.stack([second[name][0], second[name][2], first[name][3], first[name][0], second[name][2]])
        assert value.dtype == first[name].dtype
        assert torch.equal(value, expected)
        assert value.is_contiguous(memory_format=torch.channels_last)
    with pytest.raises(KeyError, match="not in the store"):
        Records(again, ["g", "nowhere"]).read([0, 1])


def test_a_damaged_file_is_removed_and_the_others_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = FeatureStore(tmp_path / "kind")
    store.add(["a"], maps_of(1))
    store.add(["b"], maps_of(1))
    damaged = store.places["a"].file
    damaged.write_bytes(damaged.read_bytes()[:-7])
    again = FeatureStore(tmp_path / "kind")
    assert set(again.places) == {"b"}
    assert not damaged.exists()
    assert "damaged" in caplog.text


def test_removed_files_stay_readable_for_who_has_them_open(tmp_path: Path) -> None:
    store, maps = FeatureStore(tmp_path / "kind"), maps_of(2)
    store.add(["a", "b"], maps)
    records = Records(store, ["a", "b"])
    store.places["a"].file.unlink()
    assert torch.equal(records.read([1])["level0"][0], maps["level0"][1])


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "kind")
    for age, key in enumerate("dcba"):
        store.add([key], maps_of(1))
        os.utime(store.places[key].file, (1000 + age, 1000 + age))
    size = store.places["a"].file.stat().st_size
    Records(store, ["d"])  # the oldest, and just used
    make_room(tmp_path, size, 4 * size, keep=set())
    assert set(FeatureStore(tmp_path / "kind").places) == {"a", "b", "d"}
    make_room(tmp_path, 2 * size, 4 * size, keep=store.files_of(["b"]))
    assert set(FeatureStore(tmp_path / "kind").places) == {"b", "d"}
    with pytest.raises(UsageError, match=r"feature_cache_gb"):
        make_room(tmp_path, 4 * size, 4 * size, keep=store.files_of(["b"]))
    with pytest.raises(UsageError, match="do not fit on this disk"):
        make_room(tmp_path, 10**18, 1e19, keep=set())
    assert set(FeatureStore(tmp_path / "kind").places) == {"b", "d"}  # refused, and nothing removed


def test_a_killed_filler_leaves_no_lock_and_its_scraps_are_cleared(tmp_path: Path) -> None:
    (tmp_path / "kind").mkdir()
    code = (
        "import sys, time; from pathlib import Path; from pose.feature_cache.room import only_filler\n"
        "with only_filler(Path(sys.argv[1])):\n    print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        (tmp_path / "kind" / ".x.safetensors.abc.part").write_bytes(b"half")
        process.send_signal(signal.SIGKILL)
    with only_filler(tmp_path):
        assert list((tmp_path / "kind").iterdir()) == []


def test_a_second_filler_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    code = (
        "import sys; from pathlib import Path; from pose.feature_cache.room import only_filler\n"
        "with only_filler(Path(sys.argv[1])):\n    print('locked', flush=True); sys.stdin.readline(); "
        "(Path(sys.argv[1]) / 'done').touch()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.write("go on\n")
        process.stdin.flush()
        with only_filler(tmp_path):
            assert (tmp_path / "done").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="choose another feature_cache"), only_filler(tmp_path / "file"):
        pass
