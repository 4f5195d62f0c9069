"""What the COCO keypoint files of a data folder say of each picture, and where the pictures lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json
from shared.readers.coco_layout import annotation_names, layout_of, place_in
from shared.readers.splits import SPLITS, Split


@dataclass
class AnnotatedPictures:
    """The keypoint files of a data folder.

    Attributes:
        documents: their paths below it.
    """

    documents: list[str] = field(default_factory=list)
    _splits: dict[str, Split] = field(default_factory=dict)
    _images: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> AnnotatedPictures:
        """Reads the keypoint files below ``root``.

        Raises:
            DataError: one is not readable, or its pictures are not there.
        """
        result = cls()
        for split in SPLITS:
            name = next((name for name in annotation_names(split) if (root / name).is_file()), None)
            if name is not None:
                result.documents.append(name)
                result._add(root, split, root / name)
        return result

    def _add(self, root: Path, split: Split, path: Path) -> None:
        document = read_json(path)
        rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        try:
            for row in document["annotations"]:
                rows[int(row["image_id"])].append(row)
            images = {int(image["id"]): image for image in document["images"]}
            self._place(root, split, path, images, rows)
        except BAD_RECORD as error:
            raise DataError(f"{path}: {reason_of(error)}; expected a COCO keypoint file") from None

    def _place(
        self,
        root: Path,
        split: Split,
        path: Path,
        images: dict[int, dict[str, Any]],
        rows: dict[int, list[dict[str, Any]]],
    ) -> None:
        first = _first(images, rows)
        if first is None:
            return
        folder = layout_of(split, first, str(images[first]["file_name"]), lambda name: (root / name).is_file())
        if folder is None:
            raise DataError(f"{path}: picture {images[first]['file_name']} is not below {root}; check the folder")
        for image_id, image in images.items():
            place = place_in(folder, image_id, str(image["file_name"]))
            self._splits[place], self._images[place] = split, image
            self._rows[place] = rows.get(image_id, [])

    def split(self, path: str) -> Split | None:
        """Returns the split whose file lists a picture, None where none does."""
        return self._splits.get(path)

    def is_empty(self, path: str) -> bool:
        """Returns whether a file lists the picture without a character in it."""
        return path in self._rows and not self._rows[path]

    def record(self, path: str) -> dict[str, Any]:
        """Returns ``image`` and ``annotations`` of a picture as its file has them; nothing where none lists it."""
        if path not in self._images:
            return {}
        return {"image": self._images[path], "annotations": self._rows[path]}


def _first(images: dict[int, dict[str, Any]], rows: Iterable[int]) -> int | None:
    """Returns the first picture that has a character, or the first of all."""
    return next((image_id for image_id in rows if image_id in images), next(iter(images), None))
