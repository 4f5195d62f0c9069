"""A character: sampled once as plain data, then drawn at any size and place with its true joints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, apply_to_points, compose, translation
from shared.synthetic import (
    engine,
)
from shared.synthetic.accessories import Accessories, sample_accessories
from shared.synthetic.body_parts import PartMap, map_parts
from shared.synthetic.camera import Camera, sample_camera, view_of
from shared.synthetic.face import Face, sample_face
from shared.synthetic.garments import Outfit, sample_outfit
from shared.synthetic.hair import Hair, sample_hair
from shared.synthetic.layers import build
from shared.synthetic.mixes import RICH, Mix
from shared.synthetic.palette import Rgb, pick_skin
from shared.synthetic.poses import SampledPose, sample_pose
from shared.synthetic.proportions import Proportions, make_proportions, sample_proportions
from shared.synthetic.rendering import Rendering, finish, sample_rendering
from shared.synthetic.things import ThingMap, map_things


@dataclass(frozen=True)
class CharacterSpec:
    """All choices that make one character; equal specs draw equal pictures.

    Attributes:
        sex: "girl" or "boy" (children are one of them).
    """

    size: Proportions
    sex: str
    pose: SampledPose
    camera: Camera
    skin: Rgb
    hair: Hair
    face: Face
    outfit: Outfit
    wear: Accessories
    rendering: Rendering
    fists: tuple[bool, bool]


@dataclass(frozen=True)
class DrawnCharacter:
    """One drawn character with its truth.

    Attributes:
        rgba: uint8 ``(H, W, 4)``, straight alpha, the whole canvas.
        points_xy: COCO-17 joints ``(17, 2)`` in canvas pixels; they may lie outside.
        points_3d: joints ``(17, 3)`` in the camera frame (x right, y down, z away), body heights.
        hidden: ``(17,)``, true where the character's own body, hair or clothes cover the joint.
        tags: Danbooru tags true of the drawing.
        view: "front", "three_quarter", "side" or "back".
        pose: name of the pose family.
        sex: "girl" or "boy".
        parts: where head, torso, arms and legs are.
        things: where what it wears and carries is.
    """

    rgba: NDArray[np.uint8]
    points_xy: FloatArray
    points_3d: FloatArray
    hidden: NDArray[np.bool_]
    tags: frozenset[str]
    view: str
    pose: str
    sex: str
    parts: PartMap
    things: ThingMap


def sample_character(rng: np.random.Generator, style: str, mix: Mix = RICH) -> CharacterSpec:
    """Samples a character.

    Args:
        rng: source of all randomness.
        style: "drawn", or "photo" for natural proportions, colours and shading.
        mix: how often each manner, pose and view is drawn.

    Raises:
        ValueError: another style.
    """
    if style not in ("drawn", "photo"):
        raise ValueError(f"style {style!r} must be drawn or photo")
    photo = style == "photo"
    rendering = sample_rendering(rng, photo, mix.manners)
    size = sample_proportions(rng, photo, mix.builds, mix.bodies)
    sex = size.build if size.build != "child" else ("girl" if rng.random() < 0.6 else "boy")
    pose = sample_pose(rng, weights=mix.poses) if mix.motion is None else mix.motion.sample(rng, mix.poses)
    camera = sample_camera(rng, mix.views)
    pose, camera = _suit(rng, pose, camera)
    if rendering.doodle:
        size, pose, camera = _doodled(rng, size, pose)
    skin = pick_skin(rng, rendering.style == "emoji", not photo)
    chibi = min(max((4.5 - size.heads) / 2.5, 0.0), 1.0)
    hair_spec = sample_hair(rng, rendering.style, sex == "boy", size.heads, mix)
    if rendering.doodle and rng.random() < 0.3:
        hair_spec = replace(hair_spec, style="bald")
    face_spec = sample_face(rng, rendering.style, chibi, sex == "boy" and size.build != "child", rendering.doodle, mix)
    outfit = sample_outfit(rng, sex, rendering.style, mix)
    wear = sample_accessories(rng, rendering.style, sex, outfit.name, pose, mix.adornments)
    fists = tuple(bool(rng.random() < 0.45) or wear.held_hand == i or wear.held_by_both for i in range(2))
    return CharacterSpec(
        size, sex, pose, camera, skin, hair_spec, face_spec, outfit, wear, rendering, (fists[0], fists[1])
    )


def _doodled(rng: np.random.Generator, size: Proportions, pose: SampledPose) -> tuple[Proportions, SampledPose, Camera]:
    """Returns body, pose and view as in a child's drawing: large head, thick or thin limbs, from the front."""
    size = make_proportions(
        float(rng.uniform(2.2, 5.0)), size.build, float(rng.uniform(0.7, 1.7)), float(rng.uniform(0.85, 1.15))
    )
    if rng.random() < 0.85:
        pose = sample_pose(rng, "doodle")
    return size, pose, Camera(float(rng.normal(0, 8)), float(rng.normal(0, 3)), float(rng.normal(0, 4)), 9.0)


