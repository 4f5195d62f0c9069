"""A character as AnimatedDrawings animates it: texture, mask and sixteen joints, all of which lie on the drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from inkpose.overlay import draw_skeleton
from inkpose.seen import Character, Image
from shared.errors import DataError
from shared.files import write_text
from shared.images import composite_on_white, write_png
from shared.keypoints.conversion import conversion
from shared.keypoints.layouts import ANIMATED_DRAWINGS_16
from shared.keypoints.schema import COCO_17, JointState
from shared.readers.animated_drawings import CONFIG, write_char_cfg

_BODY = slice(COCO_17.index("left_shoulder"), len(COCO_17))
#: Fewer found body joints (of 12) than this make no rig.
_LEAST = 6


@dataclass(frozen=True)
class Rig:
    """One character ready to be written.

    Attributes:
        texture: straight RGBA ``(h, w, 4)``, opaque: the picture round the character.
        mask: ``(h, w)`` 255 inside the character, 0 outside.
        joints_xy: ``(16, 2)`` texture pixels in the order of AnimatedDrawings, all on the mask.
        coco: ``(17, 3)`` x, y, score in texture pixels, as they were found.
        box_xyxy: where the texture lies in the picture.
        guessed: COCO joints that the net calls absent, put at its best guess.
        moved: joints that were off the drawing by more than 2 % of its size, moved onto it.
    """

    texture: Image
    mask: Image
    joints_xy: NDArray[np.float64]
    coco: NDArray[np.float64]
    box_xyxy: tuple[int, int, int, int]
    guessed: tuple[str, ...]
    moved: tuple[str, ...]


def make_rig(image: Image, character: Character, located: NDArray[np.float64], gate: NDArray[Any]) -> Rig:
    """Cuts a character out of its picture with its joints.

    Args:
        image: RGB or straight RGBA ``(H, W, C)``.
        character: mask and box.
        located: ``(17 or more, 3)`` x, y, score of COCO's joints in picture pixels, absent ones too.
        gate: ``(17 or more,)``; a joint with a lower score counts as absent.

    Raises:
        DataError: fewer than half of the body's joints are there.
    """
    absent = located[:17, 2] < gate[:17]
    found = int((~absent[_BODY]).sum())
    if found < _LEAST:
        raise DataError(f"only {found} of 12 body joints were found; a rig needs a whole figure")
    height, width = image.shape[:2]
    x1, y1, x2, y2 = character.box_xyxy
    margin = max(2, math.ceil(0.02 * max(x2 - x1, y2 - y1)))
    left, top, right, bottom = (
        max(0, x1 - margin),
        max(0, y1 - margin),
        min(width, x2 + margin),
        min(height, y2 + margin),
    )
    plain = composite_on_white(image) if image.shape[2] == 4 else image
    texture = np.dstack([plain[top:bottom, left:right], np.full((bottom - top, right - left), 255, np.uint8)])
    mask = character.mask(width, height)[top:bottom, left:right]
    coco = located[:17].astype(np.float64)
    coco[:, :2] -= (left, top)
    joints, _ = conversion(COCO_17, ANIMATED_DRAWINGS_16).apply(coco[:, :2], np.full(17, np.int64(JointState.VISIBLE)))
    on_mask = onto(mask, joints)
    far = np.linalg.norm(on_mask - joints, axis=1) > 0.02 * max(mask.shape)
    return Rig(
        texture=np.ascontiguousarray(texture), mask=np.ascontiguousarray(mask), joints_xy=on_mask, coco=coco,
        box_xyxy=(left, top, right, bottom),
        guessed=tuple(name for name, gone in zip(COCO_17.names, absent, strict=True) if gone and name in _USED),
        moved=tuple(name for name, gone in zip(ANIMATED_DRAWINGS_16.names, far, strict=True) if gone),
    )  # fmt: skip


_USED = frozenset(
    name for step in conversion(COCO_17, ANIMATED_DRAWINGS_16).steps for name in step.sources
)  # the ears and eyes are in no rig


def onto(mask: Image, points_xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns points ``(n, 2)``, those off the mask moved to the centre of its nearest pixel.

    AnimatedDrawings leaves joints off the mask out of its mesh, and their limbs would hang stiff.
    """
    height, width = mask.shape
    result = np.array(points_xy, np.float64)
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns, rows], axis=1) + 0.5
    for index, (x, y) in enumerate(points_xy):
        inside = 0 <= x < width and 0 <= y < height and mask[int(y), int(x)] > 0
        # The file holds whole pixels: the rounded place must be on the mask, too.
        whole = (min(round(x), width - 1), min(round(y), height - 1)) if inside else (0, 0)
        if not inside or not mask[whole[1], whole[0]]:
            nearest = pixels[((pixels - (x, y)) ** 2).sum(axis=1).argmin()]
            result[index] = nearest - 0.5  # the pixel's index, which the file holds
    return result


def write_rig(folder: Path, rig: Rig) -> None:
    """Writes texture.png, mask.png, bounding_box.yaml, joint_overlay.png and, last, char_cfg.yaml."""
    height, width = rig.mask.shape
    left, top, right, bottom = rig.box_xyxy
    write_png(folder / "texture.png", rig.texture)
    write_png(folder / "mask.png", rig.mask)
    write_png(folder / "joint_overlay.png", draw_rig(rig))
    box = {"bottom": bottom, "left": left, "right": right, "top": top}
    write_text(folder / "bounding_box.yaml", yaml.safe_dump(box, default_flow_style=False))
    write_char_cfg(folder / CONFIG, rig.joints_xy, width, height)


def draw_rig(rig: Rig) -> Image:
    """Returns the texture with what is off the mask dimmed, and the joints: RGB, its long side at least 640 pixels."""
    scale = max(1.0, 640 / max(rig.mask.shape))
    size = round(rig.mask.shape[1] * scale), round(rig.mask.shape[0] * scale)
    canvas = np.array(cv2.resize(rig.texture[:, :, :3], size, interpolation=cv2.INTER_CUBIC), np.uint8)
    mask = cv2.resize(rig.mask, size, interpolation=cv2.INTER_LINEAR)
    canvas[mask < 128] = canvas[mask < 128] // 2 + 64
    points = np.full((17, 3), np.nan)
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        for side in ("left", "right"):
            theirs = {"wrist": "hand", "ankle": "foot"}.get(name, name)
            place = rig.joints_xy[ANIMATED_DRAWINGS_16.index(f"{side}_{theirs}")]
            points[COCO_17.index(f"{side}_{name}")] = (*place, 1.0)
    points[0] = (*rig.joints_xy[ANIMATED_DRAWINGS_16.index("neck")], 1.0)
    points[:, :2] *= scale
    draw_skeleton(canvas, points, max(size) / 320)
    return canvas
