"""Where a mask ends: moved to the picture's own edges by a graph cut, as far as the net is in doubt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.color_model import LEAST_SHARE
from segmenter.logits import logit, sigmoid
from segmenter.refine import BAND_ROWS, Float32Array, shrunk

ByteArray = NDArray[np.uint8]

#: Long side at which the cut is made.
SIDE_PX = 384
#: Below and above these probabilities the cut takes the answer as given.
_SURE = (0.03, 0.97)
#: What the cut's word adds to a pixel's logit: it decides from 0.12 to 0.88, and not where the net is surer.
_WEIGHT = 2.0
_LEAST_PIXELS = 32  # of each side, for colour models of five Gaussians


def cut_along_edges(image_rgb: ByteArray, probability: Float32Array) -> Float32Array:
    """Returns the probability of "character" ``(H, W)``, nearer to the side on which GrabCut's cut has the pixel.

    The cut parts the picture along its edges so that each side's colours are common on it (Gaussian mixtures) and the
    sure pixels stay where they are: gaps between an arm and the body open, and what is of one colour stays together.
    A picture that hardly shows a character, or nothing else, is left as it is; equal calls give equal results.

    Args:
        image_rgb: ``(H, W, 3)``.
        probability: ``(H, W)`` in [0, 1], after :func:`segmenter.color_model.weigh_colors`.

    Source: Rother, Kolmogorov & Blake 2004, "GrabCut"; OpenCV's implementation, one round.
    """
    if float((probability > 0.5).mean()) < LEAST_SHARE:
        return probability
    small = shrunk(probability, SIDE_PX)
    labels = np.where(small > 0.5, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_PR_BGD))
    labels[small < _SURE[0]] = cv2.GC_BGD
    labels[small > _SURE[1]] = cv2.GC_FGD
    inside = np.count_nonzero(small > 0.5)
    if min(inside, small.size - inside) < _LEAST_PIXELS:
        return probability
    cv2.setRNGSeed(0)  # it begins with k-means from random centres
    picture = np.ascontiguousarray(shrunk(image_rgb, SIDE_PX)[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, labels, None, *models, 1, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    height, width = probability.shape
    # Odd labels are foreground. Bytes, and then bands: the working memory of a large picture stays small.
    side = cv2.resize((labels & 1) * np.uint8(255), (width, height), interpolation=cv2.INTER_LINEAR)
    result = np.empty_like(probability)
    for top in range(0, height, BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        word = side[rows].astype(np.float32) * np.float32(2 / 255) - 1
        result[rows] = sigmoid(logit(probability[rows]) + np.float32(_WEIGHT) * word)
    return result