def _suit(rng: np.random.Generator, pose: SampledPose, camera: Camera) -> tuple[SampledPose, Camera]:
    """Returns pose and camera that go together: lying figures are seen from above, faces seek the viewer."""
    view = view_of(camera.yaw)
    inner = pose.pose
    if pose.family == "lying":
        camera = replace(camera, elevation=float(rng.uniform(15, 75)), yaw=float(rng.uniform(-180, 180)))
    elif rng.random() < 0.45 and view in ("three_quarter", "side"):
        yaw = -float(np.clip(camera.yaw, -75, 75)) * float(rng.uniform(0.3, 1.0))
        inner = replace(inner, head=(yaw, *inner.head[1:]))
    elif view == "back" and rng.random() < 0.4:
        turn = 80.0 if camera.yaw < 0 else -80.0
        inner = replace(inner, head=(turn, *inner.head[1:]), spine=(inner.spine[0], inner.spine[1], turn * 0.4))
    return replace(pose, pose=inner), camera


def figure_box(spec: CharacterSpec) -> tuple[float, float, float, float]:
    """Returns ``(x1, y1, x2, y2)`` that holds the whole drawing, hair and clothes included, in the figure frame.

    The figure frame has body heights as its unit, its origin in the middle of this box, and y down.
    """
    x1, y1, x2, y2 = build(spec).box
    half_w, half_h = (x2 - x1) / 2, (y2 - y1) / 2
    return -half_w, -half_h, half_w, half_h


def figure_points(spec: CharacterSpec) -> FloatArray:
    """Returns the COCO-17 joints ``(17, 2)`` in the figure frame, without drawing."""
    built = build(spec)
    x1, y1, x2, y2 = built.box
    result: FloatArray = built.points_xy - np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    return result


def draw_character(spec: CharacterSpec, size_wh: tuple[int, int], placement: FloatArray) -> DrawnCharacter:
    """Draws a character on a transparent canvas.

    Args:
        spec: the character.
        size_wh: canvas size in pixels.
        placement: ``(2, 3)`` affine from the figure frame (see `figure_box`) to canvas pixels; must not mirror.

    Raises:
        ValueError: ``placement`` mirrors or flattens (left and right would swap).
    """
    if float(np.linalg.det(placement[:, :2])) <= 0:
        raise ValueError("placement must have a positive determinant; a mirrored character has its sides swapped")
    built = build(spec)
    x1, y1, x2, y2 = built.box
    affine = compose(translation(-(x1 + x2) / 2, -(y1 + y2) / 2), placement)
    rgba = finish(engine.rasterize(built.shapes, size_wh, affine), spec.rendering)
    return DrawnCharacter(
        rgba,
        apply_to_points(affine, built.points_xy),
        built.points_3d.copy(),
        built.hidden.copy(),
        built.tags,
        view_of(spec.camera.yaw),
        spec.pose.family,
        spec.sex,
        map_parts(built.covers, affine, size_wh),
        map_things(built.traces, affine, size_wh),
    )
