"""Where the segmenter's training pictures come from: folders, lists, generators and real pairs, each with a weight."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypedDict, TypeVar, get_args

import numpy as np

from shared.compositing.cutout_files import with_alpha_channel
from shared.datamodules.mounts import Mounts
from shared.errors import DataError
from shared.image_files import PictureFile
from shared.readers.folders import id_of_stem
from shared.readers.mask_layouts import MaskLayout, read_mask_pairs
from shared.readers.mask_pairs import MaskPair, PairListing, pairs_called_alike
from shared.readers.splits import Split, split_of

logger = logging.getLogger(__name__)

T = TypeVar("T")
#: Kinds of backgrounds that are drawn while training: ``shared/compositing/clutter.py`` and ``still_life.py``.
Procedural = Literal["clutter", "still_life"]


class FolderShare(TypedDict, total=False):
    """A folder of pictures (or a .txt list of them), and how often it is taken relative to the others (1)."""

    path: str
    weight: float


class BackgroundShare(TypedDict, total=False):
    """A folder of backgrounds, or ``procedural: clutter`` (or ``still_life``), and its weight (1)."""

    path: str
    procedural: Procedural
    weight: float


class PairShare(TypedDict, total=False):
    """A folder of pictures with masks, its layout (``auto``), and its weight (1)."""

    path: str
    layout: MaskLayout
    weight: float


class Generated(tuple[PictureFile, ...]):
    """A group without files among the backgrounds: its pictures are drawn while training.

    Attributes:
        kind: what draws them.
    """

    kind: Procedural

    def __new__(cls, kind: Procedural) -> Generated:
        """Returns the empty group of that kind."""
        group = super().__new__(cls)
        group.kind = kind
        return group

    def __getnewargs__(self) -> tuple[Procedural]:
        """Tells pickle what to make it of: reading processes get a copy."""
        return (self.kind,)


@dataclass(frozen=True)
class Weighted(Generic[T]):
    """Lists of pictures, each with its share; among backgrounds some are :class:`Generated`.

    Attributes:
        groups: items of each source.
        weights: relative, > 0.
    """

    groups: tuple[Sequence[T], ...] = ()
    weights: tuple[float, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.groups))

    def choose(self, rng: np.random.Generator) -> Sequence[T]:
        """Returns the items of one source, each source as often as its weight says."""
        if len(self.groups) == 1:
            return self.groups[0]
        shares = np.asarray(self.weights)
        return self.groups[int(rng.choice(len(shares), p=shares / shares.sum()))]

    @property
    def largest(self) -> Sequence[T]:
        """The source with the most items, () when there is none."""
        return max(self.groups, key=len, default=())


def foreground_files(
    entries: Sequence[FolderShare] | None, root: Path, split: Split, mounts: Mounts
) -> Weighted[PictureFile]:
    """Returns the cut-outs that ``data.foregrounds`` names, ``fg`` of the root when it is None.

    Files that cannot hold an alpha are left out and counted in the log.

    Raises:
        DataError: an entry is wrong, or a folder has no cut-out of the split.
    """
    checked = _checked([{"path": str(root / "fg")}] if entries is None else entries, "foregrounds")
    groups = tuple(_cutouts(Path(str(s["path"])), split, mounts) for s, _ in checked)
    return Weighted(groups, tuple(weight for _, weight in checked))


def background_files(
    entries: Sequence[BackgroundShare] | None, root: Path, split: Split, mounts: Mounts
) -> Weighted[PictureFile]:
    """Returns the backgrounds that ``data.backgrounds`` names, ``bg`` of the root when it is None.

    Raises:
        DataError: an entry is wrong, or a folder has no picture of the split.
    """
    checked = _checked([{"path": str(root / "bg")}] if entries is None else entries, "backgrounds")
    groups = tuple(_backgrounds(settings, split, mounts) for settings, _ in checked)
    return Weighted(groups, tuple(weight for _, weight in checked))


def _backgrounds(settings: Mapping[str, object], split: Split, mounts: Mounts) -> Sequence[PictureFile]:
    if "path" in settings:
        return mounts.pictures_of_split(Path(str(settings["path"])), split)
    kind = settings["procedural"]
    if kind not in get_args(Procedural):
        kinds = " or ".join(get_args(Procedural))
        raise DataError(f"data.backgrounds: procedural: {kind!r} is unknown; give {kinds}")
    return Generated(kind)  # type: ignore[arg-type]


def pairs_of_split(entries: Sequence[PairShare] | None, split: Split, mounts: Mounts) -> Weighted[MaskPair]:
    """Returns the pictures with masks that ``data.real_pairs`` names; what was passed over is counted in the log.

    Raises:
        DataError: an entry is wrong, or a folder has no pair of the split.
    """
    groups, weights = [], []
    for settings, weight in _checked(entries or [], "real_pairs", empty_is_none=True):
        path = Path(str(settings["path"]))
        listing = _pair_listing(path, settings.get("layout", "auto"), mounts)  # type: ignore[arg-type]
        if listing.dropped:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(listing.dropped.items()))
            logger.warning("%s: %s pictures with masks; passed over: %s", path, f"{len(listing.pairs):,}", reasons)
        pairs = [pair for pair in listing.pairs if split_of(id_of_stem(pair.image)) == split]
        if not pairs:
            raise DataError(f"{path}: no picture with a mask in the {split} split (by id % 1000); add pictures")
        groups.append(pairs)
        weights.append(weight)
    return Weighted(tuple(groups), tuple(weights))


def _pair_listing(folder: Path, layout: MaskLayout, mounts: Mounts) -> PairListing:
    if mounts.find(folder) is None:
        return read_mask_pairs(folder, layout)
    if layout not in ("auto", "folders"):
        raise DataError(f"{folder}: layout {layout} is not read from shards, only images/ and masks/; use the folder")
    return pairs_called_alike(mounts.named(folder / "images"), mounts.named(folder / "masks"))


def _cutouts(folder: Path, split: Split, mounts: Mounts) -> list[PictureFile]:
    files = mounts.pictures_of_split(folder, split)
    usable = with_alpha_channel(files)
    if len(usable) < len(files):
        logger.warning(
            "%s: %d of %d foregrounds have no alpha channel, left out", folder, len(files) - len(usable), len(files)
        )
    if not usable:
        raise DataError(
            f"{folder}: none of its {len(files)} foregrounds has an alpha channel; give cut-outs (RGBA PNG)"
        )
    return usable


def _checked(
    entries: Sequence[Mapping[str, object]] | Sequence[FolderShare] | Sequence[BackgroundShare] | Sequence[PairShare],
    name: str,
    empty_is_none: bool = False,
) -> list[tuple[dict[str, object], float]]:
    """Returns each entry with its weight, or says which one is wrong."""
    if not entries and not empty_is_none:
        raise DataError(f"data.{name}: an empty list; name a folder, e.g. [{{path: data/photos, weight: 1}}]")
    result = []
    for place, entry in enumerate(entries):
        where, settings = f"data.{name}[{place}]", dict(entry)
        weight = settings.get("weight", 1.0)
        if not isinstance(weight, (int, float)) or not 0 < weight < float("inf"):
            raise DataError(f"{where}: weight {weight!r} is not a number above 0; leave out what should not be taken")
        if ("path" in settings) == ("procedural" in settings):
            shown = ", ".join(f"{key}: {value}" for key, value in settings.items())
            needed = "either path or procedural" if name == "backgrounds" else "a path"
            raise DataError(f"{where}: {{{shown}}}; give {needed}")
        result.append((settings, float(weight)))
    return result
