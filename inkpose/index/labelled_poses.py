"""Characters whose pose groups are known: drawn in the same pose by the artist, or named in a CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkpose.index.build import Eye
from inkpose.seen import Image
from shared.errors import DataError
from shared.geometry import compose, scaling, translation
from shared.images import composite_on_white, read_rgba
from shared.synthetic.character import CharacterSpec, draw_character, figure_box, figure_points, sample_character

#: How far two members of a group are seen from different sides: standard deviation of turn, height and tilt, degrees.
_VIEW_JITTER = (8.0, 4.0, 4.0)
_PICTURE_PX = 256


@dataclass(frozen=True)
class LabelledPoses:
    """Poses with the group of each.

    Attributes:
        keypoints: ``(N, 17, 3)``; all NaN where no character was found.
        boxes_xywh: ``(N, 4)``.
        groups: ``(N,)`` numbers of the groups.
    """

    keypoints: NDArray[np.float64]
    boxes_xywh: NDArray[np.float64]
    groups: NDArray[np.int64]

    def worn(self, seed: int = 0, jitter: float = 0.015, lost: float = 0.15) -> LabelledPoses:
        """Returns the poses as a middling net might see them.

        Args:
            seed: of chance.
            jitter: standard deviation of a joint's place, as a part of the box's long side.
            lost: share of joints that are absent.
        """
        rng = np.random.default_rng(seed)
        points = self.keypoints.copy()
        sides = self.boxes_xywh[:, 2:].max(axis=1)[:, None, None]
        points[..., :2] += rng.normal(0, jitter, points[..., :2].shape) * sides
        points[rng.random(points.shape[:2]) < lost, :2] = np.nan
        return replace(self, keypoints=points)


def drawn_specs(groups: int, size: int, seed: int = 0) -> list[tuple[CharacterSpec, int]]:
    """Returns characters in groups of one pose: body, clothes, hair and manner are others, the view differs a little.

    Args:
        groups: number of poses.
        size: characters a pose.
        seed: of chance.
    """
    rng = np.random.default_rng(seed)
    found = []
    for number in range(groups):
        model = sample_character(rng, "drawn")
        for _ in range(size):
            other = sample_character(rng, "drawn")
            turn, rise, tilt = rng.normal(0, _VIEW_JITTER)
            camera = replace(
                model.camera,
                yaw=model.camera.yaw + turn,
                elevation=model.camera.elevation + rise,
                roll=model.camera.roll + tilt,
                distance=other.camera.distance,
            )
            found.append((replace(other, pose=model.pose, camera=camera), number))
    return found


def true_poses(specs: Sequence[tuple[CharacterSpec, int]]) -> LabelledPoses:
    """Returns the characters' true joints, all of them, with score 1."""
    points = np.stack([figure_points(spec) for spec, _ in specs])
    boxes = np.array([figure_box(spec) for spec, _ in specs])
    boxes[:, 2:] -= boxes[:, :2]
    sure = np.ones((*points.shape[:2], 1))
    return LabelledPoses(np.concatenate([points, sure], axis=2), boxes, np.array([group for _, group in specs]))


def draw_spec(spec: CharacterSpec) -> Image:
    """Returns the character alone on white, RGB, 256 px square."""
    x1, y1, x2, y2 = figure_box(spec)
    scale = 0.88 * _PICTURE_PX / max(x2 - x1, y2 - y1)
    middle = _PICTURE_PX / 2
    place = compose(translation(-(x1 + x2) / 2, -(y1 + y2) / 2), scaling(scale), translation(middle, middle))
    return composite_on_white(draw_character(spec, (_PICTURE_PX, _PICTURE_PX), place).rgba)


def seen_poses(
    pictures: Sequence[Callable[[], Image]],
    groups: Sequence[int],
    eye: Eye,
    batch_size: int = 16,
    on_picture: Callable[[], None] | None = None,
) -> LabelledPoses:
    """Returns what the nets see: of each picture its largest character.

    Args:
        pictures: functions that give a picture.
        groups: one number a picture.
        eye: the nets.
        batch_size: pictures seen at once.
        on_picture: is called after each picture.
    """
    keypoints = np.full((len(pictures), 17, 3), np.nan)
    keypoints[..., 2] = 0
    boxes = np.tile([0.0, 0.0, 1.0, 1.0], (len(pictures), 1))
    for start in range(0, len(pictures), batch_size):
        batch = [make() for make in pictures[start : start + batch_size]]
        for number, seen in enumerate(eye(batch), start=start):
            if seen.characters:
                x1, y1, x2, y2 = seen.characters[0].box_xyxy
                keypoints[number], boxes[number] = seen.characters[0].keypoints, (x1, y1, x2 - x1, y2 - y1)
            if on_picture is not None:
                on_picture()
    return LabelledPoses(keypoints, boxes, np.array(groups, np.int64))


def read_groups(path: Path) -> list[tuple[Path, str]]:
    """Returns pictures and their groups from a CSV with the columns path and group; paths are relative to its folder.

    Raises:
        DataError: not such a file, a picture is missing, or no group has two pictures.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"path", "group"} <= set(reader.fieldnames or ()):
                raise DataError(f"{path}:1: needs the columns path and group; name them in the first line")
            rows = [(path.parent / (row["path"] or ""), (row["group"] or "").strip()) for row in reader]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV ({error}); save it as UTF-8") from error
    for line, (picture, group) in enumerate(rows, start=2):
        if not picture.is_file():
            raise DataError(f"{path}:{line}: no picture {picture}; paths are taken from the CSV's folder")
        if not group:
            raise DataError(f"{path}:{line}: no group; name one")
    names = [group for _, group in rows]
    if len(set(names)) == len(names):
        raise DataError(f"{path}: no group has two pictures; nothing can be found again")
    return rows


def seen_groups(
    rows: Sequence[tuple[Path, str]], eye: Eye, on_picture: Callable[[], None] | None = None
) -> LabelledPoses:
    """Returns what the nets see in the pictures of :func:`read_groups`.

    Raises:
        DataError: a picture cannot be read.
    """
    numbers = {name: number for number, name in enumerate(sorted({group for _, group in rows}))}

    def reading(path: Path) -> Callable[[], Image]:
        return lambda: read_rgba(path)

    groups = [numbers[group] for _, group in rows]
    return seen_poses([reading(path) for path, _ in rows], groups, eye, on_picture=on_picture)
