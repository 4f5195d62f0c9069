"""A data folder (pictures, masks, cut-outs, backgrounds, posts, keypoints) as samples to become shards."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.datamodules.tag_samples import manifest_of
from shared.errors import DataError
from shared.files import digest
from shared.image_files import find_images
from shared.manifest.danbooru import files_told
from shared.manifest.schema import Header
from shared.readers.folders import id_of_stem
from shared.readers.places import Place
from shared.readers.ratings import LETTERS, Rating
from shared.readers.splits import SPLITS, Split, split_of
from shared.rulebook.rulebook import Rulebook
from shared.shards.annotated import AnnotatedPictures
from shared.shards.sources import ManifestRows, Piece, ShardSample, split_number

logger = logging.getLogger(__name__)

#: What a picture below each folder is to its sample; below any other it is the picture itself.
ROLES = {"masks": "mask", "fg": "fg", "bg": "bg"}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FolderSource:
    """All pictures below a folder; those of one stem in ``images``, ``masks``, ``fg`` and ``bg`` are one sample.

    Args:
        root: the folder. Classes come from its ``metadata/posts.jsonl``, joints from its COCO files, where it has them.
        rulebook: makes classes of tags.

    Raises:
        DataError: no such folder, no picture in it, or unusable posts or keypoint files.
    """

    lists_files = True

    def __init__(self, root: Path, rulebook: Rulebook) -> None:
        if not root.is_dir():
            raise DataError(f"{root}: no such folder or manifest; check the path")
        self.root, self._rulebook = root, rulebook
        self._annotated = AnnotatedPictures.of(root)
        self.documents = self._annotated.documents
        self._posts = root / "metadata" / "posts.jsonl"
        self._manifest = manifest_of(root, rulebook, tuple(_ratings())) if self._posts.is_file() else None
        self.header: Header | None = self._manifest.header if self._manifest is not None else None
        self._paths = list(_utf8(found.relative.as_posix() for found in find_images([root])))
        self._samples = list(self._grouped())
        self.files = sum(len(pieces) for _, pieces in self._samples)
        self.splits = np.array([split_number(self._split_of(pieces)) for _, pieces in self._samples], np.int8)

    def sample(self, number: int) -> ShardSample:
        """Returns one group of files, with what the posts and keypoint files say of its picture."""
        key, pieces = self._samples[number]
        record: dict[str, Any] = {"id": id_of_stem(Path(pieces[0].path)), "split": SPLITS[self.splits[number]]}
        record["files"] = {piece.role or "picture": piece.path for piece in pieces}
        for piece in pieces:
            if piece.role == "":
                record |= self._annotated.record(piece.path)
        return ShardSample(key, pieces, record)

    def manifest_rows(self) -> Iterator[ManifestRows]:
        """Yields the rows of the posts."""
        if self._manifest is None:
            return
        where = {piece.path: n for n, (_, pieces) in enumerate(self._samples) for piece in pieces if piece.role == ""}
        paths = self._manifest.table.column("path").to_pylist()
        yield self._manifest.table, np.array([where.get(f"images/{path}", -1) for path in paths], np.int64)

    def plan(self) -> str:
        """Returns a digest of the files' names, sizes and times."""
        documents = [self.root / name for name in self.documents]
        posts = [self._posts] if self._manifest is not None else []
        files = [(path, *_size_and_time(self.root / path)) for path in self._paths]
        return digest("folder", files, files_told([*documents, *posts]), self._rulebook.digest())

    def _grouped(self) -> Iterator[tuple[str, tuple[Piece, ...]]]:
        groups: dict[str, list[Piece]] = defaultdict(list)
        for path in self._paths:
            if not self._is_useless(path):
                groups[Path(path).stem].append(Piece(ROLES.get(path.split("/")[0], ""), path, Place(path)))
        taken: set[str] = set()
        for stem, pieces in groups.items():
            rest: Sequence[Piece] = pieces
            while rest:  # files that share stem and role come one after the other
                first = {piece.role: piece for piece in reversed(rest)}
                chosen = tuple(piece for piece in rest if first[piece.role] is piece)
                rest = [piece for piece in rest if first[piece.role] is not piece]
                key = stem if _PLAIN_KEY.fullmatch(stem) and stem not in taken else _hashed(chosen[0].path)
                taken.add(key)
                yield key, chosen

    def _is_useless(self, path: str) -> bool:
        """Whether a keypoint file lists the picture without a character, and nothing else can be learnt from it."""
        return self._manifest is None and path.split("/")[0] != "images" and self._annotated.is_empty(path)

    def _split_of(self, pieces: Sequence[Piece]) -> Split:
        for piece in pieces:
            if piece.role == "" and (split := self._annotated.split(piece.path)) is not None:
                return split
        return split_of(id_of_stem(Path(pieces[0].path)))


def _ratings() -> set[Rating]:
    return {rating for letters in LETTERS.values() for rating in letters.values()}


def _hashed(path: str) -> str:
    return "x" + hashlib.blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _utf8(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if any("\ud800" <= character <= "\udfff" for character in path):
            logger.warning("%a: the file's name is not UTF-8 (left out)", path)
        else:
            yield path


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError:  # a link to nowhere: it will be named when its turn comes
        return -1, -1
    return told.st_size, told.st_mtime_ns
