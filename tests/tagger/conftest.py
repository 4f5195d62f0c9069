from __future__ import annotations

from pathlib import Path

import pytest

NAMES = {
    "body": ["red_hair", "blue_hair", "green_hair", "black_hair"],
    "clothing": ["red_shirt", "blue_shirt", "green_shirt", "black_shirt"],
    "misc": ["solo", "multiple_girls", "umbrella"],
}


@pytest.fixture(scope="session")
def small_rulebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rulebook of eleven classes that are true of the tiny data set's pictures ("umbrella" of none)."""
    folder = tmp_path_factory.mktemp("rulebook")
    for group, names in NAMES.items():
        rules = "".join(f"  - name: {name}\n    any: [{name}]\n" for name in names)
        (folder / f"{group}.yaml").write_text(f"group: {group}\nclasses:\n{rules}")
    rows = "".join(f"{name},live,,,,\n" for names in NAMES.values() for name in names)
    (folder / "vocabulary.csv").write_text(f"name,status,posts_2021,posts_2025,successor,implies\n{rows}")
    return folder
