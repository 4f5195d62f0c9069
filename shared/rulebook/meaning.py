"""Do the classes of a rulebook hold together? Names, sharing, implied classes and cycles are checked here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from shared.errors import DataError
from shared.rulebook.rules import ClassRule
from shared.rulebook.vocabulary import Vocabulary

log = logging.getLogger(__name__)


def check_rules(rules: Sequence[ClassRule], vocabulary: Vocabulary) -> tuple[int, ...]:
    """Checks all classes together; returns their indices in an order where every class follows those that imply it.

    Logs a warning for each name that is no longer used and whose successor its class does not name.

    Raises:
        DataError: a class name twice; a tag unknown to the vocabulary; a tag in two classes that does not say so;
            a tag both for and against a class; an implied class that does not exist; a cycle; a class that no tag
            can make true. The message names the file and the class.
    """
    by_name = _unique(rules)
    for rule in rules:
        _check_tags(rule, vocabulary)
        for other in rule.implies:
            if other not in by_name:
                raise DataError(f"{rule.where}: implies {other!r}, which is no class{_like(other, list(by_name))}")
    _check_owners(rules)
    order = _order(rules)
    implied = {other for rule in rules for other in rule.implies}
    for rule in rules:
        if not rule.any and not rule.shares and rule.name not in implied:
            raise DataError(f"{rule.where}: nothing can make it true; give it tags under any")
    for warning in dead_names(rules, vocabulary):
        log.warning("%s", warning)
    return order


def dead_names(rules: Sequence[ClassRule], vocabulary: Vocabulary) -> Iterator[str]:
    """Yields a line for each renamed tag that a class lists without the name of today."""
    for rule in rules:
        for field in ("any", "shares", "none"):
            names: tuple[str, ...] = getattr(rule, field)
            for name in names:
                successor = vocabulary.tags[name].successor
                if successor and successor not in names:
                    yield f"{rule.where}: {name!r} is now called {successor!r}; list the new name under {field} too"


def _unique(rules: Sequence[ClassRule]) -> dict[str, ClassRule]:
    by_name: dict[str, ClassRule] = {}
    for rule in rules:
        if rule.name in by_name:
            raise DataError(f"{rule.where}: the name is taken by a class in {by_name[rule.name].path}; rename one")
        by_name[rule.name] = rule
    return by_name


def _check_tags(rule: ClassRule, vocabulary: Vocabulary) -> None:
    for field in ("any", "shares", "none"):
        for name in getattr(rule, field):
            if name not in vocabulary:
                raise DataError(f"{rule.where}: tag {name!r} in {field} is unknown{_like(name, list(vocabulary))}")
    for first, second in (("any", "none"), ("shares", "none"), ("any", "shares")):
        both = set(getattr(rule, first)) & set(getattr(rule, second))
        if both:
            raise DataError(f"{rule.where}: tag {min(both)!r} is in {first} and in {second}; keep one")


def _check_owners(rules: Sequence[ClassRule]) -> None:
    owners: dict[str, ClassRule] = {}
    for rule in rules:
        for name in rule.any:
            if name in owners:
                other = owners[name]
                raise DataError(
                    f"{rule.where}: tag {name!r} belongs to class {other.name!r} ({other.path}) already; "
                    "keep it under any in one class and list it under shares in the others"
                )
            owners[name] = rule
    for rule in rules:
        for name in rule.shares:
            if name not in owners:
                raise DataError(f"{rule.where}: no other class has tag {name!r} under any; move it from shares to any")


def _order(rules: Sequence[ClassRule]) -> tuple[int, ...]:
    index = {rule.name: number for number, rule in enumerate(rules)}
    graph: dict[int, set[int]] = {number: set() for number in range(len(rules))}
    for number, rule in enumerate(rules):
        for other in rule.implies:
            graph[index[other]].add(number)
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        ring = [rules[number] for number in error.args[1]]
        names = " -> ".join(rule.name for rule in ring)
        raise DataError(f"{ring[0].where}: classes imply each other in a circle ({names}); remove one step") from None


def _like(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    return (
        f"; did you mean {close[0]!r}?" if close else "; correct it, or add it to a vocabulary.csv beside the rulebook"
    )
