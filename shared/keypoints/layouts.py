"""The keypoint layouts of other projects, as schemas."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from shared.keypoints.schema import COCO_17, COCO_25, KeypointSchema

_SIDES = ("left", "right")


def _sigma(name: str) -> float:
    """OKS sigma of a point: COCO's, or that of the COCO joint whose labels scatter alike (ours; COCO has none)."""
    joint = name.replace("left_", "").replace("right_", "").replace("_left", "").replace("_right", "")
    alike = {
        "arm": "shoulder", "leg": "hip", "thumb": "wrist", "hand": "wrist", "trapezium": "wrist", "finger": "wrist",
        "foot": "ankle", "tiptoe": "ankle", "toe": "ankle", "big_toe": "ankle", "small_toe": "ankle", "heel": "ankle",
        "nose_tip": "nose", "nose_root": "nose", "head": "ear", "head_base": "ear", "head_top": "ear",
        "neck": "shoulder", "neck_base": "shoulder", "upper_neck": "shoulder", "thorax": "shoulder",
        "torso": "shoulder", "body_upper": "hip", "root": "hip", "hip": "hip", "pelvis": "hip", "mid_hip": "hip",
    }  # fmt: skip
    joint = alike.get(joint, joint)
    return COCO_17.sigmas[COCO_17.index(joint if joint == "nose" else f"left_{joint}")]


def _schema(name: str, names: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> KeypointSchema:
    return KeypointSchema(name, names, edges, tuple(_sigma(each) for each in names))


def _chains(*chains: str) -> tuple[tuple[str, str], ...]:
    """Edges of chains written ``a-b-c``; a chain with ``*`` stands for both sides."""
    edges: list[tuple[str, str]] = []
    for chain in chains:
        for side in _SIDES if "*" in chain else ("",):
            names = chain.replace("*", side).split("-")
            edges += pairwise(names)
    return tuple(dict.fromkeys(edges))


#: Anime Drawings Dataset (Khungurn & Chou 2016), in the order of its files. ``arm`` is the shoulder, ``leg`` the
#: hip, ``tiptoe`` the tip of the shoe, ``head`` the base of the skull.
ADD_21 = _schema(
    "add_21",
    (
        "body_upper", "neck", "head", "nose_tip", "nose_root",
        *(f"{joint}_{side}" for side in _SIDES for joint in ("arm", "elbow", "wrist", "thumb")),
        *(f"{joint}_{side}" for side in _SIDES for joint in ("leg", "knee", "ankle", "tiptoe")),
    ),
    _chains("body_upper-neck-head-nose_tip", "head-nose_root", "neck-arm_*-elbow_*-wrist_*-thumb_*",
            "body_upper-leg_*-knee_*-ankle_*-tiptoe_*"),
)  # fmt: skip

#: The 25 named points of the data set released with Chen & Zwicker 2022: COCO's 17 under other names, and eight of
#: ADD's. Not the 25 points that the nets predict. ``trapezium`` is the base of the thumb.
RELEASE_25 = _schema(
    "release_25",
    (
        "nose", *(f"{joint}_{side}" for joint in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                  for side in _SIDES),
        "nose_root", "body_upper", "neck_base", "head_base",
        "trapezium_left", "trapezium_right", "tiptoe_left", "tiptoe_right",
    ),
    _chains("nose-eye_*-ear_*", "nose-nose_root", "nose-head_base-neck_base-body_upper",
            "neck_base-shoulder_*-elbow_*-wrist_*-trapezium_*", "body_upper-hip_*-knee_*-ankle_*-tiptoe_*"),
)  # fmt: skip

#: The older, COCO-like form of the same data set.
RELEASE_23 = _schema(
    "release_23",
    (*RELEASE_25.names[:17], "nose_root", "body_upper", "thumb_left", "thumb_right", "toe_left", "toe_right"),
    _chains("nose-eye_*-ear_*", "nose-nose_root", "nose-body_upper", "shoulder_*-elbow_*-wrist_*-thumb_*",
            "body_upper-hip_*-knee_*-ankle_*-toe_*"),
)  # fmt: skip

#: MPII Human Pose, in the order of its joint ids.
MPII_16 = _schema(
    "mpii_16",
    (
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
        "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
        "left_wrist",
    ),
    _chains("pelvis-thorax-upper_neck-head_top", "thorax-*_shoulder-*_elbow-*_wrist",
            "pelvis-*_hip-*_knee-*_ankle"),
)  # fmt: skip

_OPENPOSE_BODY = tuple(f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "wrist"))
_OPENPOSE_LEGS = tuple(f"{side}_{joint}" for side in ("right", "left") for joint in ("hip", "knee", "ankle"))
_OPENPOSE_FACE = ("right_eye", "left_eye", "right_ear", "left_ear")

#: OpenPose's COCO layout: 17 joints and the neck.
OPENPOSE_18 = _schema(
    "openpose_18",
    ("nose", "neck", *_OPENPOSE_BODY, *_OPENPOSE_LEGS, *_OPENPOSE_FACE),
    _chains("neck-*_shoulder-*_elbow-*_wrist", "neck-*_hip-*_knee-*_ankle", "neck-nose-*_eye-*_ear"),
)

#: OpenPose's BODY_25: the 18, the middle of the hips, and six points of the feet.
OPENPOSE_25 = _schema(
    "openpose_25",
    (
        "nose", "neck", *_OPENPOSE_BODY, "mid_hip", *_OPENPOSE_LEGS, *_OPENPOSE_FACE,
        "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
    ),
    _chains("neck-*_shoulder-*_elbow-*_wrist", "neck-mid_hip-*_hip-*_knee-*_ankle", "neck-nose-*_eye-*_ear",
            "*_ankle-*_heel", "*_ankle-*_big_toe-*_small_toe"),
)  # fmt: skip

#: AnimatedDrawings' rig. ``neck`` lies in the middle of the face, ``torso`` between the shoulders.
ANIMATED_DRAWINGS_16 = _schema(
    "animated_drawings_16",
    (
        "root", "hip", "torso", "neck",
        *(f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "hand")),
        *(f"{side}_{joint}" for side in ("right", "left") for joint in ("hip", "knee", "foot")),
    ),
    _chains("root-hip-torso-neck", "torso-*_shoulder-*_elbow-*_hand", "root-*_hip-*_knee-*_foot"),
)  # fmt: skip

#: Human-Art: COCO's 17, fingers and toes (the field ``keypoints_21`` of its files).
HUMAN_ART_21 = _schema(
    "human_art_21",
    (*COCO_17.names, "left_finger", "right_finger", "left_toe", "right_toe"),
    (*COCO_17.edges, *_chains("*_wrist-*_finger", "*_ankle-*_toe")),
)

#: Every layout that can be read, converted and written, by name.
LAYOUTS: dict[str, KeypointSchema] = {
    schema.name: schema
    for schema in (
        COCO_17, COCO_25, ADD_21, RELEASE_25, RELEASE_23, MPII_16, OPENPOSE_18, OPENPOSE_25, ANIMATED_DRAWINGS_16,
        HUMAN_ART_21,
    )
}  # fmt: skip


def layout_of(names: Collection[str]) -> KeypointSchema | None:
    """Returns the layout of just these ``names``, in any order, else the first that has them all, else None."""
    wanted = set(names)
    fitting = [schema for schema in LAYOUTS.values() if wanted and wanted <= set(schema.names)]
    return next((schema for schema in fitting if wanted == set(schema.names)), next(iter(fitting), None))
