"""How often the classes of a rulebook occur in metadata files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.errors import DataError
from shared.files import write_text
from shared.readers.dump import read_dump
from shared.readers.ratings import SAFE_FOR_WORK, Rating, Scheme
from shared.rulebook.rulebook import Rulebook


@dataclass(frozen=True)
class ClassCounts:
    """``positives`` int64 ``(C,)``: of ``posts``, those with each class true; ``dropped``: left out, by reason."""

    positives: NDArray[np.int64]
    posts: int
    dropped: Counter[str]

    @property
    def present(self) -> int:
        """The number of classes that occur at least once."""
        return int((self.positives > 0).sum())

    @property
    def median(self) -> float:
        """The median over all classes of the fraction of posts, in [0, 1]."""
        return float(np.median(self.positives)) / max(self.posts, 1)

    @property
    def labels_per_post(self) -> float:
        """The mean number of true classes a post."""
        return float(self.positives.sum()) / max(self.posts, 1)

    def by_name(self, rulebook: Rulebook) -> dict[str, int]:
        """Returns the positives by class name, in class order."""
        return {name: int(count) for name, count in zip(rulebook.class_names, self.positives, strict=True)}

    def most_frequent(self, rulebook: Rulebook, number: int) -> list[tuple[str, int]]:
        """Returns the ``number`` most frequent classes, falling; equal counts keep class order."""
        order = np.argsort(-self.positives, kind="stable")[:number]
        return [(rulebook.class_names[index], int(self.positives[index])) for index in order]


def count_classes(
    rulebook: Rulebook,
    inputs: Sequence[Path],
    ratings: Collection[Rating] = SAFE_FOR_WORK,
    scheme: Scheme | Literal["auto"] = "auto",
) -> ClassCounts:
    """Counts the classes over the usable posts of metadata files and folders of any era.

    Args:
        rulebook: what makes classes of tags.
        inputs: as for ``shared.readers.dump.read_dump``.
        ratings: the ratings to count, by meaning.
        scheme: what the rating letters mean; ``auto`` finds out.

    Raises:
        DataError: a file or a line cannot be read, or no post has such a rating.
    """
    positives = np.zeros(len(rulebook), dtype=np.int64)
    posts, dropped = 0, Counter[str]()
    for post in read_dump(inputs, ratings, scheme, dropped):
        posts += 1
        positives[rulebook.label_indices(post.tags)] += 1
    if not posts:
        names, wanted = ", ".join(map(str, inputs)), " or ".join(ratings)
        why = ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "no posts at all"
        raise DataError(f"{names}: no post with rating {wanted} ({why}); check the file or --rating")
    return ClassCounts(positives, posts, dropped)


def write_counts(path: Path, rulebook: Rulebook, counts: ClassCounts) -> None:
    """Writes a CSV ``class,group,posts,fraction``, one row a class."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["class", "group", "posts", "fraction"])
    for name, group, count in zip(rulebook.class_names, rulebook.class_groups, counts.positives, strict=True):
        writer.writerow([name, group, int(count), f"{count / counts.posts:.6f}"])
    write_text(path, out.getvalue())
