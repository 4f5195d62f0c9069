"""Random changes of training samples: geometry as one affine of ours, colour by Albumentations.

Albumentations' own geometry is not used: its flip counts pixel indices while its resize is continuous, and it does
not swap left and right joints.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from shared import geometry
from shared.geometry import FloatArray

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True)
class GeometryAugment:
    """Ranges of one random affine about the middle of a picture.

    Attributes:
        rotation_degrees: angle is uniform in ± this.
        scale_range: scale is log-uniform in this range, so that shrinking and growing are equally likely.
        translate_fraction: shift is uniform in ± this fraction of each side.
        flip_probability: probability of mirroring; the caller then swaps left and right joints.
    """

    rotation_degrees: float = 30.0
    scale_range: tuple[float, float] = (0.8, 1.25)
    translate_fraction: float = 0.1
    flip_probability: float = 0.5

    def __post_init__(self) -> None:
        low, high = self.scale_range
        if not 0 < low <= high or self.translate_fraction < 0 or not 0 <= self.flip_probability <= 1:
            raise ValueError(f"{self}: need 0 < scale low ≤ high, translate ≥ 0, flip probability in [0, 1]")

    def sample(self, rng: np.random.Generator, size_wh: tuple[float, float]) -> tuple[FloatArray, bool]:
        """Returns an affine from a picture of ``size_wh`` pixels onto itself, and whether it mirrors."""
        width, height = size_wh
        angle = rng.uniform(-self.rotation_degrees, self.rotation_degrees)
        low, high = np.log(self.scale_range)
        scale = float(np.exp(rng.uniform(low, high)))
        shift_x, shift_y = rng.uniform(-self.translate_fraction, self.translate_fraction, 2) * (width, height)
        flipped = bool(rng.random() < self.flip_probability)
        steps = [
            geometry.translation(-width / 2, -height / 2),
            geometry.rotation(angle),
            geometry.scaling(scale),
            geometry.translation(width / 2 + shift_x, height / 2 + shift_y),
        ]
        if flipped:
            steps.append(geometry.horizontal_flip(width))
        return geometry.compose(*steps), flipped

    def letterbox(self, rng: np.random.Generator | None, side_px: int) -> Callable[[int, int], FloatArray]:
        """Returns the affine, by width and height, from a picture to a letterboxed square moved by ``rng``, if given.

        The move is drawn now, so that it does not depend on the picture's size.
        """
        change = geometry.identity() if rng is None else self.sample(rng, (side_px, side_px))[0]
        return lambda width, height: geometry.compose(geometry.letterbox(width, height, side_px), change)


class ColorAugment:
    """Colour changes of one picture: brightness, contrast, saturation, hue, gamma, grey, blur, noise, JPEG.

    Given a generator, the result depends on it and on nothing else: not on the worker, not on the pictures before.
    Without one, the stream of :func:`seed_worker` is used. About 0.5 ms for 128 × 128 pixels.

    Args:
        strength: 0 (nothing) to 2; scales ranges and probabilities; 1 is the default of all presets.
        keep_colors: leaves hue and greyness almost alone, for tasks whose labels name colours.
    """

    def __init__(self, strength: float = 1.0, keep_colors: bool = False) -> None:
        if not 0 <= strength <= 2:
            raise ValueError(f"strength {strength} must be in [0, 2]")
        self.strength = strength
        self.keep_colors = keep_colors
        self._transforms: list[tuple[float, list[Any]]] | None = None
        self._stream = np.random.default_rng()

    def __call__(self, image: ByteArray, rng: np.random.Generator | None = None) -> ByteArray:
        """Returns ``image`` changed, uint8 RGB of the same shape; the input array itself where nothing changes."""
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"image has dtype {image.dtype}, shape {image.shape}; must be uint8 (H, W, 3)")
        if self._transforms is None:
            self._transforms = _color_transforms(self.strength, self.keep_colors)
        rng = self._stream if rng is None else rng
        for probability, choices in self._transforms:
            if rng.random() < probability:
                transform = choices[int(rng.integers(len(choices)))]
                # Albumentations gives every transform of a pipeline the same stream, and replays it in every worker
                # and epoch. Here each use of a transform gets a seed of its own.
                transform.set_random_seed(int(rng.integers(2**32)))
                image = transform(image=image)["image"]
        return image

    def set_random_seed(self, seed: int) -> None:
        """Starts the stream that is used when no generator is given."""
        self._stream = np.random.default_rng(seed)


def seed_worker(worker_id: int) -> None:
    """``worker_init_fn`` of every DataLoader: seeds the dataset's colour streams, keeps to one thread.

    Workers are forked with equal states, so all of them (and all epochs) would replay one stream. The seed is the
    worker's own, which PyTorch changes with each start of the workers, with the rank mixed in.
    """
    cv2.setNumThreads(0)
    # Ctrl-C and a cluster's signals reach all processes; the training process alone decides when to stop. Until then
    # it needs the samples: a worker that is told to end does so a minute later, in case there is nobody left to care.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.alarm(60))
    info = torch.utils.data.get_worker_info()
    if info is None:
        return
    rank = int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")))
    for value in vars(info.dataset).values():
        if isinstance(value, ColorAugment):
            value.set_random_seed((info.seed + 1_000_003 * rank) % 2**32)


def _color_transforms(strength: float, keep_colors: bool) -> list[tuple[float, list[Any]]]:
    """Returns ``(probability, alternatives)`` in the order of application. The numbers are ours."""
    # Its check for a newer version waits ten seconds on a machine whose name server does not answer.
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A  # slow: 1½ s, and only training needs it

    s = strength
    spread = (max(0.0, 1 - 0.25 * s), 1 + 0.25 * s)
    hue = (0.01 if keep_colors else 0.04) * s
    gamma = (100 / (1 + 0.25 * s), 100 * (1 + 0.25 * s))
    worst_quality = max(10, round(95 - 50 * s))
    jitter = {"brightness": spread, "contrast": spread, "saturation": spread, "p": 1}
    # Turning the hue takes longer than the rest of the jitter: two times in five is enough.
    still, turning = A.ColorJitter(hue=(0, 0), **jitter), A.ColorJitter(hue=(-hue, hue), **jitter)
    recipe = [
        (0.7 * s, [still, still, still, turning, turning]),
        (0.25 * s, [A.RandomGamma(gamma_limit=gamma, p=1)]),
        ((0.02 if keep_colors else 0.1) * s, [A.ToGray(p=1)]),
        (
            0.35 * s,
            [
                A.GaussianBlur(blur_limit=0, sigma_limit=(0.3, 0.3 + 0.9 * s), p=1),
                A.GaussNoise(std_range=(0.005, 0.005 + 0.035 * s), per_channel=False, p=1),
                A.ImageCompression(quality_range=(worst_quality, 95), p=1),
            ],
        ),
    ]
    return [(min(1.0, probability), choices) for probability, choices in recipe if probability > 0]
