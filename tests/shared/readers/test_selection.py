"""Which posts are wanted."""

from __future__ import annotations

from typing import Any

import pytest

from shared.readers.dump import DumpPost
from shared.readers.selection import Selection, shows_one_person

POST = DumpPost(1, "safe", ("1girl", "solo", "hat"), 5, 5, "jpg", None, False)


@pytest.mark.parametrize(
    ("selection", "changes", "reason"),
    [
        (Selection(), {}, None),
        (Selection(), {"rating": "explicit"}, "rating explicit"),
        (Selection(ratings=("explicit",)), {"rating": "explicit"}, None),
        (Selection(), {"is_deleted": True}, "deleted"),
        (Selection(keep_deleted=True), {"is_deleted": True}, None),
        (Selection(file_types=frozenset(["png"])), {}, "file type jpg"),
        (Selection(min_tags=3), {}, None),
        (Selection(min_tags=4), {}, "fewer than 4 tags"),
        (Selection(single_person=True), {"tags": ("2girls",)}, "not a single person"),
        (Selection(), {"meta_tags": ("photo_(medium)",)}, None),
        (Selection(drawings_only=True), {"meta_tags": ("highres", "photo_(medium)")}, "a photo"),
        (Selection(drawings_only=True), {"tags": ("1girl", "text-only_page")}, "a page of text"),
        (Selection(drawings_only=True), {"meta_tags": ("animated_gif",)}, "animated"),
        (Selection(min_tags=3).paper_subset(), {}, "fewer than 10 tags"),
        (Selection().paper_subset(), {"tags": (*POST.tags, *"abcdefg")}, None),
        (Selection().paper_subset(), {"tags": ("2boys", *"abcdefghi")}, "not a single person"),
    ],
)
def test_reasons(selection: Selection, changes: dict[str, Any], reason: str | None) -> None:
    assert selection.reason_against(POST._replace(**changes)) == reason


@pytest.mark.parametrize(
    ("tags", "one"),
    [
        ("1girl solo", True), ("1boy", True), ("1other hat", True), ("solo", True), ("1girl 1boy", False),
        ("1girl 1boy solo", False), ("1girl multiple_boys", False), ("2girls solo", False), ("6+girls", False),
        ("solo_focus", False), ("no_humans", False), ("1girl multiple_views", False), ("1girl solo 4koma", False),
    ],
)  # fmt: skip
def test_one_person(tags: str, one: bool) -> None:
    assert shows_one_person(tuple(tags.split())) is one
