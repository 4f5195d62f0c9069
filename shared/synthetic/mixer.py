"""The style mixer: a YAML file that says how often everything is drawn, on top of a named mix."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.errors import DataError, UsageError
from shared.synthetic.effects import LOOK_MIX, WEAR
from shared.synthetic.face import EXPRESSIONS
from shared.synthetic.framing import FRAMING_MIX
from shared.synthetic.garments import TEMPLATES
from shared.synthetic.hair import FRINGES
from shared.synthetic.hair import STYLES as HAIR_STYLES
from shared.synthetic.mixes import MIXES, RICH, Mix
from shared.synthetic.motion import Motion, find_motion
from shared.synthetic.palette import HAIR
from shared.yaml_files import read_yaml

VIEWS = ("front", "three_quarter", "side", "back")
#: Names that each set of weights may hold …
WEIGHTS: Mapping[str, Collection[str]] = {
    "manners": RICH.manners, "poses": RICH.poses, "views": VIEWS, "framings": FRAMING_MIX,
    "backgrounds": RICH.backgrounds, "looks": LOOK_MIX["drawn"], "wear": WEAR, "builds": RICH.builds,
    "bodies": RICH.bodies,
}  # fmt: skip
#: … and each set of factors on the artist's own weights.
FACTORS: Mapping[str, Collection[str]] = {
    "hair": HAIR_STYLES, "hair_colors": HAIR, "fringes": FRINGES, "outfits": TEMPLATES, "expressions": EXPRESSIONS,
}  # fmt: skip
#: Numbers, with the largest that makes sense (more than certain is not possible).
NUMBERS: Mapping[str, float] = {"extras": 5.0, "adornments": 5.0, "panels": 1.0}
#: In a set: a factor on what the base has for all names that are not given.
OTHERS = "others"


@dataclass(frozen=True)
class Mixer:
    """A mixer file's content.

    Attributes:
        base: the named mix that it changes.
        changes: key -> what the file says of it.
        motion: motion-capture files, or None.
    """

    base: str = "rich"
    changes: Mapping[str, Any] = field(default_factory=dict)
    motion: Motion | None = None

    def description(self) -> str | dict[str, Any]:
        """Returns what decides the pictures, as ``dataset.json`` holds it: the base's name where nothing changes."""
        changes = dict(sorted(self.changes.items()))
        if self.motion is not None:
            changes["bvh"] = self.motion.description()
        return {"base": self.base, **changes} if changes else self.base

    def changed(self, key: str) -> dict[str, float]:
        """Returns the whole set of weights or factors ``key`` with what the file says put in."""
        base = MIXES[self.base]
        if key in FACTORS:
            names, before = FACTORS[key], getattr(base, key) or dict.fromkeys(FACTORS[key], 1.0)
        else:
            names = WEIGHTS[key]
            before = dict(zip(VIEWS, base.views, strict=True)) if key == "views" else getattr(base, key)
        said = self.changes[key]
        others = said.get(OTHERS, 1.0)
        return {name: said.get(name, before.get(name, 0.0) * others) for name in names}

    @cached_property
    def mix(self) -> Mix:
        """The weights."""
        found: dict[str, Any] = {"motion": self.motion}
        for key, said in self.changes.items():
            found[key] = said if key in NUMBERS else self.changed(key)
        if "views" in found:
            total = sum(found["views"].values())
            found["views"] = tuple(found["views"][name] / total for name in VIEWS)
        return replace(MIXES[self.base], **found)


def read_mixer(path: Path) -> Mixer:
    """Reads a mixer file.

    Raises:
        DataError: not such a file; it names what is wrong.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise DataError(f"{path}: not a mixer; write lines such as 'looks: {{pixelated: 1, others: 0}}'")
    base = content.pop("base", "rich")
    if base not in MIXES:
        raise DataError(f"{path}: base {base}: must be one of {', '.join(MIXES)}")
    motion = _motion(path, content.pop("bvh")) if "bvh" in content else None
    sets = {**WEIGHTS, **FACTORS}
    changes: dict[str, Any] = {}
    for key, said in content.items():
        if key in NUMBERS:
            changes[key] = _number(path, key, said, NUMBERS[key])
        else:
            _known(path, key, ("base", *sets, *NUMBERS, "bvh"), "key")
            changes[key] = _set(path, key, said, sets[key])
    mixer = Mixer(base, changes, motion)
    for key in changes:
        if key in sets and not sum(mixer.changed(key).values()) > 0:
            raise DataError(f"{path}: {key}: nothing is left to draw; give one of them a weight above 0")
    return mixer


def mixer_of(mix: str, bvh: Collection[Path] = (), share: float = 0.5) -> Mixer:
    """Returns the mixer of a ``--mix`` (a name or a file) and of ``--bvh`` files, which take the place of its own.

    Raises:
        UsageError: no such mix.
        DataError: the file, or a motion file, cannot be used.
    """
    if mix in MIXES:
        mixer = Mixer(mix)
    elif Path(mix).suffix.lower() in (".yaml", ".yml"):
        mixer = read_mixer(Path(mix))
    else:
        raise UsageError(f"--mix {mix}: must be one of {', '.join(MIXES)}, or a YAML file of weights")
    return replace(mixer, motion=find_motion(list(bvh), share)) if bvh else mixer


def _set(path: Path, key: str, said: Any, names: Collection[str]) -> dict[str, float]:
    if not isinstance(said, dict) or not said:
        raise DataError(f"{path}: {key}: must hold names and weights; write '{key}: {{{next(iter(names))}: 2}}'")
    for name in said:
        _known(path, name, (*names, OTHERS), key)
    return {name: _number(path, f"{key}: {name}", value) for name, value in said.items()}


def _number(path: Path, key: str, value: Any, most: float = 1e6) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and 0 <= value <= most)
    ):
        raise DataError(f"{path}: {key}: {value!r} is not a number from 0 to {most:g}; correct it")
    return float(value)


def _known(path: Path, name: Any, names: Collection[str], where: str) -> None:
    if name in names:
        return
    near = difflib.get_close_matches(str(name), names, 1)
    choice = f"did you mean {near[0]}?" if near else f"use some of {', '.join(names)}"
    raise DataError(f"{path}: {where}: {name!r} is not known; {choice}")


def _motion(path: Path, said: Any) -> Motion:
    if isinstance(said, str | list):
        said = {"files": said}
    _check_motion(path, said)
    files = [said["files"]] if isinstance(said["files"], str) else said["files"]
    share = _number(path, "bvh: share", said.get("share", 0.5), 1.0)
    return find_motion([path.parent / name for name in files], share)


def _check_motion(path: Path, said: Any) -> None:
    example = "'bvh: {files: [walks/, dance.bvh], share: 0.3}'"
    if not isinstance(said, dict) or "files" not in said or set(said) - {"files", "share"}:
        raise DataError(f"{path}: bvh: must be written as {example}")
    files = [said["files"]] if isinstance(said["files"], str) else said["files"]
    if not isinstance(files, list) or not files or not all(isinstance(name, str) and name for name in files):
        raise DataError(f"{path}: bvh: files must be names of files or folders; write {example}")
