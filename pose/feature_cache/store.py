"""Features of one kind on disk: files of some dozen records, whole or absent, never changed once written."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from shared.errors import DataError
from shared.files import digest, replacing

log = logging.getLogger(__name__)

_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Place:
    """Where a record lies."""

    file: Path
    row: int


class FeatureStore:
    """Records of named maps by key, in a folder of safetensors files.

    Files are written under a temporary name and renamed, so a killed process leaves whole files or none. Several
    processes may write at once: at worst a record lies there twice.

    Args:
        folder: of this kind; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: dict[str, Place] = {}
        self.scan()

    def scan(self) -> None:
        """Finds out which records are there; a damaged file is removed."""
        self.places.clear()
        for file in sorted(self.folder.glob(f"*{_SUFFIX}")):
            try:
                with safe_open(file, framework="pt") as content:
                    keys = json.loads(content.metadata()["keys"])
            except (SafetensorError, OSError, KeyError, TypeError, ValueError):
                log.warning("%s: damaged; its features are computed again", file)
                file.unlink(missing_ok=True)
                continue
            self.places.update({key: Place(file, row) for row, key in enumerate(keys)})

    def add(self, keys: Sequence[str], maps: Mapping[str, Tensor]) -> None:
        """Writes records.

        Args:
            keys: N of them.
            maps: by name, each ``(N, C, H, W)``, kept in the precision in which they come.

        Raises:
            DataError: the folder cannot be written.
        """
        file = self.folder / f"{digest(list(keys))}{_SUFFIX}"
        # Channels last, as the nets take them: reading needs no reordering.
        stored = {name: value.detach().cpu().permute(0, 2, 3, 1).contiguous() for name, value in maps.items()}
        with replacing(file) as temporary:
            try:
                save_file(stored, temporary, metadata={"keys": json.dumps(list(keys))})
            except SafetensorError as error:
                raise DataError(f"{file}: cannot be written ({error}); choose another feature_cache") from error
        self.places.update({key: Place(file, row) for row, key in enumerate(keys)})

    def files_of(self, keys: Sequence[str]) -> set[Path]:
        """Returns the files in which those of ``keys`` lie that are there."""
        return {self.places[key].file for key in keys if key in self.places}


class Records:
    """Chosen records of a store, mapped into memory; files that are removed meanwhile stay readable.

    Args:
        store: holds them.
        keys: which, in the order in which they will be numbered; one that is not there must never be asked for.

    Raises:
        DataError: a file cannot be opened.
    """

    def __init__(self, store: FeatureStore, keys: Sequence[str]) -> None:
        files = sorted(store.files_of(keys))
        number = {file: i for i, file in enumerate(files)}
        nowhere = Place(Path(), -1)
        places = [store.places.get(key, nowhere) for key in keys]
        self._file = np.array([number.get(place.file, -1) for place in places], np.int64)
        self._row = np.array([place.row for place in places], np.int64)
        self._maps = [_mapped(file) for file in files]

    def read(self, numbers: Sequence[int]) -> dict[str, Tensor]:
        """Returns maps ``(B, C, H, W)`` by name, in channels_last memory.

        Raises:
            KeyError: a record that is not there.
        """
        where = [(int(self._file[n]), int(self._row[n])) for n in numbers]
        if any(file < 0 for file, _ in where):
            raise KeyError(f"a record out of {list(numbers)[:8]} … is not in the store")
        batch: dict[str, Tensor] = {}
        for name, first in self._maps[where[0][0]].items():
            gathered = torch.empty((len(where), *first.shape[1:]), dtype=first.dtype)
            target = _bytes_of(gathered)
            for i, (file, row) in enumerate(where):
                # NumPy's copy: torch's would wake its threads for each.
                target[i] = _bytes_of(self._maps[file][name])[row]
            batch[name] = gathered.permute(0, 3, 1, 2)
        return batch


def _bytes_of(maps: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Returns the same memory as bytes ``(N, …)``; NumPy does not know bfloat16."""
    return maps.view(torch.uint8).numpy()


def _mapped(file: Path) -> dict[str, Tensor]:
    try:
        with safe_open(file, framework="pt") as content:
            maps = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - not a dict
        os.utime(file)  # used just now: the last to be removed when room is needed
    except (SafetensorError, OSError) as error:
        raise DataError(f"{file}: features cannot be read ({error}); start again, they are made anew") from error
    return maps
