"""Sheets of everything there is of a kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.errors import UsageError
from shared.images import read_rgb
from shared.synthetic.cli import synth
from shared.synthetic.variety import KINDS, draw_variety, names_of


def test_the_issue_s_counts() -> None:
    """At least twelve hair styles, twenty-five garments (outfits, footwear and headwear are counted in the docs)."""
    assert len(names_of("hair")) >= 12
    assert len(names_of("garment")) >= 24
    assert len(names_of("accessory")) >= 40
    assert len(names_of("pose")) >= 20
    assert all(len(set(names_of(kind))) == len(names_of(kind)) for kind in KINDS)


@pytest.mark.parametrize(
    ("kind", "name", "tag"),
    [
        ("pose", "squatting", "squatting"), ("hair", "drills", "drill_hair"), ("garment", "maid", "maid"),
        ("accessory", "witch_hat", "witch_hat"), ("accessory", "sword", "sword"), ("look", "sepia", "sepia"),
        ("view", "back", "from_behind"), ("background", "landscape", "outdoors"), ("garment", "gakuran", "gakuran"),
        ("look", "watercolour", "watercolor_(medium)"),
    ],
)  # fmt: skip
def test_the_picture_shows_its_name(kind: str, name: str, tag: str) -> None:
    scene = draw_variety(kind, name, 1, 160)
    assert tag in scene.tags
    assert len(scene.characters) == 1
    assert np.array_equal(draw_variety(kind, name, 1, 160).image, scene.image)


def test_sheet_of_a_kind(tmp_path: Path) -> None:
    synth(None, 1, 3, 64, sheet=tmp_path / "views.png", vary="view")
    sheet = read_rgb(tmp_path / "views.png")
    assert sheet.shape == (64 + 11 + 3 * 4 + 4, 4 * 68 + 4, 3)
    assert np.array_equal(sheet[4:68, 72:136], draw_variety("view", "three_quarter", 3, 64).image)
    below = sheet[68:-4, 4:68]
    assert below.min() < 120, "a label"


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--vary mood: must be one of manner"):
        synth(None, 1, sheet=tmp_path / "x.png", vary="mood")
    with pytest.raises(UsageError, match="--vary pose: is for contact sheets"):
        synth(tmp_path / "data", 1, vary="pose")
    assert not list(tmp_path.iterdir())
