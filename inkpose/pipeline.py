"""Picture in, character out: tags, masks, boxes and joints from the three trained nets.

Example:
    >>> from pathlib import Path
    >>> from inkpose.pipeline import Pipeline
    >>> from shared.images import read_rgba
    >>> pipeline = Pipeline.load()                           # doctest: +SKIP
    >>> [seen] = pipeline([read_rgba(Path("drawing.png"))])  # doctest: +SKIP
    >>> seen.tags[0].name, seen.characters[0].box_xyxy       # doctest: +SKIP
    ('1girl', (12, 30, 200, 410))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkpose.alone import joints_of
from inkpose.seen import Character, Image, Seen, Tag, characters_of, without_transparent
from shared.images import composite_on_white

Box = tuple[float, float, float, float]


class Tagger(Protocol):
    """What the pipeline needs of ``tagger.predict.TaggerPredictor``."""

    @property
    def class_names(self) -> Sequence[str]:
        """C names."""

    @property
    def class_groups(self) -> Sequence[str]:
        """C groups."""

    @property
    def supported(self) -> NDArray[np.bool_]:
        """``(C,)``: the classes that were learnt."""

    def limits(self, min_precision: float | None) -> NDArray[Any]:
        """Returns ``(C,)``: a class is told above it; ``min_precision`` as ``Pipeline`` has it."""

    def predict(self, images: list[Image]) -> NDArray[np.float32]:
        """Returns probabilities ``(N, C)``."""


class Segmenter(Protocol):
    """What the pipeline needs of ``segmenter.predict.SegmenterPredictor``."""

    def predict(self, images: list[Image]) -> list[NDArray[np.float32]]:
        """Returns the foreground probability ``(H, W)`` of each picture."""

    def owners(self, images: list[Image]) -> list[NDArray[np.uint8] | None]:
        """Returns whose each pixel is, ``(H, W)`` from 1 on; None where there is no telling, or one character alone."""


class Pose(Protocol):
    """What the pipeline needs of ``pose.predict.PosePredictor``."""

    def predict(self, images: list[Image], boxes_xyxy: list[list[Box]]) -> Sequence[NDArray[Any]]:
        """Returns ``(n, 17 or more, 3)`` rows x, y, score per picture; x and y are NaN where a joint is absent."""


@dataclass(frozen=True)
class Look:
    """What tagger and segmenter answer to one picture, before any threshold.

    Attributes:
        tag_prob: ``(C,)``, one a class of the tagger.
        foreground_prob: ``(H, W)``; 0 where the picture is transparent.
        owners: ``(H, W)``, whose each pixel is if it is a character's; None where there is no telling.
    """

    tag_prob: NDArray[np.float32]
    foreground_prob: NDArray[np.float32]
    owners: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Pipeline:
    """Tagger, segmenter and pose net in a row; call it with pictures.

    Attributes:
        tag_threshold: probability above which a tag is told; None takes each tag's own, found on validation data.
        mask_threshold: foreground probability above which a pixel belongs to a character.
        min_precision: of the tags' own thresholds, see ``tagger.predict.TaggerPredictor.limits``.
    """

    tagger: Tagger
    segmenter: Segmenter
    pose: Pose
    tag_threshold: float | None = None
    mask_threshold: float = 0.5
    min_precision: float | None = None

    @classmethod
    def load(
        cls,
        weights: Path | None = None,
        device: str = "auto",
        tag_threshold: float | None = None,
        mask_threshold: float = 0.5,
        fast: bool = False,
        min_precision: float | None = None,
    ) -> Pipeline:
        """Loads the three nets.

        Args:
            weights: a run folder with ``{tagger,segmenter,pose}/checkpoints/best.ckpt``, or a folder with exported
                ``tagger/``, ``segmenter/`` and ``pose/``; None takes the weights that come with inkpose, or else
                those of ``make demo``.
            device: ``"auto"`` (a GPU when there is one), ``"cpu"`` or ``"cuda"``.
            tag_threshold: see the class.
            mask_threshold: see the class.
            fast: one look a picture: no mirror images, and none closer or sharper.
            min_precision: see the class.

        Raises:
            UsageError: no weights there, no such device, or the tagger does not know how precise it is.
            DataError: a checkpoint is corrupt or of another subsystem.
        """
        from inkpose.weights import DEFAULT_WEIGHTS, net_paths, pick_device

        paths = net_paths(DEFAULT_WEIGHTS if weights is None else weights)
        place = pick_device(device)
        import pose.predict
        import segmenter.predict
        import tagger.predict

        pipeline = cls(
            tagger=tagger.predict.load(paths["tagger"], device=place),
            segmenter=segmenter.predict.load(
                paths["segmenter"], device=place, **(segmenter.predict.ONE_LOOK if fast else {})
            ),
            pose=pose.predict.load(paths["pose"], device=place, flip_test=not fast),
            tag_threshold=tag_threshold,
            mask_threshold=mask_threshold,
            min_precision=min_precision,
        )
        pipeline.tagger.limits(min_precision)  # refused now, not at the first picture
        return pipeline

    def __call__(self, images: Sequence[Image]) -> list[Seen]:
        """Sees a batch of pictures.

        Args:
            images: uint8 ``(H, W, 3)`` RGB or ``(H, W, 4)`` straight RGBA, of any sizes. Transparent means white to
                the nets, and is never part of a character.

        Raises:
            ValueError: an array is not such a picture.
        """
        return self.interpret(images, self.look(images))

    def look(self, images: Sequence[Image]) -> list[Look]:
        """Returns what tagger and segmenter answer, before any threshold; arguments as in calling the pipeline."""
        if not images:
            return []
        plain = [_on_white(image) for image in images]
        tags, foregrounds, owners = (
            self.tagger.predict(plain),
            self.segmenter.predict(plain),
            self.segmenter.owners(plain),
        )
        return [
            Look(row, without_transparent(foreground, image), whose)
            for image, row, foreground, whose in zip(images, tags, foregrounds, owners, strict=True)
        ]

    def interpret(self, images: Sequence[Image], looks: Sequence[Look]) -> list[Seen]:
        """Puts the thresholds to ``looks`` at ``images`` and finds the joints of the characters.

        Another threshold needs no second look: ``replace(pipeline, mask_threshold=0.3).interpret(images, looks)``.
        """
        found = [characters_of(look.foreground_prob, self.mask_threshold, look.owners) for look in looks]
        characters = self._with_poses([_on_white(image) for image in images], found)
        return [
            Seen(image.shape[1], image.shape[0], self.tags_of(look), figures)
            for image, look, figures in zip(images, looks, characters, strict=True)
        ]

    def tags_of(self, look: Look) -> list[Tag]:
        """Returns the tags above their thresholds, most probable first."""
        probabilities, limits = look.tag_prob, self.thresholds
        told = np.flatnonzero((probabilities > limits) & np.asarray(self.tagger.supported, dtype=bool))
        told = told[np.argsort(-probabilities[told], kind="stable")]
        return [
            Tag(self.tagger.class_names[i], self.tagger.class_groups[i], float(probabilities[i]))
            for i in (int(j) for j in told)
        ]

    @property
    def thresholds(self) -> NDArray[np.float32]:
        """Probability ``(C,)`` above which each tag is told."""
        if self.tag_threshold is not None:
            return np.full(len(self.tagger.class_names), self.tag_threshold, dtype=np.float32)
        return np.asarray(self.tagger.limits(self.min_precision), dtype=np.float32)

    def _with_poses(self, images: list[Image], found: list[list[Character]]) -> list[list[Character]]:
        # Only pictures with a character go to the pose net.
        posed = [i for i, characters in enumerate(found) if characters]
        boxes: list[list[Box]] = [[character.box_xyxy for character in found[i]] for i in posed]
        poses = joints_of(self.pose, [images[i] for i in posed], [found[i] for i in posed], boxes)
        result = [list(characters) for characters in found]
        for i, keypoints in zip(posed, poses, strict=True):
            pairs = zip(found[i], np.asarray(keypoints), strict=True)
            result[i] = [replace(character, keypoints=_clean(points)) for character, points in pairs]
        return result


def _clean(points: NDArray[Any]) -> NDArray[np.float32]:
    """The 17 COCO rows; a joint is there with both coordinates or with none."""
    rows = np.array(points[:17], dtype=np.float32)
    rows[~np.isfinite(rows[:, :2]).all(axis=1), :2] = np.nan
    rows[:, 2] = np.clip(np.nan_to_num(rows[:, 2], nan=0.0), 0, 1)
    return rows


def _on_white(image: Image) -> Image:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4) or not image.size:
        raise ValueError(f"image {image.dtype} {image.shape} must be uint8 (H, W, 3) RGB or (H, W, 4) RGBA")
    if image.shape[2] == 3:
        return image
    return composite_on_white(image)
