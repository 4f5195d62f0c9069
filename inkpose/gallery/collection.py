"""The index as the page sees it: found poses with thumbnails, tags with counts, the folders it was made of."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from inkpose.filenames import one_line
from inkpose.gallery.looks import keypoints_json
from inkpose.index.connection import is_index
from inkpose.index.schema import Hit
from inkpose.index.store import PoseIndex
from inkpose.index.thumbnails import region
from shared.errors import UsageError

Points = Sequence[Sequence[float] | None]

#: Seconds for which the counts of tags, a walk over the whole index, are taken for true.
_COUNTS_AGE = 30.0


class Collection:
    """Reads one index, which may come to be while the gallery runs.

    Args:
        path: the folder of the index.
        show_paths: tell the page where pictures lie; not for other machines.
    """

    def __init__(self, path: Path, show_paths: bool = True) -> None:
        self.path, self.show_paths = path, show_paths
        self._index: PoseIndex | None = None
        self._lock = threading.RLock()
        self._counts: tuple[float, dict[str, int]] | None = None

    def open(self) -> PoseIndex | None:
        """Returns the index; None while there is none.

        Raises:
            DataError: it is damaged, or of another version.
        """
        with self._lock:
            if not is_index(self.path):
                self._index = None
            elif self._index is None:
                self._index = PoseIndex.open(self.path)
            return self._index

    def search(self, keypoints: Points | None, tags: str, mirror: bool, k: int) -> list[dict[str, Any]]:
        """Returns what is found by pose and tags, by tags alone, or, asked for nothing, what comes first.

        Raises:
            UsageError: too few joints, unreadable tags, no index yet.
            DataError: the index cannot be read.
        """
        with self._lock:
            index = self._needed()
            if keypoints is not None:
                hits = index.search(pose_array(keypoints), k=k, tags=tags, mirror=mirror)
            elif tags.strip():
                hits = index.search_tags(tags, k)
            else:
                hits = index.rows(limit=k)
        return [self.hit_json(hit, posed=keypoints is not None) for hit in hits]

    def hit(self, key: str) -> Hit | None:
        """Returns a character by its id."""
        with self._lock:
            index = self.open()
            hits = index.rows([key]) if index is not None else []
        return hits[0] if hits else None

    def hits(self, keys: Sequence[str]) -> dict[str, Hit]:
        """Returns characters by their ids."""
        with self._lock:
            return {hit.id: hit for hit in self._needed().rows(keys)}

    def tag_counts(self) -> dict[str, int]:
        """Returns how many characters' pictures have each tag, most frequent first; up to half a minute old."""
        with self._lock:
            index = self.open()
            if index is None:
                return {}
            now = time.monotonic()
            if self._counts is None or now - self._counts[0] > _COUNTS_AGE:
                self._counts = now, index.tag_counts()
            return self._counts[1]

    def stats(self) -> dict[str, Any]:
        """Returns what the *Index* view shows."""
        with self._lock:
            index = self.open()
            told = {} if index is None else index.stats()
        sources = told.get("sources", {})
        if not self.show_paths:
            sources = {PurePath(source).name: count for source, count in sources.items()}
        return {
            "exists": bool(told),
            "path": str(self.path) if self.show_paths else self.path.name,
            "pictures": told.get("pictures", 0),
            "without_character": told.get("pictures_without_character", 0),
            "characters": told.get("characters", 0),
            "bytes": told.get("bytes", 0),
            "descriptor": told.get("descriptor", ""),
            "fast": told.get("fast_index_rows", 0),
            "sources": [{"path": one_line(source), "pictures": count} for source, count in sources.items()],
        }

    def hit_json(self, hit: Hit, posed: bool = True) -> dict[str, Any]:
        """Returns a character for the page: thumbnail with the part of the picture it shows, joints, tags."""
        return {
            "id": hit.id,
            "name": one_line(PurePath(hit.path).name),
            "path": one_line(hit.path) if self.show_paths else "",
            "number": hit.number,
            "score": round(hit.score, 4) if posed else None,
            "mirrored": hit.mirrored,
            "width": hit.width,
            "height": hit.height,
            "region_xywh": region(hit.box_xywh, hit.width, hit.height),
            "keypoints": keypoints_json(hit.keypoints),
            "tags": hit.tags,
            "thumbnail": "data:image/jpeg;base64," + base64.b64encode(hit.thumbnail).decode("ascii"),
        }

    def _needed(self) -> PoseIndex:
        index = self.open()
        if index is None:
            raise UsageError("there is no index yet; add a folder of pictures in the Index view")
        return index


def pose_array(keypoints: Points) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns rows of the page, None for an absent joint, as the index takes them: ``(17, 3)``."""
    absent = (np.nan, np.nan, 0.0)
    return np.array([absent if row is None else tuple(row) for row in keypoints], np.float32).reshape(-1, 3)
