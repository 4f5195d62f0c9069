"""The result files of one picture, and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.filenames import one_line
from inkpose.overlay import draw_overlay
from inkpose.seen import Character, Seen
from inkpose.segmenting.backdrop import Backdrop, laid_on
from shared.errors import UsageError
from shared.files import write_json
from shared.images import composite_on_white, write_png

ByteArray = NDArray[np.uint8]
Record = dict[str, Any]

#: What can be saved; each kind is a folder of its own.
KINDS = ("rgba", "mask", "crop", "overlay", "json")
MASK_FORMATS = ("soft", "binary")


@dataclass(frozen=True)
class Wish:
    """What is written of each picture.

    Attributes:
        kinds: some of :data:`KINDS`.
        mask_format: ``soft`` (opacity, 0–255) or ``binary`` (0 and 255).
        backdrop: behind ``rgba`` and ``crop``.
        largest_only: leave all characters but the largest out.
    """

    kinds: Sequence[str] = ("rgba", "mask")
    mask_format: str = "soft"
    backdrop: Backdrop = "transparent"
    largest_only: bool = False

    def settings(self) -> list[Any]:
        """Returns all that decides what the files hold, fit for a digest."""
        return [self.mask_format, self.backdrop, self.largest_only]


def parse_kinds(text: str) -> tuple[str, ...]:
    """Returns the kinds of ``rgba,mask,…`` in the order of :data:`KINDS`.

    Raises:
        UsageError: an unknown one, or none.
    """
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(wanted - set(KINDS))
    if unknown or not wanted:
        told = f"{unknown[0]} is not known" if unknown else "nothing is named"
        raise UsageError(f"--save {text}: {told}; choose from {','.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def write_results(
    out: Path, name: PurePath, image: ByteArray, characters: list[Character], wish: Wish, shown_path: str
) -> Record:
    """Writes what is wished of one picture below ``out`` and returns its record; the paths in it are below ``out``.

    Without a character the mask is black, the box is None, and there is no cut-out.
    """
    height, width = image.shape[:2]
    characters = characters[:1] if wish.largest_only else characters
    record: Record = {
        "image": shown_path, "name": one_line(name.as_posix()), "width": width, "height": height,
        "box_xywh": box_of_all(characters), "characters": [], "files": {}, "error": None,
    }  # fmt: skip
    files: dict[str, str] = record["files"]
    figure = figure_of(image, characters) if characters and {"rgba", "crop"} & set(wish.kinds) else None
    plain = composite_on_white(image) if image.shape[2] == 4 else image
    shown = None if figure is None else laid_on(figure, plain, wish.backdrop)
    for kind in ("rgba", "mask", "overlay"):
        relative = f"{kind}/{name.as_posix()}.png"
        if kind not in wish.kinds or (kind == "rgba" and shown is None):
            continue
        if kind == "rgba" and shown is not None:
            write_png(out / relative, shown)
        elif kind == "mask":
            write_png(out / relative, mask_of_all(image, characters, wish.mask_format))
        else:
            write_png(out / relative, draw_overlay(image, Seen(width, height, [], characters), caption=False))
        files[kind] = one_line(relative)
    for number, character in enumerate(characters):
        entry = character_record(character)
        if "crop" in wish.kinds and shown is not None:
            alone = shown if len(characters) == 1 else laid_on(figure_of(image, [character]), plain, wish.backdrop)
            x1, y1, x2, y2 = character.rim_xyxy
            entry["crop"] = one_line(f"crop/{name.as_posix()}.{number}.png")
            write_png(out / f"crop/{name.as_posix()}.{number}.png", np.ascontiguousarray(alone[y1:y2, x1:x2]))
        record["characters"].append(entry)
    if "json" in wish.kinds:
        relative = f"json/{name.as_posix()}.json"
        files["json"] = one_line(relative)
        write_json(out / relative, record)
    return record


def figure_of(image: ByteArray, characters: Sequence[Character]) -> ByteArray:
    """Returns the characters together, straight RGBA ``(H, W, 4)``, nothing behind them."""
    figure = characters[0].cutout(image)
    for character in characters[1:]:
        other = character.cutout(image)
        # Rims of neighbours may overlap: the more opaque one shows.
        np.copyto(figure, other, where=(other[..., 3] > figure[..., 3])[..., None])
    return figure


def mask_of_all(image: ByteArray, characters: Sequence[Character], mask_format: str) -> ByteArray:
    """Returns the mask of all characters ``(H, W)``: opacity 0–255, or 0 and 255."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    for character in characters:
        if mask_format == "binary":
            np.maximum(mask, character.mask(width, height), out=mask)
        else:
            x1, y1, x2, y2 = character.rim_xyxy
            part = mask[y1:y2, x1:x2]
            np.maximum(part, character.opacity_in_rim, out=part)
    return np.minimum(mask, image[..., 3]) if image.shape[2] == 4 and mask_format == "soft" else mask


def box_of_all(characters: Sequence[Character]) -> list[int] | None:
    """Returns the tight box ``[x, y, w, h]`` of all characters together; None without any."""
    if not characters:
        return None
    boxes = np.array([character.box_xyxy for character in characters])
    x1, y1 = boxes[:, :2].min(axis=0).tolist()
    x2, y2 = boxes[:, 2:].max(axis=0).tolist()
    return [x1, y1, x2 - x1, y2 - y1]


def character_record(character: Character) -> Record:
    """Returns box, score and area of one character."""
    x1, y1, x2, y2 = character.box_xyxy
    return {
        "box_xywh": [x1, y1, x2 - x1, y2 - y1],
        "score": round(character.score, 4),
        "area_px": int(character.mask_in_box.sum()),
    }
