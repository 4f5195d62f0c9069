"""What the nets see in a picture: tags, and characters with mask, box and joints."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmenter.components import characters as split_characters
from segmenter.cutouts import character_alpha, cutout, rim_of

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Tag:
    """A tag that holds of the whole picture; ``score`` is its probability."""

    name: str
    group: str
    score: float


@dataclass(frozen=True)
class Character:
    """One character of a picture.

    Attributes:
        box_xyxy: tight box of the mask in whole picture pixels, ends exclusive.
        score: mean foreground probability inside the mask.
        mask_in_box: bool ``(y2 - y1, x2 - x1)``.
        rim_xyxy: the box with a rim for soft edges, within the picture.
        opacity_in_rim: uint8, opacity of the cut-out inside ``rim_xyxy``.
        keypoints: float32 ``(17, 3)`` x, y, score in COCO order, continuous picture pixels; x and y are NaN
            where the joint is not in the picture.
    """

    box_xyxy: tuple[int, int, int, int]
    score: float
    mask_in_box: NDArray[np.bool_]
    rim_xyxy: tuple[int, int, int, int]
    opacity_in_rim: Image
    keypoints: NDArray[np.float32]

    def mask(self, width: int, height: int) -> Image:
        """Returns the mask on the whole picture, uint8 ``(height, width)``: 255 inside, 0 outside."""
        x1, y1, x2, y2 = self.box_xyxy
        canvas = np.zeros((height, width), dtype=np.uint8)
        canvas[y1:y2, x1:x2] = self.mask_in_box * np.uint8(255)
        return canvas

    def cutout(self, image: Image) -> Image:
        """Returns the character alone on the whole picture, straight RGBA uint8 ``(H, W, 4)``.

        Args:
            image: the picture, RGB or straight RGBA.
        """
        x1, y1, x2, y2 = self.rim_xyxy
        opacity = np.zeros(image.shape[:2], np.uint8)
        opacity[y1:y2, x1:x2] = self.opacity_in_rim
        if image.shape[2] == 3:
            return cutout(image, opacity)
        opacity = np.minimum(opacity, image[:, :, 3])
        figure = cutout(np.ascontiguousarray(image[:, :, :3]), opacity)
        # Where the picture is translucent itself, its colours are the character's own already.
        np.copyto(figure[:, :, :3], image[:, :, :3], where=((opacity > 0) & (image[:, :, 3] < 255))[:, :, None])
        return figure


@dataclass(frozen=True)
class Seen:
    """What the nets see in one picture: its size, its tags (most probable first), its characters (largest first)."""

    width: int
    height: int
    tags: list[Tag] = field(default_factory=list)
    characters: list[Character] = field(default_factory=list)


def without_transparent(foreground_prob: NDArray[np.float32], image: Image) -> NDArray[np.float32]:
    """Returns a map ``(H, W)`` with 0 where ``image``, RGB or RGBA, is transparent: nothing is drawn there."""
    if image.shape[2] == 3:
        return foreground_prob
    return np.where(image[:, :, 3] > 0, foreground_prob, np.float32(0))


def characters_of(
    foreground_prob: NDArray[np.float32], threshold: float, owners: NDArray[np.uint8] | None = None
) -> list[Character]:
    """Connected pieces of the foreground, largest first, still without joints.

    Args:
        foreground_prob: ``(H, W)``.
        threshold: above it is foreground.
        owners: ``(H, W)``, whose each pixel is: parts pieces where characters touch.
    """
    height, width = foreground_prob.shape
    rim = rim_of(width, height)
    nothing = np.full((17, 3), np.nan, dtype=np.float32)
    found = []
    pieces = split_characters(foreground_prob, threshold, owners=owners)
    for piece in pieces:
        x1, y1, x2, y2 = piece.box_xyxy
        left, top, right, bottom = max(0, x1 - rim), max(0, y1 - rim), min(width, x2 + rim), min(height, y2 + rim)
        window = slice(top, bottom), slice(left, right)
        opacity = np.rint(character_alpha(foreground_prob[window], piece.mask[window], rim) * 255).astype(np.uint8)
        if owners is not None:
            # A rim does not reach into who stands beside: the foreground ends at no edge there.
            for other in pieces:
                if other is not piece:
                    opacity[other.mask[window]] = 0
        found.append(
            Character(
                box_xyxy=piece.box_xyxy,
                score=piece.score,
                mask_in_box=piece.mask[y1:y2, x1:x2].copy(),  # a view would keep the whole mask in memory
                rim_xyxy=(left, top, right, bottom),
                opacity_in_rim=opacity,
                keypoints=nothing,
            )
        )
    return found
