"""What is in a manifest and what was left out, counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shared.manifest.parts import Progress
from shared.manifest.schema import Header
from shared.readers.splits import SPLITS


@dataclass(frozen=True)
class Report:
    """Counts of a finished manifest.

    Attributes:
        read: posts (or pictures) looked at.
        kept: rows of the manifest; ``read`` less all of ``dropped``.
        dropped: posts left out, by reason, the most frequent first.
        splits: rows of each split.
        ratings: rows of each rating.
        classes: number of classes; ``classes_present`` of them are true somewhere.
        labels_per_picture: mean number of true classes.
        class_counts: rows of the training split in which each class is true, by name.
        images: the image folder.
        rulebook_digest: of the rulebook that made the classes.
    """

    read: int
    kept: int
    dropped: dict[str, int]
    splits: dict[str, int]
    ratings: dict[str, int]
    classes: int
    classes_present: int
    labels_per_picture: float
    class_counts: dict[str, int]
    images: str
    rulebook_digest: str

    def as_json(self) -> dict[str, Any]:
        """Returns the content of the report's file."""
        return asdict(self)


class Tally:
    """Counts rows, table after table."""

    def __init__(self, class_count: int) -> None:
        self.kept = 0
        self.positives = np.zeros(class_count, np.int64)
        self.train_positives = np.zeros(class_count, np.int64)
        self.splits: dict[str, int] = dict.fromkeys(SPLITS, 0)
        self.ratings: dict[str, int] = {}

    def add(self, table: pa.Table) -> None:
        """Counts one table of rows."""
        self.kept += table.num_rows
        for name, counts in (("split", self.splits), ("rating", self.ratings)):
            for pair in pc.value_counts(table.column(name)).to_pylist():
                value = pair["values"] or "unknown"
                counts[value] = counts.get(value, 0) + pair["counts"]
        self.positives += count_classes(table, len(self.positives))
        train = table.filter(pc.equal(table.column("split"), "train"))
        self.train_positives += count_classes(train, len(self.positives))

    def report(self, header: Header, progress: Progress) -> Report:
        """Returns the counts of all tables, with what was dropped on the way."""
        counts = self.train_positives.tolist()
        return Report(
            read=progress.read,
            kept=self.kept,
            dropped=dict(sorted(progress.dropped.items(), key=lambda pair: (-pair[1], pair[0]))),
            splits=self.splits,
            ratings=self.ratings,
            classes=len(counts),
            classes_present=int((self.positives > 0).sum()),
            labels_per_picture=float(self.positives.sum()) / max(1, self.kept),
            class_counts=dict(zip(header.class_names, counts, strict=True)),
            images=header.images,
            rulebook_digest=header.rulebook_digest,
        )


def count_classes(table: pa.Table, class_count: int) -> NDArray[np.int64]:
    """Returns in how many rows each class is true: int64 ``(class_count,)``."""
    indices = pc.list_flatten(table.column("classes")).to_numpy()
    return np.bincount(indices, minlength=class_count).astype(np.int64)
