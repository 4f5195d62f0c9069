"""Classes that do not hold together are refused, with the file, the class and the cure in one line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from shared.errors import DataError
from shared.rulebook.meaning import check_rules
from shared.rulebook.rules import ClassRule
from shared.rulebook.vocabulary import Tag, Vocabulary

VOCABULARY = Vocabulary(
    {
        tag.name: tag
        for tag in (
            Tag("long_hair"),
            Tag("short_hair"),
            Tag("smile"),
            Tag("grin"),
            Tag("bunny", "renamed", successor="rabbit"),
            Tag("rabbit"),
            Tag("bangs", "gone"),
        )
    }
)


def rule(
    name: str,
    any: tuple[str, ...] = (),
    shares: tuple[str, ...] = (),
    none: tuple[str, ...] = (),
    implies: tuple[str, ...] = (),
    path: str = "body.yaml",
) -> ClassRule:
    return ClassRule(name, "body", any, shares, none, implies, Path(path))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [rule("a", ("long_hiar",))],
            "body.yaml: class 'a': tag 'long_hiar' in any is unknown; did you mean 'long_hair'?",
        ),
        (
            [rule("a", ("smile",), none=("zzz",))],
            "tag 'zzz' in none is unknown; correct it, or add it to a vocabulary.csv",
        ),
        ([rule("a", ("smile",), shares=("qqq",))], "tag 'qqq' in shares is unknown"),
        (
            [rule("a", ("smile",)), rule("b", ("grin", "smile"), path="misc.yaml")],
            "misc.yaml: class 'b': tag 'smile' belongs to class 'a' (body.yaml) already; keep it under any in one",
        ),
        ([rule("a", ("smile",)), rule("b", shares=("grin",))], "no other class has tag 'grin' under any; move it"),
        ([rule("a", ("smile",), none=("smile",))], "tag 'smile' is in any and in none"),
        ([rule("a", ("smile",), shares=("smile",))], "tag 'smile' is in any and in shares"),
        ([rule("a", ("smile",)), rule("a", ("grin",))], "the name is taken by a class in body.yaml"),
        ([rule("a", ("smile",), implies=("bb",))], "class 'a': implies 'bb', which is no class"),
        ([rule("smiling", ("smile",), implies=("smilin",))], "did you mean 'smiling'?"),
        ([rule("a", none=("smile",))], "class 'a': nothing can make it true"),
        ([rule("a", ("smile",), implies=("a",))], "classes imply each other in a circle (a -> a)"),
    ],
)
def test_refused(rules: list[ClassRule], message: str) -> None:
    with pytest.raises(DataError) as raised:
        check_rules(rules, VOCABULARY)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_longer_circle_is_told_whole() -> None:
    rules = [
        rule("a", ("smile",), implies=("b",)),
        rule("b", ("grin",), implies=("c",)),
        rule("c", ("rabbit",), implies=("a",)),
    ]
    with pytest.raises(DataError, match=r"in a circle \(.*\)") as raised:
        check_rules(rules, VOCABULARY)
    assert all(f"{name} ->" in str(raised.value) for name in "abc")


def test_sharing_that_says_so_is_accepted() -> None:
    check_rules([rule("a", ("smile",)), rule("b", ("grin",), shares=("smile",))], VOCABULARY)


def test_order_puts_implying_classes_first() -> None:
    rules = [rule("a"), rule("b", ("grin",), implies=("a",)), rule("c", ("smile",), implies=("b",))]
    order = check_rules(rules, VOCABULARY)
    assert sorted(order) == [0, 1, 2]
    assert order.index(2) < order.index(1) < order.index(0)


def test_dead_name_is_warned_of_with_its_successor(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check_rules([rule("a", ("bunny", "bangs"))], VOCABULARY)
    assert caplog.messages == ["body.yaml: class 'a': 'bunny' is now called 'rabbit'; list the new name under any too"]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        check_rules([rule("a", ("bunny", "rabbit"))], VOCABULARY)
    assert not caplog.messages
