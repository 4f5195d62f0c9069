"""What a Danbooru copy can have wrong with it: one line that names file and line, and nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkpose.cli import main
from tests.fixtures_dataset import write_tiny_dataset

Lines = list[str]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copy") / "tiny"
    write_tiny_dataset(root, count=8, size=32)
    return root


def changed(line: str, change: Change) -> str:
    post = json.loads(line)
    change(post)
    return json.dumps(post)


def first_two(lines: Lines, change: Change) -> Lines:
    return [lines[0], changed(lines[1], change), *lines[2:]]


DUMPS: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "cut off": (lambda lines: [*lines[:3], lines[3][:50]], "posts.json:4: not valid JSON"),
    "not a post": (lambda lines: [lines[0], "[1, 2]"], "posts.json:2: not a JSON object"),
    "another table": (lambda lines: ['{"name": "1girl", "category": 0, "post_count": 5}'] * 3, "posts.json:1: "),
    "rating of no era": (lambda lines: first_two(lines, lambda p: p.update(rating="x")), "posts.json:2: "),
    "rating as a number": (lambda lines: first_two(lines, lambda p: p.update(rating=1)), "posts.json:2: "),
    "foreign categories": (
        lambda lines: first_two(
            lines, lambda p: (p.pop("tag_string_general"), p.update(tags=[{"name": "a", "category": 2}]))
        ),
        "posts.json:2: a field has the wrong type (tag category '2' is unknown",
    ),
    "id that is no number": (lambda lines: first_two(lines, lambda p: p.update(id="12a")), "posts.json:2: "),
    "no tags": (lambda lines: first_two(lines, lambda p: p.pop("tag_string_general")), "posts.json:2: no field"),
    "empty": (lambda lines: [], "no usable picture of 0 posts"),
    "pictures of others": (
        lambda lines: [changed(line, lambda p: p.update(id=p["id"] + 1_000_000_000)) for line in lines],
        "8 no picture file",
    ),
    "nothing safe": (
        lambda lines: [changed(line, lambda p: p.update(rating="e")) for line in lines],
        "no usable picture of 8 posts",
    ),
}


@pytest.mark.parametrize("name", DUMPS)
def test_a_bad_dump_is_one_line(name: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, message = DUMPS[name]
    lines = (tiny / "metadata/posts.jsonl").read_text().splitlines()
    dump = tmp_path / "posts.json"
    dump.write_text("".join(f"{line}\n" for line in change(lines)))
    arguments = ["data", "danbooru", str(dump), "--images", str(tiny), "--rating-scheme", "since_2022"]
    assert main([*arguments, "--out", str(tmp_path / "m.parquet")]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert len(error.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["posts.json"], "nothing half-written"


def test_letters_that_could_mean_either_era_must_be_told(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (tiny / "metadata/posts.jsonl").read_text().splitlines()
    text = "".join(changed(line, lambda p: p.update(rating="s")) + "\n" for line in lines)
    (tmp_path / "posts.json").write_text(text)
    arguments = ["data", "danbooru", str(tmp_path / "posts.json"), "--images", str(tiny), "--out"]
    assert main([*arguments, str(tmp_path / "m.parquet")]) == 2
    assert "--rating-scheme" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "m.parquet"), "--rating-scheme", "before_2022"]) == 0


def test_a_tree_bucketed_in_another_way(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, picture in enumerate(sorted((tiny / "images").rglob("*.jpg"))):
        place = tmp_path / "images" / f"{number // 4:04d}" / picture.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(picture)
    arguments = ["data", "danbooru", str(tiny / "metadata"), "--images", str(tmp_path / "images")]
    assert main([*arguments, "--out", str(tmp_path / "m.parquet")]) == 2
    error = capsys.readouterr().err.strip()
    assert str(tmp_path / "images") in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.glob("*m.parquet*"))


RULES: dict[str, tuple[str, str]] = {
    "unknown tag": ("classes:\n- {name: a, any: [long_hiar]}", "long_hair"),
    "tag twice": ("classes:\n- {name: a, any: [long_hair]}\n- {name: b, any: [long_hair]}", "long_hair"),
    "name twice": ("classes:\n- {name: a, any: [long_hair]}\n- {name: a, any: [hat]}", "a"),
    "circle": ("classes:\n- {name: a, any: [long_hair], implies: [b]}\n- {name: b, any: [hat], implies: [a]}", "a"),
    "unknown field": ("classes:\n- {name: a, any: [long_hair], al: [hat]}", "al"),
    "not YAML": ("classes: [", "r.yaml"),
    "a flag for a name": ("classes:\n- {name: no, any: [long_hair]}", "r.yaml"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_bad_rulebook_is_one_line(name: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, message = RULES[name]
    (tmp_path / "r.yaml").write_text(f"group: body\n{text}\n")
    arguments = [
        "data",
        "danbooru",
        str(tiny / "metadata"),
        "--images",
        str(tiny),
        "--out",
        str(tmp_path / "m.parquet"),
    ]
    for command in (["rulebook", "check", "--rulebook", str(tmp_path / "r.yaml")],
                    [*arguments, "--rulebook", str(tmp_path / "r.yaml")]):  # fmt: skip
        assert main(command) == 2
        error = capsys.readouterr().err.strip()
        assert "r.yaml" in error
        assert message in error
        assert len(error.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["r.yaml"]


def test_a_class_list_that_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch
    import torchvision

    torch.save(torchvision.models.resnet18(num_classes=3).state_dict(), tmp_path / "w.pth")
    for text in ("a\nb\n", "a\nb\na\n", ""):
        (tmp_path / "tags.txt").write_text(text)
        arguments = ["import", "tagger", str(tmp_path / "w.pth"), "--classes", str(tmp_path / "tags.txt")]
        assert main([*arguments, "--out", str(tmp_path / "out.ckpt")]) == 2
        error = capsys.readouterr().err.strip()
        assert "tags.txt" in error
        assert len(error.splitlines()) == 1
    assert not (tmp_path / "out.ckpt").exists()
