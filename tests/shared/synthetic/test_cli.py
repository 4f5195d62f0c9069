"""What stands behind ``inkpose synth``: checks and results."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import UsageError
from shared.images import read_rgb
from shared.synthetic.cli import parse_characters, synth


def test_characters() -> None:
    assert parse_characters("2") == (2, 2)
    assert parse_characters(" 1-4 ") == (1, 4)
    for text in ("", "x", "1-", "-1", "1-2-3", "1.5"):
        with pytest.raises(UsageError, match="--characters"):
            parse_characters(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "--count 0"), ({"seed": -1}, "--seed -1"), ({"size": 63}, "--size 63"),
        ({"size": 2049}, "--size 2049"), ({"characters": "4-1"}, "--characters 4-1"),
        ({"characters": (0, 5)}, "--characters 0-5"),
        ({"style": "oil"}, "--style oil"), ({"workers": 0}, "--workers 0"),
        ({"out": None}, "--out"), ({"sheet": Path("sheet.gif")}, "sheet.gif"),
        ({"sheet": Path("sheet.png"), "count": 401}, "--count 401"),
    ],
)  # fmt: skip
def test_senseless_requests_are_refused_and_write_nothing(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    request = {"out": tmp_path / "data", "count": 2, **options}
    with pytest.raises(UsageError, match=message):
        synth(**request)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_data_set_and_sheet_show_the_same_pictures(tmp_path: Path) -> None:
    found = synth(tmp_path / "data", 3, 1, 64, "1", "photo", 1)
    assert found is not None
    assert len(found) == 64
    assert synth(tmp_path / "data", 3, 1, 64, (1, 1), "photo", 2) == found
    assert synth(None, 3, 1, 64, "1", "photo", sheet=tmp_path / "sheet.jpg") is None
    sheet = read_rgb(tmp_path / "sheet.jpg").astype(int)
    assert sheet.shape == (72, 3 * 68 + 4, 3)
    first = read_rgb(tmp_path / "data" / "images" / "0001" / "1.jpg").astype(int)
    height, width = first.shape[:2]
    top, left = 4 + (64 - height) // 2, 4 + (64 - width) // 2
    assert abs(sheet[top : top + height, left : left + width] - first).mean() < 12
