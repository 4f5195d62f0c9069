"""Labelling: hand-computed values, a naive reference, and what must not matter."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DataError
from shared.rulebook.rulebook import Rulebook, load_rulebook
from shared.rulebook.rules import ClassRule
from shared.rulebook.vocabulary import Tag, Vocabulary


def rule(name: str, **lists: tuple[str, ...]) -> ClassRule:
    fields = {field: lists.get(field, ()) for field in ("any", "shares", "none", "implies")}
    return ClassRule(name=name, group="misc", path=Path("misc.yaml"), **fields)


VOCABULARY = Vocabulary(
    {
        tag.name: tag
        for tag in (
            Tag("long_hair"),
            Tag("very_long_hair", implies=("long_hair",)),
            Tag("twintails"),
            Tag("solo"),
            Tag("multiple_girls"),
            Tag("2girls", implies=("multiple_girls",)),
            Tag("bunny", "renamed", successor="rabbit"),
            Tag("rabbit"),
            Tag("carrot"),
        )
    }
)
BOOK = Rulebook(
    [
        rule("hair_done", implies=()),
        rule("long_hair", any=("long_hair",)),
        rule("twintails", any=("twintails",), implies=("hair_done",)),
        rule("alone", any=("solo",), none=("multiple_girls",), implies=("calm",)),
        rule("calm", any=("rabbit",), none=("carrot",)),
        rule("rabbit_food", any=("carrot",), shares=("rabbit",)),
    ],
    VOCABULARY,
)


def names(book: Rulebook, tags: Iterable[str]) -> set[str]:
    return {book.class_names[index] for index in book.label_indices(tags)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([], set()),
        (["unheard_of"], set()),
        (["long_hair"], {"long_hair"}),
        (["very_long_hair"], {"long_hair"}),  # what the site implies counts, listed or not
        (["twintails"], {"twintails", "hair_done"}),
        (["solo"], {"alone", "calm"}),
        (["solo", "multiple_girls"], set()),  # a class forbidden implies nothing
        (["solo", "2girls"], set()),  # none is read after completion too
        (["solo", "carrot"], {"alone", "rabbit_food"}),  # an implied class can be forbidden itself
        (["solo", "2girls", "rabbit"], {"calm", "rabbit_food"}),  # … and stays true by its own tag
        (["bunny"], {"calm", "rabbit_food"}),  # an old name is its heir, and a shared tag makes both true
        (["2girls", "twintails"], {"twintails", "hair_done"}),
    ],
)
def test_hand_computed(tags: list[str], expected: set[str]) -> None:
    assert names(BOOK, tags) == expected


def test_vector_and_indices_agree() -> None:
    vector = BOOK.label(["bunny", "twintails"])
    assert vector.dtype == np.uint8
    assert vector.shape == (6,)
    assert np.flatnonzero(vector).tolist() == BOOK.label_indices(["bunny", "twintails"]) == [0, 2, 4, 5]


def test_one_string_is_refused() -> None:
    with pytest.raises(ValueError, match="split it into tags"):
        BOOK.label("solo twintails")


def test_a_generator_is_accepted() -> None:
    assert names(BOOK, (tag for tag in ("solo", "carrot"))) == {"alone", "rabbit_food"}


def naive(book: Rulebook, tags: list[str]) -> set[str]:
    """Straight from the definition: complete the tags step by step, then go round the classes until nothing changes."""
    seen = set(tags)
    grown = True
    while grown:
        new = {name for tag in seen if tag in book.vocabulary for name in book.vocabulary.tags[tag].next_names}
        grown = not new <= seen
        seen |= new
    true: set[str] = set()
    for _ in book.rules:
        for each in book.rules:
            wanted = seen & {*each.any, *each.shares} or any(
                each.name in o.implies for o in book.rules if o.name in true
            )
            if wanted and not seen & set(each.none):
                true.add(each.name)
    return true


def random_book(rng: random.Random) -> Rulebook:
    tags = [f"t{number}" for number in range(14)]
    vocabulary = {}
    for number, name in enumerate(tags):
        later = tags[number + 1 :]
        implied = tuple(rng.sample(later, min(len(later), rng.choice([0, 0, 0, 1, 2]))))
        heir = rng.choice(later) if later and rng.random() < 0.15 else None
        vocabulary[name] = Tag(name, "renamed" if heir else "live", successor=heir, implies=implied)
    owned = list(tags)
    rng.shuffle(owned)
    rules = []
    for number in range(8):
        own = tuple(owned.pop() for _ in range(rng.choice([1, 1, 1, 2])))
        rest = [tag for tag in tags if tag not in own]
        implies = tuple(f"c{n}" for n in range(8) if n > number and rng.random() < 0.25)
        none = tuple(rng.sample(rest, rng.choice([0, 0, 1, 2])))
        rules.append(rule(f"c{number}", any=own, none=none, implies=implies))
    owners = {tag: each.name for each in rules for tag in each.any}
    for number, each in enumerate(rules):
        free = [tag for tag, owner in owners.items() if owner != each.name and tag not in each.none]
        shares = tuple(rng.sample(free, min(len(free), rng.choice([0, 0, 1]))))
        rules[number] = rule(each.name, any=each.any, shares=shares, none=each.none, implies=each.implies)
    rng.shuffle(rules)
    return Rulebook(rules, Vocabulary(vocabulary))


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_naive_reference(seed: int) -> None:
    rng = random.Random(seed)
    book = random_book(rng)
    for _ in range(60):
        tags = rng.choices([*book.vocabulary, "stranger"], k=rng.randrange(7))
        assert names(book, tags) == naive(book, tags), (tags, book.rules)


@given(st.lists(st.sampled_from(sorted(VOCABULARY.tags)), max_size=12), st.randoms())
def test_order_repetition_and_completion_do_not_matter(tags: list[str], rng: random.Random) -> None:
    expected = BOOK.label_indices(tags)
    shuffled = tags * 2
    rng.shuffle(shuffled)
    assert BOOK.label_indices(shuffled) == expected
    completed = [name for tag in tags for name in VOCABULARY.complete(tag)]
    assert BOOK.label_indices(completed) == expected


def test_load_from_a_folder_with_its_own_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "misc.yaml").write_text(
        "group: misc\nclasses:\n- {name: dragonfly_hat, any: [dragonfly_hat]}\n- {name: cap, any: [hat]}\n", "utf-8"
    )
    with pytest.raises(DataError, match=r"misc.yaml: class 'dragonfly_hat': tag 'dragonfly_hat' in any is unknown"):
        load_rulebook(tmp_path)
    (tmp_path / "vocabulary.csv").write_text(
        "name,status,posts_2021,posts_2025,successor,implies\ndragonfly_hat,live,,5,,hat\n", "utf-8"
    )
    book = load_rulebook(tmp_path)
    assert book.class_names == ("dragonfly_hat", "cap")
    assert book.class_groups == ("misc", "misc")
    assert names(book, ["dragonfly_hat"]) == {"dragonfly_hat", "cap"}
    assert names(load_rulebook(str(tmp_path / "misc.yaml")), ["witch_hat"]) == {"cap"}
