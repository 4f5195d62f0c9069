"""Poses as vectors whose Euclidean distance says how alike they are, and the finer comparison of two poses.

The `inkpose` descriptor. Let ``p`` be the joints as complex numbers, ``c`` their confidence in [0, 1], and ``t`` one of
the arrows of :mod:`inkpose.index.terms` from point ``a`` to point ``b``, of weight ``α_t``, usual length ``ℓ_t`` and
mean ``μ_t``:

- confidence of an arrow ``u_t = min(c_a, c_b)``, with ``c = min(1, score / 0.4)`` and 0 for an absent joint;
- scale of the figure ``s = sqrt(Σ u_t |p_b − p_a|² / Σ u_t ℓ_t²)``: missing joints change it little;
- soft direction ``g_t = v / sqrt(|v|² + ℓ_t² / 4)`` with ``v = (p_b − p_a) / s``: its angle is the arrow's, its length
  grows from 0 (the limb points at the viewer) towards 1, and depends little on how long the limbs of this figure are;
- descriptor ``d_t = α_t (μ_t + u_t (g_t − μ_t))``, real and imaginary parts: what is not seen counts as average.

Place and size drop out. `inkpose-upright` first turns the figure by the angle that brings its trunk upright, so that
turning the picture changes nothing either.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkpose.index.paper import PAPER_SIZE, describe_paper
from inkpose.index.terms import ENDS, LENGTHS, MEANS, STARTS, TERMS, TRUNK, WEIGHTS
from shared.errors import UsageError
from shared.keypoints.schema import COCO_17

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


class Descriptor(NamedTuple):
    """A way to describe poses; an index holds vectors of one name and version only."""

    name: str
    version: int
    size: int


#: All descriptors; the first is the default.
DESCRIPTORS = {
    one.name: one
    for one in (
        Descriptor("inkpose", 1, 2 * len(TERMS)),
        Descriptor("inkpose-upright", 1, 2 * len(TERMS)),
        Descriptor("paper", 1, PAPER_SIZE),
    )
}

#: A joint of this score or more counts fully.
SURE_SCORE = 0.4
#: How far apart soft directions are that count as half alike (ours).
_TOLERANCE = 0.42
#: Likeness of two unrelated arrows.
_CHANCE = 0.3
#: How much the doubt about what is not shown weighs, as a part of what the query knows (ours).
_DOUBT = 0.02
#: What a squared distance of 1 between descriptors takes away (ours).
_FAR = 0.05
#: Pull of all other arrows on where up is, beside the trunk's 1.
_PULL = 0.1


def as_descriptor(name: str) -> Descriptor:
    """Returns the descriptor of that name. Raises UsageError when there is none."""
    if name not in DESCRIPTORS:
        raise UsageError(f"--descriptor {name}: not known; choose from {', '.join(DESCRIPTORS)}")
    return DESCRIPTORS[name]


def describe(
    keypoints: NDArray[Any], boxes_xywh: NDArray[Any] | None = None, name: str = "inkpose"
) -> NDArray[np.float32]:
    """Returns the descriptors of poses, float32 ``(N, D)``.

    Args:
        keypoints: ``(N, 17, 3)`` x, y, score in COCO order; x and y are NaN where a joint is absent.
        boxes_xywh: ``(N, 4)``, boxes of the characters; only `paper` looks at them, and takes the joints' box
            when there is none.
        name: of the descriptor.

    Raises:
        ValueError: another shape.
        UsageError: no such descriptor.
    """
    as_descriptor(name)
    points = _checked(keypoints)
    if name == "paper":
        return describe_paper(points, boxes_xywh)
    vectors = _vectors(*_arrows(points), upright=name == "inkpose-upright")
    return np.stack([vectors.real, vectors.imag], axis=-1).reshape(len(points), 2 * len(TERMS)).astype(np.float32)


def mirror(keypoints: NDArray[Any]) -> FloatArray:
    """Returns poses ``(..., 17, 3)`` as a mirror shows them: x changes sign, left and right change names."""
    flipped = np.array(keypoints, dtype=np.float64)[..., list(COCO_17.flip_order), :]
    flipped[..., 0] = -flipped[..., 0]
    return flipped


def similarity(query: NDArray[Any], others: NDArray[Any], upright: bool = False) -> FloatArray:
    """Returns how alike a pose is to others ``(N,)``: 1 the same, 0 nothing in common.

    Arrow by arrow, by how surely both poses know it: with ``w = α² u_q u_o``, ``e = exp(−|g_q − g_o|² ln 2 / 0.42²)``
    it is ``(Σ w e + 0.3 m) / (Σ w + m) − 0.05 |d_q − d_o|²``, 0 at least. The doubt ``m = 0.02 Σ α² u_q (1 − u_o)``
    draws poses that do not show what the query shows towards 0.3; the distance of the descriptors d, over
    the arrows that the query knows, decides where little is shared. Scales of g are those of the arrows that both know.

    Args:
        query: ``(17, 3)``.
        others: ``(N, 17, 3)``.
        upright: turn all figures upright first.
    """
    asked_arrows, asked_confidence = _arrows(_checked(np.asarray(query)[None]))
    found_arrows, confidence = _arrows(_checked(others))
    shared = asked_confidence * confidence
    asked = _softened(np.broadcast_to(asked_arrows, found_arrows.shape), shared, upright)
    found = _softened(found_arrows, shared, upright)
    alike = np.exp(-(np.abs(found - asked) ** 2) * (np.log(2) / _TOLERANCE**2))
    weight = WEIGHTS**2 * shared
    known = weight.sum(axis=1)
    doubt = _DOUBT * ((WEIGHTS**2 * asked_confidence).sum() - known) + 1e-9
    mean = ((weight * alike).sum(axis=1) + _CHANCE * doubt) / (known + doubt)
    apart = _vectors(asked_arrows, asked_confidence, upright) - _vectors(found_arrows, confidence, upright)
    far = (np.abs(apart) ** 2 * (asked_confidence > 0)).sum(axis=1)
    return np.asarray(np.clip(mean - _FAR * far, 0, 1), np.float64)


def is_usable(keypoints: NDArray[Any]) -> bool:
    """Returns whether a pose ``(17, 3)`` says enough to be searched for: two arrows at least."""
    points, confidence = _with_middles(_checked(np.asarray(keypoints)[None]))
    known = np.minimum(confidence[:, STARTS], confidence[:, ENDS]) * (np.abs(points[:, ENDS] - points[:, STARTS]) > 0)
    return int((known > 0).sum()) >= 2


def soft_directions(points: FloatArray, upright: bool = False) -> tuple[ComplexArray, FloatArray]:
    """Returns soft directions and confidences ``(N, T)`` of the arrows of poses ``(N, 17, 3)``."""
    arrows, confidence = _arrows(points)
    return _softened(arrows, confidence, upright), confidence


def _vectors(arrows: ComplexArray, confidence: FloatArray, upright: bool) -> ComplexArray:
    """Returns the descriptors as complex numbers ``(N, T)``."""
    directions = _softened(arrows, confidence, upright)
    vectors: ComplexArray = WEIGHTS * (MEANS + confidence * (directions - MEANS))
    return vectors


def _arrows(points: FloatArray) -> tuple[ComplexArray, FloatArray]:
    """Returns arrows in pixels (0 where not known) and their confidences, ``(N, T)`` each."""
    places, sure = _with_middles(points)
    confidence = np.minimum(sure[:, STARTS], sure[:, ENDS])
    return np.where(confidence > 0, places[:, ENDS] - places[:, STARTS], 0), confidence


def _softened(arrows: ComplexArray, confidence: FloatArray, upright: bool) -> ComplexArray:
    """Returns soft directions ``(N, T)``; scale and turn of each figure come from its arrows by ``confidence``."""
    squares = (confidence * np.abs(arrows) ** 2).sum(axis=1, keepdims=True)
    usual = (confidence * LENGTHS**2).sum(axis=1, keepdims=True)
    scale = np.sqrt(np.divide(squares, usual, out=np.ones_like(squares), where=usual > 0))
    scaled = np.divide(arrows, scale, out=np.zeros_like(arrows), where=scale > 0)
    directions: ComplexArray = scaled / np.sqrt(np.abs(scaled) ** 2 + LENGTHS**2 / 4)
    if upright:
        pull = np.full(len(TERMS), _PULL)
        pull[TRUNK] = 1.0 / max(abs(MEANS[TRUNK]), 1e-9)
        turn = (pull * confidence * MEANS * directions.conj()).sum(axis=1, keepdims=True)
        size = np.abs(turn)
        directions = directions * np.where(size > 1e-9, turn / np.maximum(size, 1e-9), 1)
    return directions


def _with_middles(points: FloatArray) -> tuple[ComplexArray, FloatArray]:
    """Returns places ``(N, 20)`` (0 where absent) and confidences ``(N, 20)`` of the points of ``terms.POINTS``."""
    there = np.isfinite(points[..., :2]).all(axis=-1)
    places = np.where(there, points[..., 0] + 1j * points[..., 1], 0)
    sure = np.where(there, np.clip(np.nan_to_num(points[..., 2]) / SURE_SCORE, 0, 1), 0)
    left_right = COCO_17.index("left_shoulder"), COCO_17.index("left_hip")
    middles = [(places[:, i] + places[:, i + 1]) / 2 for i in left_right]
    middle_sure = [np.minimum(sure[:, i], sure[:, i + 1]) for i in left_right]
    face, weights = places[:, :5], sure[:, :5]
    total = weights.sum(axis=1)
    head = np.divide((face * weights).sum(axis=1), total, out=np.zeros(len(points), complex), where=total > 0)
    return (
        np.column_stack([places, *middles, head]),
        np.column_stack([sure, *middle_sure, weights.max(axis=1, initial=0)]),
    )


def _checked(keypoints: NDArray[Any]) -> FloatArray:
    points = np.asarray(keypoints, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (17, 3):
        raise ValueError(f"keypoints {points.shape} must be (N, 17, 3): x, y, score")
    return points
