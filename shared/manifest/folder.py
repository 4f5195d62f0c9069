"""Folders of pictures with captions beside them, or with a CSV, as the entries of a manifest."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import DataError
from shared.files import digest
from shared.image_files import find_images
from shared.images import read_rgb
from shared.manifest.build import Entries, build_manifest
from shared.manifest.danbooru import files_told
from shared.manifest.report import Report
from shared.manifest.schema import FORMAT, Entry, Header
from shared.readers.captions import read_caption, repeats_of_folder
from shared.readers.places import Place
from shared.readers.ratings import SAFE_FOR_WORK, Rating
from shared.readers.splits import split_of
from shared.readers.tag_csv import TaggedFile, read_tag_csv
from shared.rulebook.rulebook import Rulebook

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FolderSource:
    """Pictures with their tags.

    Attributes:
        folders: searched to their leaves; with ``table``, the one folder that its paths are below.
        table: CSV of files and tags; None: captions beside the pictures.
        ratings: rows of the table with another rating are left out (captions have none).
    """

    folders: Sequence[Path]
    table: Path | None = None
    ratings: tuple[Rating, ...] = SAFE_FOR_WORK

    @property
    def root(self) -> Path:
        """The folder that paths are relative to."""
        for folder in self.folders:
            if not folder.is_dir():
                raise DataError(f"{folder}: no such folder; check the path")
        if self.table is not None and len(self.folders) != 1:
            raise DataError(f"{self.table}: a table belongs to one folder, {len(self.folders)} are given")
        return Path(os.path.commonpath([folder.resolve() for folder in self.folders]))

    def rows(self) -> list[tuple[int, TaggedFile | str]]:
        """Returns ``(number, row)`` for each picture in a fixed order; the reason where there are no tags."""
        if self.table is not None:
            return list(read_tag_csv(self.table))
        rows: list[tuple[int, TaggedFile | str]] = []
        root = self.root
        for number, found in enumerate(find_images([folder.resolve() for folder in self.folders]), start=1):
            path, tags = found.path.relative_to(root).as_posix(), read_caption(found.path)
            repeats = repeats_of_folder(found.relative)
            rows.append((number, "no caption" if tags is None else TaggedFile(path, tags, None, None, None, repeats)))
        return rows

    def entries(self) -> Entries:
        """Reads all captions or the table; returns what opens the pictures one by one."""
        rows, root = self.rows(), self.root
        ids = _ids([row for _, row in rows if isinstance(row, TaggedFile)])

        def read(file: int, line: int) -> Iterator[tuple[int, int, Entry | str]]:
            for number, row in rows:
                if number > line:
                    yield 0, number, row if isinstance(row, str) else self._entry(root, row, ids)

        return read

    def plan(self, rulebook: Rulebook) -> str:
        """Returns a digest of all that the rows depend on but the pictures themselves."""
        table = files_told([self.table]) if self.table is not None and self.table.is_file() else []
        rows = [] if table else self.rows()
        folders = [str(folder.resolve()) for folder in self.folders]
        return digest(FORMAT, folders, table, rows, self.ratings, rulebook.digest())

    def _entry(self, root: Path, row: TaggedFile, ids: dict[str, int]) -> Entry | str:
        if not row.tags:
            return "empty caption"
        if row.repeats == 0:
            return "0 repeats"
        if row.rating is not None and row.rating not in self.ratings:
            return f"rating {row.rating}"
        if any("\ud800" <= character <= "\udfff" for character in row.path):
            return "file name is not UTF-8"
        if not os.path.isfile(root / row.path):
            return "no picture file"
        try:
            height, width = read_rgb(root / row.path).shape[:2]
        except DataError as error:
            logger.warning("%s (left out)", error)
            return "not a readable picture"
        image_id = ids[row.path]
        split = row.split or split_of(image_id)
        return Entry(image_id, Place(row.path), width, height, split, row.rating, row.tags, row.repeats or 1)


def folder_manifest(
    source: FolderSource,
    out: Path,
    rulebook: Rulebook,
    *,
    restart: bool = False,
    on_part: Callable[[int, int], None] = lambda read, dropped: None,
) -> Report:
    """Writes the manifest of a folder; see ``build_manifest``."""
    header = Header.of(source.root, rulebook)
    return build_manifest(
        out, header, source.plan(rulebook), source.entries(), rulebook, restart=restart, on_part=on_part
    )


def _ids(rows: Sequence[TaggedFile]) -> dict[str, int]:
    """Returns an id for each path: the table's, its stem where that is a number of its own, else one made of it."""
    stems = Counter(_stem(row.path) for row in rows)
    return {row.path: row.id if row.id is not None else _id_of(row.path, stems) for row in rows}


def _id_of(path: str, stems: Counter[str]) -> int:
    stem = _stem(path)
    if stem.isascii() and stem.isdigit() and len(stem) <= 9 and stems[stem] == 1:
        return int(stem)
    # Beyond the numbers that stems can be, so that the two kinds never meet.
    return 10**9 + int.from_bytes(hashlib.blake2b(path.encode("utf-8", "surrogateescape"), digest_size=7).digest())


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]
