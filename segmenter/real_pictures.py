"""Real drawings as (picture, mask) pairs: hand drawings with masks, and cut-out characters pasted on backgrounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.evaluate import Pair
from shared.compositing.over import over, place
from shared.errors import DataError
from shared.files import read_json
from shared.geometry import box_of_mask, compose, scaling, translation
from shared.images import read_rgb, read_rgba
from shared.readers.mask_pairs import read_mask_pair
from shared.readers.texture_masks import read_texture_masks

#: Height of a pasted character as a share of the background's, smallest and largest.
HEIGHT_SHARES = (0.5, 0.95)
GROUP_HEIGHT_SHARES = (0.55, 0.9)


def texture_mask_pairs(root: Path) -> Iterator[Pair]:
    """Yields the pairs of every folder below ``root`` that holds ``texture.png`` and ``mask.png`` (AnimatedDrawings).

    Raises:
        DataError: there is none, or the two differ in size.
    """
    for pair in read_texture_masks(root).pairs:
        image, alpha = read_mask_pair(pair)
        yield image, alpha > 127


def photographs_without_people(coco: Path, annotations: str) -> list[Path]:
    """Returns the pictures of a COCO folder in which no person is marked, by name.

    Args:
        coco: holds ``images/`` and the annotations.
        annotations: name of the keypoint file.

    Raises:
        DataError: the file is missing or no JSON.
    """
    truth = read_json(coco / annotations)
    with_people = {row["image_id"] for row in truth["annotations"]}
    empty = sorted(row["file_name"] for row in truth["images"] if row["id"] not in with_people)
    return [coco / "images" / name for name in empty]


def pasted_pairs(
    characters: Sequence[Path],
    backgrounds: Sequence[Path],
    seed: int = 0,
    height_shares: tuple[float, float] = HEIGHT_SHARES,
) -> Iterator[Pair]:
    """Pastes every character once, at a random size and place, wholly inside a background.

    Backgrounds are taken in turn. The picture has the background's size; the mask is the pasted alpha, in [0, 1]. The
    same arguments give the same pictures.

    Args:
        characters: straight RGBA files.
        backgrounds: pictures without characters.
        seed: of sizes and places.
        height_shares: height of a character as a share of its background's, smallest and largest.

    Raises:
        DataError: no backgrounds, or a character without anything transparent or anything opaque.
    """
    if not backgrounds:
        raise DataError("backgrounds: none given; name at least one picture without characters")
    rng = np.random.default_rng(seed)
    for index, path in enumerate(characters):
        (rgba, (x1, y1, x2, y2)), background = _read_character(path), read_rgb(backgrounds[index % len(backgrounds)])
        height, width = background.shape[:2]
        scale = min(rng.uniform(*height_shares) * height / (y2 - y1), width / (x2 - x1))
        left, top = (rng.random() * room for room in (width - scale * (x2 - x1), height - scale * (y2 - y1)))
        affine = compose(translation(-x1, -y1), scaling(scale), translation(left, top))
        placed = place(rgba, affine, (width, height))
        yield over(placed, background), placed[..., 3].astype(np.float32) / np.float32(255)


def pasted_groups(characters: Sequence[Path], backgrounds: Sequence[Path], seed: int = 0) -> Iterator[Pair]:
    """Pastes every character once with the one after it, which stands beside and hides a part of it.

    Both are about as tall and stand on one line; how far they are apart is 0.55 to 0.95 of what would let them just not
    overlap. Backgrounds are taken in turn. The mask says whose each pixel is, 1 behind and 2 in front.

    Args:
        characters: straight RGBA files, two or more.
        backgrounds: pictures without characters.
        seed: of sizes and places.

    Raises:
        DataError: no backgrounds, fewer than two characters, or one that cuts nothing out.
    """
    if not backgrounds or len(characters) < 2:
        raise DataError("groups: need a background and two characters; name more pictures")
    rng = np.random.default_rng(seed)
    for index, path in enumerate(characters):
        scene = read_rgb(backgrounds[index % len(backgrounds)])
        height, width = scene.shape[:2]
        tall, ground = height * rng.uniform(*GROUP_HEIGHT_SHARES), height * rng.uniform(0.9, 1.0)
        middle, before = width * rng.uniform(0.35, 0.5), 0.0
        numbers = np.zeros((height, width), np.uint8)
        for number, one in enumerate((path, characters[(index + 1) % len(characters)]), 1):
            rgba, (x1, y1, x2, y2) = _read_character(one)
            scale = min(tall * rng.uniform(0.85, 1.1) / (y2 - y1), 0.6 * width / (x2 - x1))
            broad = scale * (x2 - x1)
            middle += (before + broad) / 2 * rng.uniform(0.55, 0.95) if number == 2 else 0.0
            before = broad
            corner = translation(middle - broad / 2, ground - scale * (y2 - y1))
            placed = place(rgba, compose(translation(-x1, -y1), scaling(scale), corner), (width, height))
            scene = over(placed, scene)
            numbers[placed[..., 3] > 127] = number
        yield scene, numbers


def _read_character(path: Path) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    rgba = read_rgba(path)
    box = box_of_mask(rgba[..., 3])
    if box is None or rgba[..., 3].min() == 255:
        raise DataError(f"{path}: its alpha cuts nothing out; give pictures of a character on nothing")
    return rgba, box
