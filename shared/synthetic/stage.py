"""Characters put together on one picture: who hides whom, and what is left to see of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, box_of_mask
from shared.keypoints.schema import MIDPOINT_INDICES, JointState
from shared.synthetic import texture
from shared.synthetic.brush import Brush, ImageArray
from shared.synthetic.character import DrawnCharacter
from shared.synthetic.scene_tags import seen_tags

#: A character of which less is seen is drawn elsewhere or left out: part of its own pixels, part of the picture.
LEAST_VISIBLE, LEAST_OF_PICTURE = 0.25, 0.003
_OPAQUE = 128  #: alpha from which a pixel belongs to a character


@dataclass(frozen=True)
class SceneCharacter:
    """One character as the picture shows it.

    Attributes:
        points_xy: joints ``(25, 2)`` in pixels, COCO order, then the limb midpoints; may lie outside the picture.
        state: ``(25,)`` of :class:`JointState`: VISIBLE, OCCLUDED or OUTSIDE.
        points_3d: ``(17, 3)`` camera frame, body heights.
        tags: raw tags that the picture bears out.
        view: front, three_quarter, side or back.
        pose: name of the pose family.
        depth_order: 0 is the front-most; its pixels in the instance mask are ``depth_order + 1``.
        visible_px: pixels of it that can be seen.
        visible_fraction: the same as a part of its pixels within the picture.
        box_xywh: tight box of the visible pixels.
        parts_seen: share of head, torso, arms and legs that can be seen; None where they are not in the picture.
        sex: "girl" or "boy".
    """

    points_xy: FloatArray
    state: NDArray[np.int64]
    points_3d: FloatArray
    tags: frozenset[str]
    view: str
    pose: str
    depth_order: int
    visible_px: int
    visible_fraction: float
    box_xywh: tuple[int, int, int, int]
    parts_seen: Mapping[str, float | None]
    sex: str


class Stage:
    """A picture being put together.

    Args:
        scenery: uint8 ``(H, W, 3)`` the empty scene; copied.
        actors: characters drawn on transparent canvases of the same size, front to back.
    """

    def __init__(self, scenery: ImageArray, actors: list[DrawnCharacter]) -> None:
        self.image: ImageArray = scenery.copy()
        self.height, self.width = scenery.shape[:2]
        self.actors = actors
        #: where something opaque that is no character lies in front of everybody, uint8 ``(H, W)``, 255 = covered
        self.covered: ImageArray = np.zeros((self.height, self.width), np.uint8)

    @property
    def instances(self) -> ImageArray:
        """Instance mask ``(H, W)``: 0 background, 1…n front to back."""
        mask = np.zeros((self.height, self.width), np.uint8)
        for number in range(len(self.actors), 0, -1):
            mask[self.actors[number - 1].rgba[..., 3] >= _OPAQUE] = number
        mask[self.covered >= _OPAQUE] = 0
        return mask

    def too_hidden(self, mask: ImageArray | None = None) -> list[int]:
        """Returns the indices of the actors of whom too little is seen, in the mask given or the present one."""
        mask = self.instances if mask is None else mask
        counts = np.bincount(mask.ravel(), minlength=len(self.actors) + 1)
        least = LEAST_OF_PICTURE * mask.size
        own = [int(np.count_nonzero(actor.rgba[..., 3] >= _OPAQUE)) for actor in self.actors]
        return [i for i, all_px in enumerate(own) if counts[i + 1] < max(least, LEAST_VISIBLE * all_px)]

    def settle(self) -> None:
        """Brings actors forward of whom too little is seen behind others."""
        for _ in range(len(self.actors)):
            hidden = self.too_hidden()
            if not hidden or hidden[-1] == 0:
                return
            self.actors.insert(0, self.actors.pop(hidden[-1]))

    def drop(self, indices: list[int]) -> None:
        """Sends actors away."""
        self.actors = [actor for i, actor in enumerate(self.actors) if i not in indices]

    def cast_shadow(self, actor: DrawnCharacter, darkness: float) -> None:
        """Darkens the floor below an actor's lowest pixels."""
        box = box_of_mask(actor.rgba[..., 3] >= _OPAQUE)
        if box is None or box[3] >= self.height:
            return
        wide = (box[2] - box[0]) * 0.42
        Brush(self.image).ellipse((box[0] + box[2]) / 2, box[3] - wide * 0.06, wide, wide * 0.2, (0, 0, 0), darkness)

    def outline(self, actor: DrawnCharacter, width_px: float) -> None:
        """Paints a white rim behind an actor, as on stickers."""
        side = 2 * max(1, round(width_px)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        rim = cv2.dilate(np.ascontiguousarray(actor.rgba[..., 3]), kernel)
        self.image = texture.blend(self.image, np.full_like(self.image, 255), rim)

    def paint_actors(self) -> None:
        """Lays the actors over the picture, back to front."""
        for actor in reversed(self.actors):
            alpha = np.ascontiguousarray(actor.rgba[..., 3])
            x, y, width, height = cv2.boundingRect(alpha)
            if width and height:
                part = np.s_[y : y + height, x : x + width]
                colour = np.ascontiguousarray(actor.rgba[part][..., :3])
                self.image[part] = texture.blend(self.image[part], colour, alpha[part])

    def try_cover(self, image: ImageArray, covered: ImageArray, least: float = 0.45) -> bool:
        """Takes over a picture on which something was painted in front, unless it hides too much of somebody."""
        before = self.instances
        after = before.copy()
        after[covered >= _OPAQUE] = 0
        count = len(self.actors) + 1
        kept = (
            np.bincount(after.ravel(), minlength=count)[1:] >= least * np.bincount(before.ravel(), minlength=count)[1:]
        )
        if not kept.all() or self.too_hidden(after):
            return False
        self.image = image
        self.covered = cv2.max(self.covered, covered)
        return True

    def characters(self, colourless: bool) -> tuple[SceneCharacter, ...]:
        """Returns the truth of every actor, front to back; ``colourless`` pictures bear out no colour tags."""
        mask = self.instances
        result = []
        in_front = self.covered >= _OPAQUE
        for order, actor in enumerate(self.actors):
            own = actor.rgba[..., 3] >= _OPAQUE
            seen = mask == order + 1
            box = box_of_mask(seen)
            assert box is not None, "an actor without visible pixels was not dropped"
            points, state, covered = _joint_states(actor, in_front)
            shown = (state[:17] != JointState.OUTSIDE) & ~covered[:17]
            head = actor.points_xy[:5]
            head_px = float(np.hypot(*(head[:, None] - head[None]).transpose(2, 0, 1)).max())
            pixels = int(np.count_nonzero(seen))
            result.append(
                SceneCharacter(
                    points_xy=points,
                    state=state,
                    points_3d=actor.points_3d,
                    tags=frozenset(seen_tags(actor.tags, shown, actor.things.seen(seen), head_px, colourless)),
                    view=actor.view,
                    pose=actor.pose,
                    depth_order=order,
                    visible_px=pixels,
                    visible_fraction=pixels / max(1, int(np.count_nonzero(own))),
                    box_xywh=(box[0], box[1], box[2] - box[0], box[3] - box[1]),
                    parts_seen=actor.parts.seen(seen),
                    sex=actor.sex,
                )
            )
            in_front = in_front | own
        return tuple(result)


def _joint_states(
    actor: DrawnCharacter, in_front: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.int64], NDArray[np.bool_]]:
    """Returns the 25 points, their states, and which of them others cover.

    A midpoint is hidden by its own figure where one of its ends is.
    """
    parents = np.array(MIDPOINT_INDICES)
    points = np.concatenate([actor.points_xy, actor.points_xy[parents].mean(axis=1)])
    hidden = np.concatenate([actor.hidden, actor.hidden[parents].any(axis=1)])
    height, width = in_front.shape
    inside = (points >= 0).all(axis=1) & (points[:, 0] < width) & (points[:, 1] < height)
    cells = np.clip(points, 0, [width - 1, height - 1]).astype(np.int64)
    covered = inside & in_front[cells[:, 1], cells[:, 0]]
    state = np.where(hidden | covered, JointState.OCCLUDED, JointState.VISIBLE)
    return points, np.where(inside, state, JointState.OUTSIDE).astype(np.int64), covered
