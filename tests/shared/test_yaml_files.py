"""YAML of others: plain values only, and no way for a small file to become a large value."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import DataError
from shared.yaml_files import read_yaml


def test_plain_values_and_aliases_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x [1, 2.5, text]\nb: *x\n'=': null\n")
    assert read_yaml(path) == {"a": [1, 2.5, "text"], "b": [1, 2.5, "text"], "=": None}


@pytest.mark.parametrize(
    "text",
    ["a: &x {k: 1}\nb: {<<: *x}", "!!python/object/apply:os.getpid []", "a: [", "a: 2001-99-99", "[" * 5000,
     "? [a]\n: b", "9" * 5000],
)  # fmt: skip
def test_everything_else_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"^[^\n]*a\.yaml: cannot be read as YAML[^\n]*$"):
        read_yaml(path)


def test_a_device_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a YAML file"):
        read_yaml(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
