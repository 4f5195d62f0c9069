"""Raw tags in, classes out: the rulebook as the rest of the project uses it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.files import digest
from shared.rulebook.explain import ClassExplanation, TagsExplanation, explain_class, explain_tags
from shared.rulebook.meaning import check_rules
from shared.rulebook.rules import FOLDER, ClassRule, Group, read_rules, rule_files
from shared.rulebook.vocabulary import Vocabulary, read_vocabulary, shipped_vocabulary

VOCABULARY_NAME = "vocabulary.csv"


class Rulebook:
    """Labels pictures by their raw tags; order and repetition of the tags do not matter, unknown tags do nothing.

    The tags of a picture are first completed: by today's name of an old name and by the tags they imply. A class is
    then true when (a completed tag is under its ``any`` or ``shares``, or a true class implies it) and no completed
    tag is under its ``none``.
    """

    def __init__(self, rules: Sequence[ClassRule], vocabulary: Vocabulary) -> None:
        self.rules = tuple(rules)
        self.vocabulary = vocabulary
        self.order = check_rules(self.rules, vocabulary)
        self.class_names = tuple(rule.name for rule in self.rules)
        self.class_groups: tuple[Group, ...] = tuple(rule.group for rule in self.rules)
        self.class_index = {name: index for index, name in enumerate(self.class_names)}
        self.implied_by: tuple[tuple[int, ...], ...] = self._implied_by()
        self._direct = self._direct_effects()
        self._implying = frozenset(index for index, rule in enumerate(self.rules) if rule.implies)
        # Many tags mean the same classes: they share one set.
        shared: dict[tuple[int, ...], frozenset[int]] = {}
        self._closed = {
            name: shared.setdefault(codes, frozenset(self._close(codes))) for name, codes in self._direct.items()
        }

    def __len__(self) -> int:
        return len(self.rules)

    def label_indices(self, tags: Iterable[str]) -> list[int]:
        """Returns the indices of the true classes, rising (the fast path: no array is made)."""
        if isinstance(tags, str):
            raise ValueError(f"tags is one string, {tags!r}: split it into tags first")
        # Codes below `count` are classes made true; codes from `count` on are classes forbidden (rare).
        count = len(self.rules)
        codes = sorted(set().union(*filter(None, map(self._closed.get, tags := list(tags)))))
        if not codes or codes[-1] < count:
            return codes
        first_forbidden = bisect_left(codes, count)
        true, forbidden = codes[:first_forbidden], {code - count for code in codes[first_forbidden:]}
        struck = forbidden.intersection(true)
        if not struck:
            return true
        if struck.isdisjoint(self._implying):
            return [code for code in true if code not in struck]
        return self._label_in_order(tags, forbidden)

    def label(self, tags: Iterable[str]) -> NDArray[np.uint8]:
        """Returns a uint8 vector ``(C,)``: 1 where the class is true, 0 elsewhere."""
        vector = np.zeros(len(self.rules), dtype=np.uint8)
        vector[self.label_indices(tags)] = 1
        return vector

    def digest(self) -> str:
        """Returns 16 hex digits: equal for rulebooks that give every picture the same classes in the same order."""
        effects = sorted((name, list(codes)) for name, codes in self._direct.items())
        return digest(self.class_names, self.class_groups, effects, self.implied_by)

    def effects(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yields each raw tag that can make a class true, with the indices of the classes (none tags aside)."""
        count = len(self.rules)
        for name, codes in self._closed.items():
            if made_true := tuple(sorted(code for code in codes if code < count)):
                yield name, made_true

    def explain(self, class_name: str) -> ClassExplanation:
        """Returns what makes a class true and how often it is. Raises UsageError for an unknown class."""
        return explain_class(self, class_name)

    def explain_tags(self, tags: Iterable[str]) -> TagsExplanation:
        """Returns each class that ``tags`` make true with the reason, the classes forbidden, and the tags unused."""
        return explain_tags(self, tags)

    def _label_in_order(self, tags: Iterable[str], forbidden: set[int]) -> list[int]:
        direct = set().union(*filter(None, map(self._direct.get, tags)))
        true: set[int] = set()
        for index in self.order:
            if index not in forbidden and (index in direct or not true.isdisjoint(self.implied_by[index])):
                true.add(index)
        return sorted(true)

    def _implied_by(self) -> tuple[tuple[int, ...], ...]:
        sources: list[list[int]] = [[] for _ in self.rules]
        for index, rule in enumerate(self.rules):
            for other in rule.implies:
                sources[self.class_index[other]].append(index)
        return tuple(tuple(source) for source in sources)

    def _direct_effects(self) -> dict[str, tuple[int, ...]]:
        """Returns, for each raw tag that matters, the codes it gives before classes imply classes."""
        count = len(self.rules)
        by_tag: dict[str, set[int]] = {}
        for index, rule in enumerate(self.rules):
            for name in (*rule.any, *rule.shares):
                by_tag.setdefault(name, set()).add(index)
            for name in rule.none:
                by_tag.setdefault(name, set()).add(count + index)
        effects: dict[str, tuple[int, ...]] = {}
        for name in self.vocabulary:
            codes = set().union(*(by_tag.get(other, ()) for other in self.vocabulary.complete(name)))
            if codes:
                effects[name] = tuple(sorted(codes))
        return effects

    def _close(self, codes: tuple[int, ...]) -> set[int]:
        """Returns ``codes`` with the classes that they imply (right as long as none of them is forbidden)."""
        seen, todo = set(codes), [code for code in codes if code < len(self.rules)]
        while todo:
            for name in self.rules[todo.pop()].implies:
                index = self.class_index[name]
                if index not in seen:
                    seen.add(index)
                    todo.append(index)
        return seen


def load_rulebook(source: str | Path = "default") -> Rulebook:
    """Loads a rulebook: ``"default"`` (the shipped one), a folder of .yaml files, or one .yaml file.

    A ``vocabulary.csv`` beside the files extends the shipped vocabulary (and wins where both know a name).

    Raises:
        DataError: an error in a file; the message names the file, the class and the cure.
    """
    return _default() if source == "default" else _load(source)


@cache
def _default() -> Rulebook:
    return _load("default")


def _load(source: str | Path) -> Rulebook:
    files = rule_files(source)
    vocabulary = shipped_vocabulary()
    own = files[0].parent / VOCABULARY_NAME
    if own.is_file() and own.parent.resolve() != FOLDER:
        vocabulary = vocabulary.extended(read_vocabulary(own))
    return Rulebook([rule for path in files for rule in read_rules(path)], vocabulary)
