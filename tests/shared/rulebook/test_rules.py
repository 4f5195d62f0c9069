"""The YAML reader of rulebooks: what it accepts, and how it words what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import DataError
from shared.rulebook.rules import read_rules, rule_files


def write(tmp_path: Path, text: str, name: str = "body.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_fields_and_defaults(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "group: body\nclasses:\n- {name: a, any: [x, ':d'], shares: [y], none: [z], implies: [b]}\n"
        "- {name: b, any: [w]}\n",
    )
    first, second = read_rules(path)
    assert (first.name, first.group, first.path) == ("a", "body", path)
    assert (first.any, first.shares, first.none, first.implies) == (("x", ":d"), ("y",), ("z",), ("b",))
    assert (second.shares, second.none, second.implies) == ((), (), ())


def test_several_documents_hold_several_groups(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "group: misc\nclasses: [{name: a, any: [x]}]\n---\ngroup: clothing\nclasses: [{name: b, any: [y]}]\n",
    )
    assert [rule.group for rule in read_rules(path)] == ["misc", "clothing"]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("- {name: a, any: [x], tags: [y]}", "class 'a': unknown field 'tags'; a class has name, any, shares"),
        ("- {name: a, any: x}", "class 'a': any is 'x', not a list"),
        ("- {name: a, any: [x, 1]}", "class 'a': 1 in any is not text; put the name in quotes"),
        ("- {name: a, any: [x, no]}", "class 'a': False in any is not text"),
        ("- {name: a, any: [x, x]}", "class 'a': 'x' comes twice in any"),
        ("- {name: on, any: [x]}", "class number 1: name True is not a word"),
        ("- {any: [x]}", "class number 1: name None is not a word"),
        ("- {name: a b, any: [x]}", "class number 1: name 'a b' is not a word"),
        ("- long_hair", "class number 1: 'long_hair' is not a class"),
        ("- {name: a, any: [x], any: [y]}", ":3: not a valid rulebook file (a field comes twice)"),
        ("- {name: a, any: [x, @_@]}", ":3: not a valid rulebook file"),
        ("  []", "classes must be a list with at least one class"),
    ],
)
def test_a_wrong_class_is_named(tmp_path: Path, classes: str, message: str) -> None:
    path = write(tmp_path, f"group: body\nclasses:\n{classes}\n")
    with pytest.raises(DataError) as raised:
        read_rules(path)
    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("- a\n", "has the fields group and classes"),
        ("group: hair\nclasses: [{name: a, any: [x]}]\n", "group 'hair' is unknown; use one of body, clothing, misc"),
        ("group: body\nclasses: [{name: a, any: [x]}]\nmore: 1\n", "has the fields group and classes"),
        ("group: body\nclasses: {a: b}\n", "classes must be a list"),
        ("group: body\n  classes: x\n", "not a valid rulebook file"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=r"body\.yaml") as raised:
        read_rules(path)
    assert message in str(raised.value)


def test_files_of_a_rulebook(tmp_path: Path) -> None:
    for name in ("extra.yaml", "misc.yaml", "body.yaml", "notes.txt"):
        (tmp_path / name).write_text("x", "utf-8")
    assert [path.name for path in rule_files(tmp_path)] == ["body.yaml", "misc.yaml", "extra.yaml"]
    assert rule_files(tmp_path / "misc.yaml") == [tmp_path / "misc.yaml"]
    assert [path.name for path in rule_files("default")] == ["body.yaml", "clothing.yaml", "misc.yaml"]
    with pytest.raises(DataError, match="no such rulebook"):
        rule_files(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no \.yaml file"):
        rule_files(tmp_path / "empty")


def test_missing_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rules(tmp_path / "body.yaml")
    (tmp_path / "body.yaml").write_bytes(b"group: \xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        read_rules(tmp_path / "body.yaml")
