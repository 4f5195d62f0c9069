"""What the `inkpose` descriptor looks at: arrows between joints, each with its weight, usual length and mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import COCO_17

#: COCO-17, then three points between its joints: middle of the shoulders, of the hips, and of the face.
POINTS = (*COCO_17.names, "neck", "pelvis", "head")


class Term(NamedTuple):
    """An arrow from ``start`` to ``end``.

    Attributes:
        weight: how much it counts; a limb is 1 (ours; tried on drawn pose groups, see docs/retrieval.md).
        length: root mean square length in a figure of scale 1.
        mean: mean soft direction over all poses, x to the right + 1j · y down.
    """

    start: str
    end: str
    weight: float
    length: float
    mean: complex


# Length and mean: 1500 characters of the synthetic artist, seed 0, all joints known
# (`tests/inkpose/index/test_descriptor.py` draws other characters and finds the same numbers).
TERMS = (
    Term("left_shoulder", "left_elbow", 1.0, 0.619, 0.195+0.481j),
    Term("right_shoulder", "right_elbow", 1.0, 0.619, -0.195+0.481j),
    Term("left_elbow", "left_wrist", 1.0, 0.517, -0.063+0.243j),
    Term("right_elbow", "right_wrist", 1.0, 0.517, 0.063+0.243j),
    Term("left_hip", "left_knee", 1.0, 0.840, 0.069+0.639j),
    Term("right_hip", "right_knee", 1.0, 0.840, -0.069+0.639j),
    Term("left_knee", "left_ankle", 1.0, 0.803, 0.021+0.646j),
    Term("right_knee", "right_ankle", 1.0, 0.803, -0.021+0.646j),
    Term("pelvis", "neck", 1.2, 1.169, 0.000-0.821j),
    Term("neck", "head", 0.7, 0.566, -0.000-0.740j),
    Term("right_shoulder", "left_shoulder", 1.0, 0.666, 0.607-0.000j),
    Term("right_hip", "left_hip", 0.7, 0.443, 0.611+0.000j),
    Term("right_eye", "left_eye", 0.5, 0.420, 0.594-0.000j),
    Term("head", "nose", 0.4, 0.206, -0.000+0.589j),
    Term("right_wrist", "left_wrist", 0.7, 1.247, 0.415+0.000j),
    Term("head", "left_wrist", 0.7, 1.397, 0.207+0.577j),
    Term("head", "right_wrist", 0.7, 1.397, -0.207+0.577j),
    Term("left_hip", "left_wrist", 0.7, 1.038, 0.141-0.407j),
    Term("right_hip", "right_wrist", 0.7, 1.038, -0.141-0.407j),
    Term("left_shoulder", "left_wrist", 0.5, 0.981, 0.068+0.420j),
    Term("right_shoulder", "right_wrist", 0.5, 0.981, -0.068+0.420j),
    Term("right_ankle", "left_ankle", 0.7, 0.995, 0.441-0.000j),
    Term("right_knee", "left_knee", 0.6, 0.753, 0.514+0.000j),
    Term("left_hip", "left_ankle", 0.7, 1.465, 0.052+0.727j),
    Term("right_hip", "right_ankle", 0.7, 1.465, -0.052+0.727j),
    Term("left_knee", "left_wrist", 0.5, 1.548, 0.058-0.651j),
    Term("right_knee", "right_wrist", 0.5, 1.548, -0.058-0.651j),
    Term("right_elbow", "left_elbow", 0.5, 1.128, 0.556+0.000j),
)  # fmt: skip

STARTS: NDArray[np.intp] = np.array([POINTS.index(term.start) for term in TERMS])
ENDS: NDArray[np.intp] = np.array([POINTS.index(term.end) for term in TERMS])
WEIGHTS: NDArray[np.float64] = np.array([term.weight for term in TERMS])
LENGTHS: NDArray[np.float64] = np.array([term.length for term in TERMS])
MEANS: NDArray[np.complex128] = np.array([term.mean for term in TERMS])
#: The trunk, which says where up is.
TRUNK = next(number for number, term in enumerate(TERMS) if (term.start, term.end) == ("pelvis", "neck"))
