"""How one sample of the pose nets is made: a square crop round a character, and its joints in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.datamodules.loaders import Sample
from shared.datamodules.shard_sampling import shards_of
from shared.image_files import PictureFile
from shared.keypoints.flip import swap_sides
from shared.keypoints.schema import COCO_25, JointState, is_placed
from shared.warped_reading import read_warped


@dataclass(frozen=True)
class PosedCharacters:
    """The usable characters of a split, as arrays over N (a real file has 150,000)."""

    image_paths: list[PictureFile]
    image_ids: NDArray[np.int64]
    annotation_ids: NDArray[np.int64]
    boxes_xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    points_xy: NDArray[np.float64]
    state: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.image_ids)


def joined(groups: Sequence[PosedCharacters]) -> PosedCharacters:
    """Returns all characters of ``groups``, in order."""
    if len(groups) == 1:
        return groups[0]
    return PosedCharacters(
        image_paths=[path for group in groups for path in group.image_paths],
        image_ids=np.concatenate([group.image_ids for group in groups]),
        annotation_ids=np.concatenate([group.annotation_ids for group in groups]),
        boxes_xywh=np.concatenate([group.boxes_xywh for group in groups]),
        areas=np.concatenate([group.areas for group in groups]),
        points_xy=np.concatenate([group.points_xy for group in groups]),
        state=np.concatenate([group.state for group in groups]),
    )


class PoseSource:
    """Makes pose samples: the square crop round a character's box, everything moved by one affine.

    Args:
        characters: the records.
        image_size: side S of the crop, pixels.
        padding: share of the box's longer side added around it, half on each side.
        strength: in training, the box's edges move by up to ``0.05·strength`` of its side, and the crop is turned by
            up to ``30°·strength``, scaled by ``0.8^strength`` to ``1.25^strength``, moved by ``0.06·strength`` of its
            side, mirrored half of the times, and coloured with this strength.

    Raises:
        ValueError: ``strength`` is not in [0, 2].
    """

    def __init__(
        self, characters: PosedCharacters, image_size: int, padding: float = 0.1, strength: float = 1.0
    ) -> None:
        self.characters, self.image_size, self.padding, self.strength = characters, image_size, padding, strength
        self.color = ColorAugment(strength)
        self.geometry = GeometryAugment(30.0 * strength, (0.8**strength, 1.25**strength), 0.06 * strength, 0.5)
        self.box_jitter = 0.05 * strength
        self.shards = shards_of(characters.image_paths)

    def __len__(self) -> int:
        return len(self.characters)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns the crop and its labels; see :class:`PoseDataModule` for the fields."""
        affine, flipped = self.frame(index, rng)
        return {"image": self.crop(index, affine, rng), **self.labels(index, affine, flipped)}

    def sample_of(
        self, picture: NDArray[np.uint8], characters: PosedCharacters, index: int, rng: np.random.Generator | None
    ) -> Sample:
        """Returns the sample of character ``index`` of ``characters`` in its ``picture`` ``(H, W, 3)``."""
        affine, flipped = self.frame_of(characters.boxes_xywh[index], rng)
        return {"image": self.crop_of(picture, affine, rng), **self.labels_of(characters, index, affine, flipped)}

    def frame(self, index: int, rng: np.random.Generator | None) -> tuple[geometry.FloatArray, bool]:
        """Returns the affine from picture ``index`` to its crop, and whether it mirrors."""
        return self.frame_of(self.characters.boxes_xywh[index], rng)

    def frame_of(
        self, box_xywh: NDArray[np.float64], rng: np.random.Generator | None
    ) -> tuple[geometry.FloatArray, bool]:
        """Returns the affine from a picture to the crop of a box, and whether it mirrors."""
        side = self.image_size
        x, y, width, height = box_xywh
        corners = np.array([x, y, x + width, y + height])
        if rng is not None:
            corners += rng.uniform(-self.box_jitter, self.box_jitter, 4) * [width, height, width, height]
        affine = geometry.square_crop((corners[0], corners[1], corners[2], corners[3]), side, self.padding)
        if rng is None:
            return affine, False
        change, flipped = self.geometry.sample(rng, (side, side))
        return geometry.compose(affine, change), flipped

    def crop(self, index: int, affine: geometry.FloatArray, rng: np.random.Generator | None) -> NDArray[np.uint8]:
        """Returns the crop of picture ``index``, uint8 ``(S, S, 3)``, coloured by what ``frame`` left of ``rng``."""
        side, path = self.image_size, self.characters.image_paths[index]
        image = read_warped(path, lambda width, height: affine, (side, side), exact=rng is None).image
        return image if rng is None else self.color(image, rng)

    def crop_of(
        self, picture: NDArray[np.uint8], affine: geometry.FloatArray, rng: np.random.Generator | None
    ) -> NDArray[np.uint8]:
        """Returns the crop of a picture, coloured by ``rng``."""
        image = geometry.warp(picture, affine, (self.image_size, self.image_size))
        return image if rng is None else self.color(image, rng)

    def labels(self, index: int, affine: geometry.FloatArray, flipped: bool) -> Sample:
        """Returns all of a sample but its picture, which is not read."""
        return self.labels_of(self.characters, index, affine, flipped)

    def labels_of(self, characters: PosedCharacters, index: int, affine: geometry.FloatArray, flipped: bool) -> Sample:
        """Returns the same for any characters."""
        points, state = move_points(affine, characters.points_xy[index], characters.state[index], self.image_size)
        if flipped:
            points, state = swap_sides(points, state, COCO_25)
        return {
            "points_xy": points.astype(np.float32),
            "state": state,
            "box_xywh": characters.boxes_xywh[index].astype(np.float32),
            "affine": affine.astype(np.float32),
            "area": np.float32(characters.areas[index]),
            "id": characters.image_ids[index],
            "annotation_id": characters.annotation_ids[index],
        }


def move_points(
    affine: geometry.FloatArray, points_xy: NDArray[np.float64], state: NDArray[np.int64], side_px: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Moves points ``(..., K, 2)`` into a crop of ``side_px``; those that land off it become OUTSIDE.

    A joint whose place is not known (UNKNOWN, or OUTSIDE the picture) is put at 0, 0.
    """
    placed = is_placed(state)
    moved = np.where(placed[..., None], geometry.apply_to_points(affine, points_xy), 0.0)
    off = ((moved < 0) | (moved >= side_px)).any(axis=-1)
    return moved, np.where(placed & off, np.int64(JointState.OUTSIDE), state)
