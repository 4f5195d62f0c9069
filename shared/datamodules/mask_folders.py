"""Where the loose cut-outs and backgrounds of the segmenter's training come from: folders and generators, by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np

from shared.errors import DataError
from shared.readers.folders import pictures_of_split
from shared.readers.splits import Split


class FolderShare(TypedDict, total=False):
    """A folder of pictures and how often it is taken relative to the others (1 when not said)."""

    path: str
    weight: float


class BackgroundShare(TypedDict, total=False):
    """A folder of backgrounds, or ``procedural: clutter``, and its weight (1 when not said)."""

    path: str
    procedural: Literal["clutter"]
    weight: float


@dataclass(frozen=True)
class WeightedFolders:
    """Lists of pictures, each with its share; an empty list stands for the procedural clutter.

    Attributes:
        folders: files of each source.
        weights: relative, > 0.
    """

    folders: tuple[Sequence[Path], ...] = ()
    weights: tuple[float, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.folders))

    def choose(self, rng: np.random.Generator) -> Sequence[Path]:
        """Returns the files of one source, each source as often as its weight says."""
        if len(self.folders) == 1:
            return self.folders[0]
        shares = np.asarray(self.weights)
        return self.folders[int(rng.choice(len(shares), p=shares / shares.sum()))]

    @property
    def largest(self) -> Sequence[Path]:
        """The source with the most files, () when there is none."""
        return max(self.folders, key=len, default=())


def weighted_folders(
    entries: Sequence[FolderShare] | Sequence[BackgroundShare] | None, default: Path, split: Split, name: str
) -> WeightedFolders:
    """Returns the sources that a setting names; ``default`` alone when it is None.

    Args:
        entries: the setting.
        default: folder to take when there is no setting.
        split: which files of each folder.
        name: of the setting, for messages.

    Raises:
        DataError: an entry is wrong, or a folder has no picture of the split.
    """
    if entries is None:
        return WeightedFolders((pictures_of_split(default, split),), (1.0,))
    if not entries:
        raise DataError(f"data.{name}: an empty list; name a folder, e.g. [{{path: data/photos, weight: 1}}]")
    folders: list[Sequence[Path]] = []
    weights = []
    for place, entry in enumerate(entries):
        where, settings = f"data.{name}[{place}]", dict(entry)
        weight = settings.get("weight", 1.0)
        if not isinstance(weight, (int, float)) or not 0 < weight < float("inf"):
            raise DataError(f"{where}: weight {weight!r} is not a number above 0; leave out what should not be taken")
        if ("path" in settings) == ("procedural" in settings):
            raise DataError(f"{where}: {_shown(entry)}; give either path or procedural")
        folders.append(pictures_of_split(Path(str(settings["path"])), split) if "path" in settings else [])
        weights.append(float(weight))
    return WeightedFolders(tuple(folders), tuple(weights))


def _shown(entry: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}"
