"""The benchmark's JSON: its rows, and that a part measured again replaces its own rows alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from inkpose.bench import table
from inkpose.bench.machine import machine
from inkpose.bench.row import Row, compare
from inkpose.cli import main

ROOT = Path(__file__).parents[2]
KEYS = {"name", "unit", "ours", "baseline", "ratio", "command"}


def part(name: str, ours: float):
    return lambda: iter([Row(f"{name}: x", "things/s", ours, 2.0, "a loop", f"inkpose bench --only {name}")])


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    rates = {"metrics": 4.0, "rulebook": 6.0}
    monkeypatch.setattr(table, "_part", lambda name, *rest: part(name, rates[name]))
    return rates


def test_a_part_measured_again_replaces_its_own_rows(fixed: dict[str, float], tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert main(["bench", "--only", "metrics,rulebook", "--out", str(out)]) == 0
    fixed["metrics"] = 10.0
    assert main(["bench", "--only", "metrics", "--out", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["machine"] == machine()
    assert [(row["name"], row["ours"], row["ratio"]) for row in told["rows"]] == [
        ("rulebook: x", 6.0, 3.0),
        ("metrics: x", 10.0, 5.0),
    ]
    assert all(row.keys() >= KEYS for row in told["rows"])


def test_rows_of_another_machine_are_not_kept(fixed: dict[str, float], tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert main(["bench", "--only", "rulebook", "--out", str(out)]) == 0
    other = json.loads(out.read_text())
    other["machine"]["processor"] = "another one"
    out.write_text(json.dumps(other))
    assert main(["bench", "--only", "metrics", "--out", str(out)]) == 0
    assert [row["name"] for row in json.loads(out.read_text())["rows"]] == ["metrics: x"]


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "metrics,speed", "--out", str(tmp_path / "b.json")]) == 2
    assert "--only speed: no such part" in capsys.readouterr().err


def test_both_sides_do_the_same_work_in_turn() -> None:
    turns: list[str] = []

    def side(name: str) -> int:
        turns.append(name)
        return 3

    row = compare("metrics: x", "things/s", lambda: side("ours"), lambda: side("plain"), "a loop", rounds=2)
    assert turns == ["ours", "plain"] * 3
    assert row.command == "inkpose bench --only metrics"
    assert row.as_json()["ratio"] == pytest.approx(row.ours / row.baseline)


def test_the_published_benchmark_names_its_machine_and_its_commands() -> None:
    told = json.loads((ROOT / "docs/bench.json").read_text())
    assert told["machine"].keys() == machine().keys()
    assert told["rows"]
    for row in told["rows"]:
        assert row.keys() >= KEYS
        assert row["ratio"] == pytest.approx(row["ours"] / row["baseline"])
        named = re.fullmatch(r"inkpose bench --only (\w+)( --full)?", row["command"])
        assert named is not None
        assert named[1] in table.PARTS
        assert row["name"].startswith(f"{named[1]}: ")
