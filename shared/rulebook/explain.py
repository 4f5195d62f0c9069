"""Why a class is true: from the raw tag, over renamed and implied tags and implying classes, to the class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.rulebook.frequency import Bounds, bounds
from shared.rulebook.rules import ClassRule, Group

if TYPE_CHECKING:
    from shared.rulebook.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class ClassExplanation:
    """What makes one class true.

    ``implied_by``: classes that make it true. ``raw_tags``: every raw tag that makes it true by itself, each with the
    chain that leads to the class; ``bounds``: its frequency in 2021.
    """

    rule: ClassRule
    index: int
    implied_by: tuple[str, ...]
    raw_tags: tuple[tuple[str, str], ...]
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Reason:
    """One true (or forbidden) class of a picture, and the chains of names that made it so."""

    class_name: str
    group: Group
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagsExplanation:
    """What the tags of one picture mean: true classes, forbidden classes, tags of no class, and names not known."""

    true: tuple[Reason, ...]
    forbidden: tuple[Reason, ...]
    unused: tuple[str, ...]
    unknown: tuple[str, ...]


def explain_class(rulebook: Rulebook, class_name: str) -> ClassExplanation:
    """Returns what makes ``class_name`` true.

    Raises:
        UsageError: the rulebook has no such class.
    """
    index = rulebook.class_index.get(class_name)
    if index is None:
        owners = [rulebook.class_names[code] for code in rulebook.label_indices([class_name])]
        hint = f"as a tag it gives {', '.join(owners)}" if owners else "see `inkpose rulebook check --classes`"
        raise UsageError(f"{class_name}: the rulebook has no such class; {hint}")
    names = [name for name, codes in rulebook.effects() if index in codes]
    return ClassExplanation(
        rule=rulebook.rules[index],
        index=index,
        implied_by=tuple(rulebook.class_names[source] for source in rulebook.implied_by[index]),
        raw_tags=tuple((name, _chain(rulebook, name, index)) for name in names),
        bounds=bounds(names, rulebook.vocabulary),
    )


def explain_tags(rulebook: Rulebook, tags: Iterable[str]) -> TagsExplanation:
    """Returns what ``tags`` mean, class by class, in class order."""
    names = list(dict.fromkeys(tags))
    effects = dict(rulebook.effects())
    true = []
    for index in rulebook.label_indices(names):
        chains = tuple(_chain(rulebook, name, index) for name in names if index in effects.get(name, ()))
        true.append(Reason(rulebook.class_names[index], rulebook.class_groups[index], chains))
    forbidden = []
    for rule in rulebook.rules:
        if rule.none:
            paths = [rulebook.vocabulary.path(name, rule.none) for name in names]
            if chains := tuple(" -> ".join(path) for path in paths if path):
                forbidden.append(Reason(rule.name, rule.group, chains))
    known = [name for name in names if name in rulebook.vocabulary]
    return TagsExplanation(
        true=tuple(true),
        forbidden=tuple(forbidden),
        unused=tuple(name for name in known if name not in effects),
        unknown=tuple(name for name in names if name not in rulebook.vocabulary),
    )


def _chain(rulebook: Rulebook, tag: str, index: int) -> str:
    """Returns ``tag -> implied tag -> class:a -> class:b``: the shortest way from a raw tag to class ``index``."""
    came_from: dict[int, int | None] = {index: None}
    queue = [index]
    for current in queue:
        rule = rulebook.rules[current]
        path = rulebook.vocabulary.path(tag, (*rule.any, *rule.shares))
        if path:
            step: int | None = current
            links = list(path)
            while step is not None:
                links.append(f"class:{rulebook.class_names[step]}")
                step = came_from[step]
            return " -> ".join(links)
        for source in rulebook.implied_by[current]:
            if source not in came_from:
                came_from[source] = current
                queue.append(source)
    raise AssertionError(f"{tag} does not reach class {index}")
