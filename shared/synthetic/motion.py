"""Poses of motion capture: the joints of a BVH file by their usual names, and the angles that our skeleton knows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from shared.errors import DataError, UsageError
from shared.synthetic.bvh import Clip, read_bvh
from shared.synthetic.poses import SampledPose, mirrored, sample_pose
from shared.synthetic.retarget import Joints, pose_of, tags_of

#: Names of the joints of one side, without the side, in the order in which they are looked for.
_SIDED: Mapping[str, tuple[str, ...]] = {
    "hip": ("upleg", "upperleg", "thigh", "legupper", "hip", "femur", "leg"),
    "knee": ("knee", "shin", "calf", "lowerleg", "lowleg", "leglower", "tibia", "leg"),
    "ankle": ("ankle", "foot"),
    "toe": ("toebase", "toe", "toes", "toe0", "ball", "foot"),
    "shoulder": ("upperarm", "uparm", "armupper", "arm", "shldr", "humerus", "shoulder"),
    "elbow": ("elbow", "forearm", "lowerarm", "lowarm", "armlower", "radius"),
    "wrist": ("wrist", "hand"),
}
_NECK, _HEAD = ("neck", "neck1", "neck01", "lowerneck"), ("head",)
#: What programs write before the names of joints.
_PREFIX = re.compile(r"^(?:.*:|mixamorig\d*_?|bip\d+[_ ]?|(?:def|org|jnt|j)[_.-])(?=.)", re.IGNORECASE)
_SIDE = re.compile(
    r"^(?:(?P<word>left|right)[_ .-]?(?P<a>.+)|(?P<letter>[lr])[_ .-](?P<b>.+)|(?P<camel>[lr])(?P<c>(?-i:[A-Z]).*)"
    r"|(?P<d>.+?)[_ .-]?(?P<last>left|right)|(?P<e>.+)[_ .-](?P<end>[lr]))$",
    re.IGNORECASE,
)
#: Frames nearer to each other than this show the same pose.
_APART_S = 0.1
#: Most poses of a file, evenly over its length.
_MOST_POSES = 300


@dataclass(frozen=True)
class Motion:
    """Motion-capture files and the share of figures that take their poses.

    Attributes:
        files: paths, in the order of ``names``; not part of what a data set is.
        names: the files' names.
        digests: their SHA-256.
        share: 0–1.
    """

    files: tuple[Path, ...]
    names: tuple[str, ...]
    digests: tuple[str, ...]
    share: float

    def description(self) -> dict[str, object]:
        """Returns what decides the poses, the same on any machine."""
        return {"share": self.share, "files": dict(zip(self.names, self.digests, strict=True))}

    def sample(self, rng: np.random.Generator, weights: Mapping[str, float]) -> SampledPose:
        """Samples a pose: of a frame of a file, all files alike, or else of a pose family by ``weights``."""
        if rng.random() >= self.share:
            return sample_pose(rng, weights=weights)
        number = int(rng.integers(len(self.files)))
        poses = poses_of(self.files[number], self.digests[number])
        sampled = poses[int(rng.integers(len(poses)))]
        return mirrored(sampled) if rng.random() < 0.5 else sampled


def find_motion(places: Sequence[Path], share: float) -> Motion:
    """Returns the motion of files and of all ``.bvh`` files below folders, each read once to see that it is usable.

    Raises:
        UsageError: ``share`` is no share.
        DataError: no such file, or one that cannot be used.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"share of motion {share}: must lie in 0–1")
    files: list[tuple[str, Path]] = []
    for place in places:
        if place.is_dir():
            found = sorted(path for path in place.rglob("*") if path.suffix.lower() == ".bvh")
            if not found:
                raise DataError(f"{place}: holds no .bvh file; name another folder")
            files += [(path.relative_to(place).as_posix(), path) for path in found]
        else:
            files.append((place.name, place))
    if len({name for name, _ in files}) < len(files):
        raise DataError(f"{places[0]}: two motion files have the same name; give them different ones")
    files.sort()
    digests = [_digest(path) for _, path in files]
    for (_, path), digest in zip(files, digests, strict=True):
        poses_of(path, digest)
    return Motion(tuple(path for _, path in files), tuple(name for name, _ in files), tuple(digests), share)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from error


@lru_cache(maxsize=2048)
def poses_of(path: Path, digest: str) -> tuple[SampledPose, ...]:
    """Returns poses of a file's frames: one in a tenth of a second, at most :data:`_MOST_POSES`.

    Raises:
        DataError: not usable, or no longer the file with this SHA-256.
    """
    if _digest(path) != digest:
        raise DataError(f"{path}: changed while pictures were drawn; run again")
    clip = read_bvh(path)
    joints = find_joints(clip, path)
    step = max(1, round(_APART_S / clip.frame_s), -(-len(clip.turns) // _MOST_POSES))
    result = []
    for frame in range(0, len(clip.turns), step):
        pose = pose_of(clip, joints, frame)
        result.append(SampledPose(pose, "motion", tags_of(pose)))
    return tuple(result)


def find_joints(clip: Clip, path: Path) -> Joints:
    """Returns which joint of a clip is which of ours, by its name.

    Raises:
        DataError: a joint that a pose needs was not found, or the body has no extent.
    """
    plain = [_PREFIX.sub("", name) for name in clip.names]
    middle = {_letters(name): index for index, name in reversed(list(enumerate(plain)))}
    sided: dict[str, dict[str, int]] = {"left": {}, "right": {}}
    for index, name in reversed(list(enumerate(plain))):
        if (match := _SIDE.match(name)) is not None:
            parts = match.groupdict()
            side = parts["word"] or parts["letter"] or parts["camel"] or parts["last"] or parts["end"]
            base = next(parts[key] for key in "abcde" if parts[key])
            sided["left" if side[0].lower() == "l" else "right"][_letters(base)] = index
    found: dict[str, int] = {}
    for side, names in sided.items():
        for role, words in _SIDED.items():
            index = next((names[word] for word in words if word in names and names[word] not in found.values()), -1)
            if index < 0 and role != "toe":
                raise DataError(
                    f"{path}: no joint is called like a {side} {role} (such as {side.title()}{_SAMPLE[role]})"
                    "; rename the joints, or leave the file out"
                )
            found[f"{side}_{role}"] = index
    neck = next((middle[word] for word in _NECK if word in middle), -1)
    head = next((middle[word] for word in _HEAD if word in middle), neck)
    chest = _common_parent(clip, found["left_shoulder"], found["right_shoulder"])
    pelvis = _common_parent(clip, found["left_hip"], found["right_hip"])
    joints = Joints(found, pelvis, chest, neck, head)
    if not np.isfinite(joints.frame(clip)).all():
        raise DataError(f"{path}: the joints of its rest pose lie in one place; leave the file out")
    return joints


_SAMPLE = {"hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand"}


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _common_parent(clip: Clip, first: int, second: int) -> int:
    above = set()
    while first >= 0:
        above.add(first)
        first = clip.parents[first]
    while second not in above:
        second = clip.parents[second]
    return second
