"""Pictures drawn while the training runs, in place of a data folder: ``data.root: synth:count=100000,seed=1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.datamodules.loaders import Sample
from shared.datamodules.mask_samples import letterboxed_pair
from shared.datamodules.pose_samples import PosedCharacters, PoseSource
from shared.datamodules.tag_samples import Foremost
from shared.errors import DataError, InkposeError
from shared.images import encode_jpeg, read_rgb
from shared.keypoints.schema import JointState
from shared.readers.splits import Split
from shared.rulebook.rulebook import Rulebook

if TYPE_CHECKING:
    from shared.synthetic.dataset import Plan
    from shared.synthetic.scene import Scene

PREFIX = "synth:"
_KEYS = ("count", "seed", "size", "characters", "style", "mix")
#: Residues of ``id % 1000`` of each split: first, and how many.
_RESIDUES: dict[Split, tuple[int, int]] = {"train": (0, 900), "val": (900, 50), "test": (950, 50)}
#: Training pictures whose tags are counted, where a training asks how often each class is true.
COUNTED = 500


def drawn_plan(root: str) -> Plan | None:
    """Returns what ``synth:count=…,seed=…,size=…,characters=…,style=…,mix=…`` asks for; None for any other root.

    The options are those of ``inkpose synth``, with its defaults; only ``count`` must be given.

    Raises:
        DataError: an option is not known or makes no sense.
    """
    if not root.startswith(PREFIX):
        return None
    from shared.synthetic.cli import plan_of

    said: dict[str, str] = {}
    for part in root[len(PREFIX) :].split(","):
        key, equals, value = part.strip().partition("=")
        if key not in _KEYS or not equals or key in said:
            raise DataError(
                f"{root}: {part.strip()!r} is not understood; use each of {', '.join(_KEYS)} once, as key=value"
            )
        said[key] = value.strip()
    if "count" not in said:
        raise DataError(f"{root}: no count; say how many pictures there are, such as {PREFIX}count=100000")
    numbers = {}
    for key in ("count", "seed", "size"):
        if not (text := said.get(key, {"seed": "0", "size": "256"}.get(key, ""))).isdecimal():
            raise DataError(f"{root}: {key} {text!r} is not a whole number; correct it")
        numbers[key] = int(text)
    try:
        return plan_of(
            numbers["count"], numbers["seed"], numbers["size"], said.get("characters", "1-4"),
            said.get("style", "drawn"), said.get("mix", "rich"),
        )  # fmt: skip
    except InkposeError as error:
        raise DataError(f"{root}: {error}") from None


class DrawnPictures:
    """The pictures of one split of a data set that is never written: the same ones as ``inkpose synth`` would write."""

    def __init__(self, plan: Plan, split: Split) -> None:
        self.plan = plan
        self.first, self.run = _RESIDUES[split]
        blocks, rest = divmod(plan.count + 1, 1000)
        # Ids begin with 1: there is no picture 0.
        self.count = blocks * self.run + min(max(rest - self.first, 0), self.run) - (split == "train")
        if self.count < 1:
            raise DataError(
                f"{PREFIX}count={plan.count}: no picture of the {split} split, which is decided by id % 1000; "
                "draw at least 1000"
            )

    def __len__(self) -> int:
        return self.count

    def id(self, index: int) -> int:
        """Returns the id of picture ``index`` of the split."""
        block, place = divmod(index + (self.first == 0), self.run)
        return block * 1000 + self.first + place

    def scene(self, index: int) -> Scene:
        """Draws a picture."""
        from shared.synthetic.writer import draw_sample

        return draw_sample(self.plan, self.id(index))


def stored(scene: Scene) -> NDArray[np.uint8]:
    """Returns the picture as it would come back from the data set's JPEG file."""
    return read_rgb(encode_jpeg(scene.image, scene.quality))


