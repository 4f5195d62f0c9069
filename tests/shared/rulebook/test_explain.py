"""Explanations: the chain from a raw tag to a class, and the frequencies."""

from __future__ import annotations

import pytest

from shared.errors import UsageError
from shared.rulebook.frequency import POSTS_2021, Bounds, bounds, class_bounds, median_fraction
from shared.rulebook.rulebook import Rulebook
from shared.rulebook.vocabulary import Tag, Vocabulary
from tests.shared.rulebook.test_rulebook import rule

VOCABULARY = Vocabulary(
    {
        tag.name: tag
        for tag in (
            Tag("hat", posts_2021=700, posts_2025=1500),
            Tag("witch_hat", posts_2021=60, implies=("hat",)),
            Tag("hood", posts_2021=130),
            Tag("hood_up", posts_2021=16, implies=("hood",)),
            Tag("cap", "renamed", posts_2021=40, successor="hat"),
            Tag("young_hat", posts_2025=9),
            Tag("solo", posts_2021=2000),
            Tag("loose", posts_2021=1),
        )
    }
)
BOOK = Rulebook(
    [
        rule("headwear", any=("hat", "cap")),
        rule("hooded", any=("hood",), implies=("headwear",), none=("loose",)),
        rule("odd", any=("young_hat",), none=("solo",)),
    ],
    VOCABULARY,
)


def test_chains_name_every_step() -> None:
    told = BOOK.explain("headwear")
    assert dict(told.raw_tags) == {
        "hat": "hat -> class:headwear",
        "witch_hat": "witch_hat -> hat -> class:headwear",
        "cap": "cap -> class:headwear",
        "hood": "hood -> class:hooded -> class:headwear",
        "hood_up": "hood_up -> hood -> class:hooded -> class:headwear",
    }
    assert told.implied_by == ("hooded",)
    assert told.index == 0


def test_unknown_class_says_what_the_tag_gives() -> None:
    with pytest.raises(UsageError, match="witch_hat: the rulebook has no such class; as a tag it gives headwear"):
        BOOK.explain("witch_hat")
    with pytest.raises(UsageError, match="no such class"):
        BOOK.explain("nonsense")


def test_explained_tags_match_the_labels() -> None:
    told = BOOK.explain_tags(["hood_up", "young_hat", "solo", "new_tag", "solo"])
    assert [(reason.class_name, reason.because) for reason in told.true] == [
        ("headwear", ("hood_up -> hood -> class:hooded -> class:headwear",)),
        ("hooded", ("hood_up -> hood -> class:hooded",)),
    ]
    assert [(reason.class_name, reason.because) for reason in told.forbidden] == [("odd", ("solo",))]
    assert told.unused == ("solo",)
    assert told.unknown == ("new_tag",)


def test_bounds_by_hand() -> None:
    # witch_hat lies inside hat; cap was a name of its own in 2021, so it adds.
    assert bounds(["hat", "witch_hat", "cap"], VOCABULARY) == Bounds(700, 740)
    assert bounds(["witch_hat"], VOCABULARY) == Bounds(60, 60)
    assert bounds(["young_hat"], VOCABULARY) == Bounds(0, 0)
    assert bounds([], VOCABULARY) == Bounds(0, 0)
    assert Bounds(700, 740).upper_fraction == pytest.approx(740 / POSTS_2021)


def test_upper_bound_is_never_more_than_all_posts() -> None:
    huge = Vocabulary({name: Tag(name, posts_2021=POSTS_2021 - 1) for name in ("a", "b")})
    assert bounds(["a", "b"], huge) == Bounds(POSTS_2021 - 1, POSTS_2021)


def test_class_bounds_and_median() -> None:
    each = class_bounds(BOOK)
    assert each == [Bounds(700, 870), Bounds(130, 130), Bounds(0, 0)]
    assert median_fraction(each) == (130 / POSTS_2021, 130 / POSTS_2021)
