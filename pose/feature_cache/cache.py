"""The cache of a training: what is missing is computed before the first step, then every step reads from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from pose.feature_cache.kinds import FeatureKind, as_features
from pose.feature_cache.room import make_room, only_filler
from pose.feature_cache.store import FeatureStore, Records
from pose.methods.settings import SourceFeatures
from shared.augment import seed_worker
from shared.batches import to_float
from shared.datamodules.pose_views import FixedViews
from shared.errors import DataError

#: Views that go through the sources together, and records of a file.
_BATCH = 64

Context = Callable[[], AbstractContextManager[None]]


class FeatureCache:
    """Features of a training's views, mapped into memory.

    Args:
        records: one for each kind of features.
    """

    def __init__(self, records: Sequence[Records]) -> None:
        self._records = tuple(records)

    def read(self, views: Tensor, device: torch.device) -> SourceFeatures:
        """Returns the features of views ``(B,)``, exactly as the sources gave them."""
        numbers = views.tolist()
        maps = {name: value for records in self._records for name, value in records.read(numbers).items()}
        return as_features({name: value.to(device) for name, value in maps.items()})


def prepare(
    folder: Path,
    limit_gb: float,
    views: FixedViews,
    kinds: Sequence[FeatureKind],
    *,
    device: torch.device,
    context: Context,
    workers: int = 0,
) -> FeatureCache:
    """Computes what is missing in the cache, and returns what reads it; the views give up their pictures.

    Args:
        folder: of the cache, shared by all trainings.
        limit_gb: bytes that it may hold, in 10⁹; what was not used for longest is removed.
        views: the training's pictures.
        kinds: what the net reads.
        device: where the sources run.
        context: of the training's precision.
        workers: processes that read pictures.

    Raises:
        UsageError: the features do not fit into the limit or on the disk.
        DataError: the folder cannot be written, or no picture can be read.
    """
    keys = views.keys()
    with only_filler(folder):
        fillers = [_Filler(kind, FeatureStore(folder / kind.name), keys) for kind in kinds]
        wanted = sorted(set().union(*(filler.missing for filler in fillers)))
        unreadable: set[int] = set()
        has_room = False
        for numbers, failed, pictures in _progress(_loader(views, wanted, workers)):
            unreadable.update(failed)
            if not numbers:
                continue
            with torch.no_grad(), context():
                rgb = to_float(pictures.to(device))
                if not has_room:
                    keep = set().union(*(filler.store.files_of(keys) for filler in fillers))
                    make_room(folder, sum(filler.needed_bytes(rgb[:1]) for filler in fillers), limit_gb * 1e9, keep)
                    has_room = True
                for filler in fillers:
                    filler.fill(numbers, rgb)
        if len(unreadable) == len(keys):
            raise DataError(f"{views.source.characters.image_paths[0]}: no picture can be read; check the folder")
        # Opened under the lock, so that nobody removes a file between finding and mapping it.
        cache = FeatureCache([Records(filler.store, keys) for filler in fillers])
    views.leave_pictures_out(frozenset(unreadable))
    return cache


class _Filler:
    """One kind of features and what its store lacks."""

    def __init__(self, kind: FeatureKind, store: FeatureStore, keys: Sequence[str]) -> None:
        self.kind, self.store, self.keys = kind, store, keys
        self.missing = {number for number, key in enumerate(keys) if key not in store.places}

    def needed_bytes(self, rgb: Tensor) -> int:
        """Returns what all missing records take; ``rgb``: one crop."""
        return len(self.missing) * sum(value.nbytes for value in self.kind.compute(rgb).values())

    def fill(self, numbers: Sequence[int], rgb: Tensor) -> None:
        """Computes and writes what is missing of a batch of views."""
        rows = [row for row, number in enumerate(numbers) if number in self.missing]
        if rows:
            crops = rgb if len(rows) == len(rgb) else rgb[rows].contiguous(memory_format=torch.channels_last)
            self.store.add([self.keys[numbers[row]] for row in rows], self.kind.compute(crops))


def _progress(batches: DataLoader[Any]) -> Iterable[Any]:
    console = Console(stderr=True)
    return track(batches, "frozen features", len(batches), console=console, disable=not console.is_terminal)


def _loader(views: FixedViews, numbers: Sequence[int], workers: int) -> DataLoader[Any]:
    return DataLoader(
        _Pictures(views, numbers), _BATCH, num_workers=workers, collate_fn=_collate, worker_init_fn=seed_worker
    )


class _Pictures(Dataset[tuple[int, NDArray[np.uint8] | None]]):
    """Crops of chosen views; None where a picture cannot be read."""

    def __init__(self, views: FixedViews, numbers: Sequence[int]) -> None:
        self.views, self.numbers = views, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> tuple[int, NDArray[np.uint8] | None]:
        try:
            return self.numbers[place], self.views.picture(self.numbers[place])
        except DataError:
            return self.numbers[place], None


def _collate(samples: Sequence[tuple[int, NDArray[np.uint8] | None]]) -> tuple[list[int], list[int], Tensor]:
    """Returns numbers read, numbers failed, and pictures ``(B, 3, S, S)`` uint8."""
    read = [(number, picture) for number, picture in samples if picture is not None]
    failed = [number for number, picture in samples if picture is None]
    if not read:
        return [], failed, torch.empty(0)
    return [n for n, _ in read], failed, torch.from_numpy(np.stack([p for _, p in read])).permute(0, 3, 1, 2)
