"""A training split of fixed pictures: each character has a number of augmented views, the same in every training."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from shared.datamodules.loaders import Sample
from shared.datamodules.pose_samples import PoseSource
from shared.errors import DataError
from shared.files import digest

#: Seeds the views, with the annotation's id and the view's number. Never the training's seed: trainings share views.
_SEED = 20220104

#: Augmented crops of a drawn test card that stand for the code of the augmentation in a view's key.
_PROBES = 24


class FixedViews:
    """The views of a source's characters as samples; a sample's ``"view"`` is its number among them.

    View ``v`` of character ``i`` has number ``v · characters + i``, so that neighbours are different pictures.

    Args:
        source: makes the crops.
        views: of each character; None is one view, the clean crop.

    Raises:
        ValueError: ``views`` is less than 1.
    """

    def __init__(self, source: PoseSource, views: int | None) -> None:
        if views is not None and views < 1:
            raise ValueError(f"views {views} must be at least 1, or null")
        self.source, self.views = source, views
        self.color = source.color
        self._known: frozenset[int] | None = None

    def __len__(self) -> int:
        return len(self.source) * (self.views or 1)

    def leave_pictures_out(self, unreadable: frozenset[int]) -> None:
        """From now on samples are labels only: no picture is read.

        Args:
            unreadable: numbers of the views whose pictures cannot be read; asking for one raises as before.
        """
        self._known = unreadable

    def sample(self, index: int, rng: np.random.Generator | None = None) -> Sample:
        """Returns view ``index``; ``rng`` is not used.

        Raises:
            DataError: its picture cannot be read.
        """
        character, own = index % len(self.source), self._rng(index)
        number = np.int64(index)
        if self._known is None:
            return {**self.source.sample(character, own), "view": number}
        if index in self._known:
            raise DataError(f"{self.source.characters.image_paths[character]}: cannot be read; check the file")
        return {**self.source.labels(character, *self.source.frame(character, own)), "view": number}

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Returns the crop of view ``index``, uint8 ``(S, S, 3)``.

        Raises:
            DataError: its picture cannot be read.
        """
        character, rng = index % len(self.source), self._rng(index)
        affine, _ = self.source.frame(character, rng)
        return self.source.crop(character, affine, rng)

    def keys(self) -> list[str]:
        """Returns a digest a view of all that decides its pixels: file, box, settings, and what the code makes of them.

        Each picture file is read once. One that cannot be read has a key all the same.
        """
        source, contents = self.source, {}
        for path in set(source.characters.image_paths):
            try:
                contents[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError:
                contents[path] = f"unreadable {path}"
        code = self._code_digest()
        return [
            digest(
                code,
                contents[source.characters.image_paths[character]],
                source.characters.boxes_xywh[character].tolist(),
                None if self.views is None else [int(source.characters.annotation_ids[character]), view],
            )
            for view in range(self.views or 1)
            for character in range(len(source))
        ]

    def _rng(self, index: int) -> np.random.Generator | None:
        if self.views is None:
            return None
        view, character = divmod(index, len(self.source))
        annotation = int(self.source.characters.annotation_ids[character]) % 2**63  # a file may count below 0
        return np.random.default_rng([_SEED, annotation, view])

    def _code_digest(self) -> str:
        """Returns what changes when settings, this code or a library makes other crops of the same picture."""
        side, card = self.source.image_size, _test_card()
        made = hashlib.sha256()
        for probe in range(_PROBES):
            rng = None if self.views is None else np.random.default_rng([_SEED, probe])
            affine, _ = self.source.frame_of(np.array([9.5, 4.25, 30.0, 50.5]), rng)
            made.update(self.source.crop_of(card, affine, rng).tobytes())
        return digest(side, self.source.padding, self.source.strength if self.views else None, made.hexdigest())


def _test_card() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:64, 0:48]
    return np.stack([x * 5, y * 3, (x * y) % 251], axis=2).astype(np.uint8)
