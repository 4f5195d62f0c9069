"""Raw tags to classes, against a plain loop over the classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inkpose.bench.row import Row, compare
from shared.rulebook.rulebook import load_rulebook

_POSTS, _TAGS_A_POST = 20_000, 30


def rows() -> Iterator[Row]:
    """Yields labelled posts per core-second; a post has 30 tags of the vocabulary, frequent ones more often."""
    rulebook = load_rulebook()
    rng = np.random.default_rng(0)
    names = list(rulebook.vocabulary)
    # Danbooru's tag counts fall about as one over the rank.
    weight = 1.0 / np.arange(1, len(names) + 1)
    draws = rng.choice(len(names), size=(_POSTS, _TAGS_A_POST), p=weight / weight.sum())
    posts = [[names[i] for i in row] for row in draws]
    complete = rulebook.vocabulary.complete

    def plain() -> int:
        some = posts[:200]
        for tags in some:
            present = {name for tag in tags for name in complete(tag)}
            for rule in rulebook.rules:
                # Implications and `none` are left out: the baseline does less than ours.
                any(tag in present for tag in rule.any)
        return len(some)

    def ours() -> int:
        for tags in posts:
            rulebook.label_indices(tags)
        return len(posts)

    yield compare(
        "rulebook: tags to 1062 classes", "posts/s on one core", ours, plain, "loop over the classes", cpu_time=True
    )