class DrawnTags:
    """Makes the tagger's samples; ``close_looks`` as in :class:`shared.datamodules.tags.TagDataModule`."""

    def __init__(self, pictures: DrawnPictures, rulebook: Rulebook, image_size: int, close_looks: bool = False) -> None:
        self.pictures, self.rulebook, self.image_size = pictures, rulebook, image_size
        self.close_looks = close_looks
        self.geometry = GeometryAugment(10.0, (0.85, 1.15), 0.06, 0.5)
        self.color = ColorAugment(1.0, keep_colors=True)

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``labels`` (C,) float32, ``id``."""
        scene = self.pictures.scene(index)
        picture, number = stored(scene), self.pictures.id(index)
        size_wh, side = (picture.shape[1], picture.shape[0]), self.image_size
        affine = self.geometry.letterbox(rng, side)(*size_wh)
        image = geometry.warp(picture, affine, (side, side))
        if rng is not None:
            image = self.color(image, rng)
        labels = self.rulebook.label(sorted(scene.tags)).astype(np.float32)
        sample = {"image": image, "labels": labels, "id": np.int64(number)}
        if self.close_looks:
            sample["squares"] = Foremost(_characters(scene, number)).squares(number, size_wh, affine, side)
        return sample

    def positive_counts(self) -> tuple[NDArray[np.int64], int]:
        """Returns how often each class is true ``(C,)`` in the first :data:`COUNTED` pictures, and their number."""
        number = min(COUNTED, len(self))
        counts = np.zeros(len(self.rulebook), np.int64)
        for index in range(number):
            counts += self.rulebook.label(sorted(self.pictures.scene(index).tags))
        return counts, number


class DrawnMasks:
    """Makes the segmenter's samples: whole pictures with the alpha of their characters, maybe also whose it is."""

    def __init__(self, pictures: DrawnPictures, image_size: int, instances: bool = False) -> None:
        self.pictures, self.image_size, self.instances = pictures, image_size, instances
        self.geometry = GeometryAugment(20.0, (0.7, 1.6), 0.15, 0.5)
        self.color = ColorAugment(1.2)

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``alpha`` (S, S), ``weight`` (S, S), ``id``, and maybe ``instances`` (S, S)."""
        scene = self.pictures.scene(index)
        sample = letterboxed_pair(stored(scene), scene.instances, self.image_size, self.geometry, rng)
        if not self.instances:
            del sample["instances"]
        if rng is not None:
            sample["image"] = self.color(sample["image"], rng)
        return {**sample, "id": np.int64(self.pictures.id(index))}


class DrawnPoses(PoseSource):
    """Makes pose samples: one character a picture, by chance in training, else the one in front."""

    def __init__(self, pictures: DrawnPictures, image_size: int, padding: float, strength: float) -> None:
        none = np.zeros(0, np.int64)
        empty = PosedCharacters(
            [], none, none, np.zeros((0, 4)), np.zeros(0), np.zeros((0, 25, 2)), none.reshape(0, 25)
        )
        super().__init__(empty, image_size, padding, strength)
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns the crop and its labels; a picture without a usable character gives way to the one after it."""
        for attempt in range(100):
            place = (index + attempt) % len(self.pictures)
            scene = self.pictures.scene(place)
            found = _characters(scene, self.pictures.id(place))
            if len(found):
                chosen = 0 if rng is None else int(rng.integers(len(found)))
                return self.sample_of(stored(scene), found, chosen, rng)
        raise DataError(f"{PREFIX}…: a hundred pictures without a character; ask for characters=1 or more")


def _characters(scene: Scene, image_id: int) -> PosedCharacters:
    """Returns the characters of a picture as the annotation file would hold them."""
    told = [one for one in scene.characters if (one.state[:17] != JointState.OUTSIDE).any()]
    placed = [one.state != JointState.OUTSIDE for one in told]
    points = [np.where(p[:, None], np.round(one.points_xy, 2), 0.0) for one, p in zip(told, placed, strict=True)]
    return PosedCharacters(
        image_paths=[],
        image_ids=np.full(len(told), image_id, np.int64),
        annotation_ids=np.array([image_id * 10 + one.depth_order for one in told], np.int64),
        boxes_xywh=np.array([one.box_xywh for one in told], np.float64).reshape(-1, 4),
        areas=np.array([one.visible_px for one in told], np.float64),
        points_xy=np.array(points, np.float64).reshape(-1, 25, 2),
        state=np.array([one.state for one in told], np.int64).reshape(-1, 25),
    )
