"""Which folders of a training's settings are read from shards, and what is in them then."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeAlias

from shared.errors import DataError
from shared.image_files import PictureFile, find_images
from shared.readers.folders import id_of_stem, pictures_of_split
from shared.readers.splits import Split, split_of
from shared.shards.opened import ShardSet

#: ``data.shards``: shards that stand for ``root``; or folder → shards, one entry a folder.
Shards: TypeAlias = str | dict[str, str] | None


class Mounted(NamedTuple):
    """A set of shards, and the folder in it that is meant."""

    shards: ShardSet
    folder: PurePosixPath

    def path(self, name: str) -> str:
        """Returns the path in the set of a name below the folder."""
        return (self.folder / name).as_posix()


class Mounts:
    """Folders that are read from shards; every other is read from the disk.

    Args:
        shards: the setting ``data.shards``.
        root: the setting ``data.root``.
        folders: every folder that the settings name, ``root`` among them; each key of ``shards`` must hold one.

    Raises:
        DataError: a key of ``shards`` has nothing to do with the settings.
    """

    def __init__(self, shards: Shards, root: Path, folders: Iterable[Path] = ()) -> None:
        named = {str(root): shards} if isinstance(shards, str) else shards or {}
        everything = [root, *folders]
        known = [_absolute(folder) for folder in everything]
        for folder in named:
            if not any(_absolute(Path(folder)) in (path, *path.parents) for path in known):
                told = ", ".join(sorted({str(path) for path in everything}))
                raise DataError(f"data.shards: {folder} holds none of the folders of these settings ({told})")
        # The innermost first, so that it wins.
        self._urls = sorted(((_absolute(Path(k)), url) for k, url in named.items()), key=lambda pair: str(pair[0]))[
            ::-1
        ]
        self._sets: dict[str, ShardSet] = {}

    def find(self, folder: Path) -> Mounted | None:
        """Returns the shards that stand for a folder, None where it is read from the disk.

        Raises:
            DataError: the shards are not there, or not finished.
        """
        wanted = _absolute(folder)
        for mount, url in self._urls:
            if mount in (wanted, *wanted.parents):
                if url not in self._sets:
                    self._sets[url] = ShardSet(url)
                return Mounted(self._sets[url], PurePosixPath(wanted.relative_to(mount).as_posix()))
        return None

    def pictures_of_split(self, folder: Path, split: Split) -> list[PictureFile]:
        """Returns the pictures of a folder (or of a list of files) that belong to a split, in natural order.

        Raises:
            DataError: it is missing, or holds none of the split.
        """
        if self.find(folder) is None:
            return [*pictures_of_split(folder, split)]
        pictures = [picture for _, picture in self.named(folder) if split_of(id_of_stem(picture)) == split]
        if not pictures:
            raise DataError(f"{folder} in shards: no pictures of the {split} split (by id % 1000); add pictures")
        return pictures

    def named(self, folder: Path) -> list[tuple[str, PictureFile]]:
        """Returns the pictures of a folder with their paths below it.

        Raises:
            DataError: it is missing, or holds none.
        """
        if (mounted := self.find(folder)) is None:
            return [(found.relative.as_posix(), found.path) for found in find_images([folder])]
        members = mounted.shards.below(mounted.folder)
        if not members:
            raise DataError(f"{mounted.shards.location}: holds no pictures of {folder}; check data.shards")
        start = 0 if mounted.folder == PurePosixPath() else len(f"{mounted.folder}/")
        return [(member.row.path[start:], member) for member in members]

    def has_folder(self, folder: Path) -> bool:
        """Returns whether a folder is there."""
        mounted = self.find(folder)
        return folder.is_dir() if mounted is None else bool(mounted.shards.below(mounted.folder))


def _absolute(folder: Path) -> Path:
    return Path(os.path.abspath(folder))
