"""A character's parts in painter's order, and the truth that follows from that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray
from shared.synthetic import (
    bags_wings,
    clothes,
    face,
    hair_back,
    hair_front,
    hats,
    headgear,
    held_drawing,
    limbs,
    mantles,
    skirts,
)
from shared.synthetic.camera import view_of
from shared.synthetic.drawing import Drawing
from shared.synthetic.engine import Shape
from shared.synthetic.figure import Figure, make_figure
from shared.synthetic.figure_tags import figure_tags
from shared.synthetic.head import Head
from shared.synthetic.held import BEFORE_THE_HAND
from shared.synthetic.skeleton import INDEX
from shared.synthetic.things import Trace

if TYPE_CHECKING:
    from shared.synthetic.character import CharacterSpec


@dataclass(frozen=True)
class Built:
    """A character's shapes in painter's order and its truth, on the picture plane (body heights, y down)."""

    shapes: tuple[Shape, ...]
    points_xy: FloatArray
    points_3d: FloatArray
    hidden: NDArray[np.bool_]
    box: tuple[float, float, float, float]
    tags: frozenset[str]
    covers: tuple[tuple[str, FloatArray], ...]
    traces: tuple[Trace, ...]


#: Layers that a COCO joint belongs to: what is drawn of them never hides the joint.
_TORSO = frozenset({"torso", "neck", "hips", "scarf"})


_HEAD = frozenset({"head"})


def _own_layers() -> tuple[frozenset[str], ...]:
    own: list[frozenset[str]] = [_HEAD, _HEAD, _HEAD, _HEAD | {"neck"}, _HEAD | {"neck"}]
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        for side in ("left", "right"):
            if part == "shoulder":
                own.append(_TORSO | {f"{side}_arm"})
            elif part in ("elbow", "wrist"):
                own.append(frozenset({f"{side}_arm"}))
            elif part == "hip":
                own.append(_TORSO | {f"{side}_leg", "skirt"})
            else:
                own.append(frozenset({f"{side}_leg"}))
    return tuple(own)


_OWN = _own_layers()


@lru_cache(maxsize=16)
def build(spec: CharacterSpec) -> Built:
    """Returns the drawing of a character before it is placed; kept for the last few characters."""
    figure = make_figure(spec.pose.pose, spec.size, spec.camera)
    drawing = Drawing(spec.rendering, np.random.default_rng(spec.rendering.seed))
    head = Head(figure, spec.face.shape)
    for _, _, draw in sorted(_parts(spec, figure, drawing, head), key=lambda part: part[:2]):
        draw()
    points = coco_points(figure, head)
    hidden = drawing.hidden(points, _OWN)
    _hide_far_face(head, spec, hidden)
    cloud = np.concatenate([shape.path[1] for shape in drawing.shapes if shape.clip is None])
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    pad = spec.rendering.line
    box = (float(low[0]) - pad, float(low[1]) - pad, float(high[0]) + pad, float(high[1]) + pad)
    return Built(
        tuple(drawing.shapes),
        points,
        _coco_3d(figure, head),
        hidden,
        box,
        _tags(spec, head),
        tuple(drawing.covers),
        tuple(drawing.traces),
    )


def coco_points(figure: Figure, head: Head) -> FloatArray:
    """Returns the COCO-17 joints ``(17, 2)`` on the picture plane."""
    rows = [head.nose, head.eyes[0], head.eyes[1], head.ears[0], head.ears[1]]
    rows += [
        figure.at(f"{side}_{part}")
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ]
    return np.array(rows)


def _coco_3d(figure: Figure, head: Head) -> FloatArray:
    x, h = head.shape.eye_x * head.half[0], figure.size.head
    nose = head.surface(0.0, head.shape.nose_y)
    nose[2] += head.shape.nose
    a = head.half[0] * 0.97
    local = np.array(
        [
            nose,
            head.surface(x, head.shape.eye_y),
            head.surface(-x, head.shape.eye_y),
            [a, -0.08, -0.04],
            [-a, -0.08, -0.04],
        ]
    )
    centre = figure.skeleton.points[INDEX["head"]]
    world = centre + (local * h) @ figure.skeleton.head.T
    face_points = figure.camera.to_camera(world, figure.target)
    body = figure.camera_points[
        [
            INDEX[f"{side}_{part}"]
            for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
            for side in ("left", "right")
        ]
    ]
    return np.concatenate([face_points, body])


def _hide_far_face(head: Head, spec: CharacterSpec, hidden: NDArray[np.bool_]) -> None:
    """Marks the face points on the far side of the head as hidden."""
    shape = spec.face.shape
    x = shape.eye_x * head.half[0]
    hidden[0] |= head.near[2] < -0.05
    hidden[1] |= head.facing(x, shape.eye_y) < 0.08
    hidden[2] |= head.facing(-x, shape.eye_y) < 0.08
    hidden[3] |= head.near[0] < -0.3
    hidden[4] |= head.near[0] > 0.3


def _parts(
    spec: CharacterSpec, figure: Figure, drawing: Drawing, head: Head
) -> list[tuple[float, int, Callable[[], None]]]:
    """Returns (depth, tie-break, draw) of each part; smaller depth is drawn first."""
    outfit, wear = spec.outfit, spec.wear
    parts: list[tuple[float, int, Callable[[], None]]] = []

    def add(depth: float, draw: Callable[[], None]) -> None:
        parts.append((depth, len(parts), draw))

    pelvis, neck = figure.nearness("pelvis"), figure.nearness("neck")
    chest_front, head_front = figure.chest_axes.near[2], head.near[2]
    leg_keys = []
    for side in ("left", "right"):
        key = figure.nearness(f"{side}_hip", f"{side}_knee", f"{side}_knee") - pelvis - 0.045
        leg_keys.append(key)
        limb = limbs.leg(figure, side)
        add(key, partial(skirts.draw_leg, drawing, figure, limb, side, outfit, spec.skin))
    if outfit.bottom == "skirt":
        add(max(*leg_keys, -0.04) + 0.001, lambda: skirts.draw_skirt(drawing, figure, outfit))
    else:
        add(min(*leg_keys, -0.03) - 0.001, lambda: skirts.draw_hips(drawing, figure, outfit))

    def torso() -> None:
        head.draw_neck(drawing, spec.skin)
        clothes.draw_top(drawing, figure, outfit, spec.skin)

    def held() -> None:
        with drawing.of("held"):
            held_drawing.draw_held(drawing, figure, wear)

    add(0.0, torso)
    arm_keys = [figure.nearness(f"{side}_elbow", f"{side}_wrist") - neck + 0.035 for side in ("left", "right")]
    if wear.held_by_both:
        add(min(arm_keys), held)
    for i, (side, key) in enumerate(zip(("left", "right"), arm_keys, strict=True)):
        limb = limbs.arm(figure, side)
        holds = wear.held_hand == i and not wear.held_by_both
        if holds and wear.held not in BEFORE_THE_HAND:
            add(key, held)
        add(key, partial(clothes.draw_sleeved_arm, drawing, figure, limb, side, outfit, spec.skin, spec.fists[i]))
        if holds and wear.held in BEFORE_THE_HAND:
            add(key, held)
    head_key = max(0.03, figure.nearness("head") - neck)
    if figure.nearness("head") - neck < -0.12:
        head_key = -0.05

    def whole_head() -> None:
        if outfit.scarf is not None:
            mantles.draw_scarf(drawing, figure, outfit.scarf)
        head.draw_skull(drawing, spec.skin)
        face.draw_face(drawing, head, spec.face, spec.skin, spec.hair.rgb)
        shape = spec.face.shape
        if wear.glasses:
            headgear.draw_glasses(drawing, head, wear, shape.eye_x, shape.eye_y)
        hair_front.draw_front(drawing, head, spec.hair)
        if wear.ears:
            headgear.draw_ears(drawing, head, wear.ears, spec.hair.rgb)
        if wear.horns:
            headgear.draw_horns(drawing, head, wear.horns)
        if wear.hat:
            with drawing.of("hat"):
                hats.draw_hat(drawing, head, wear)
        headgear.draw_ornaments(drawing, head, wear, shape.eye_x, shape.eye_y)

    add(head_key, whole_head)
    back_key = -0.3 if head_front > -0.2 else head_key + 0.001
    add(back_key, lambda: hair_back.draw_back(drawing, head, spec.hair))
    if outfit.cape is not None:
        add(-0.31 if chest_front > -0.15 else 0.02, lambda: mantles.draw_cape(drawing, figure, outfit))
    if wear.wings:
        add(-0.32 if chest_front > -0.1 else 0.021, lambda: bags_wings.draw_wings(drawing, figure, wear))
    if wear.tail:
        add(
            -0.29 if figure.pelvis_axes.near[2] > -0.1 else 0.3,
            lambda: bags_wings.draw_tail(drawing, figure, wear.tail, spec.hair.rgb),
        )
    if wear.bag:
        behind = wear.bag == "backpack" and chest_front > -0.1
        add(-0.25 if behind else 0.022, lambda: bags_wings.draw_bag(drawing, figure, wear))
    return parts


def _tags(spec: CharacterSpec, head: Head) -> frozenset[str]:
    turn = float(np.degrees(np.arccos(np.clip(head.near[2], -1.0, 1.0))))
    return figure_tags(spec, view_of(spec.camera.yaw), (turn, spec.camera.elevation), float(head.near[2]))
