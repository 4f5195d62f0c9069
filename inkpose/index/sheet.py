"""The contact sheet of a search: the query, then what was found, each with its skeleton, rank and likeness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from inkpose.filenames import one_line
from inkpose.index.query import Query
from inkpose.index.schema import Hit
from inkpose.index.thumbnails import region, thumbnail
from inkpose.overlay import draw_skeleton
from shared.images import read_rgb

Image = NDArray[np.uint8]

_PAPER, _CARD, _ACCENT = (24, 26, 36), (38, 42, 56), (74, 108, 196)
_TEXT, _FAINT = (240, 242, 248), (160, 168, 190)
_SIDE, _LABEL, _GAP, _PAD = 224, 40, 12, 8


def draw_contact_sheet(query: Query | None, hits: Sequence[Hit], title: str, columns: int = 6) -> Image:
    """Returns an RGB sheet ``(H, W, 3)``.

    Args:
        query: shown first; None where the search was by tags.
        hits: in their order.
        title: a line on top.
        columns: cards a row.
    """
    cards: list[tuple[Image, str, str, float | None]] = []
    cards += [] if query is None else [(_query_picture(query), "query", "", None)]
    for rank, hit in enumerate(hits, start=1):
        mark = " mirrored" if hit.mirrored else ""
        score = hit.score if query is not None else None
        label = f"{rank}" if score is None else f"{rank} · {score:.2f}{mark}"
        cards.append((_hit_picture(hit), label, one_line(PurePath(hit.path).name), score))
    columns = max(1, min(columns, len(cards)))
    rows = -(-len(cards) // columns)
    step_x, step_y = _SIDE + 2 * _PAD + _GAP, _SIDE + 2 * _PAD + _LABEL + _GAP
    head = 46
    sheet = PillowImage.new("RGB", (max(columns * step_x + _GAP, 420), head + rows * step_y + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP + 2, head / 2 + 3), title, fill=_TEXT, font=ImageFont.load_default(18), anchor="lm")
    for number, (picture, label, name, score) in enumerate(cards):
        left = _GAP + number % columns * step_x
        top = head + number // columns * step_y
        _draw_card(sheet, draw, (left, top), picture, label, name, score, query is not None and number == 0)
    return np.asarray(sheet, np.uint8)


def _draw_card(
    sheet: PillowImage.Image,
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    picture: Image,
    label: str,
    name: str,
    score: float | None,
    first: bool,
) -> None:
    left, top = corner
    box = (left, top, left + _SIDE + 2 * _PAD, top + _SIDE + 2 * _PAD + _LABEL)
    draw.rounded_rectangle(box, 10, fill=_CARD, outline=_ACCENT if first else None, width=3)
    height, width = picture.shape[:2]
    place = left + _PAD + (_SIDE - width) // 2, top + _PAD + (_SIDE - height) // 2
    shape = PillowImage.new("L", (width, height), 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, width - 1, height - 1), 6, fill=255)
    sheet.paste(PillowImage.fromarray(picture), place, shape)
    x, y = left + _PAD + 2, top + _SIDE + 2 * _PAD + 4
    draw.text((x, y + 4), label, fill=_TEXT, font=ImageFont.load_default(15), anchor="lm")
    if score is not None:
        bar = _SIDE * 0.36
        start = left + _PAD + _SIDE - bar
        draw.rounded_rectangle((start, y, start + bar, y + 7), 3, fill=_PAPER)
        draw.rounded_rectangle((start, y, start + max(7, bar * min(max(score, 0), 1)), y + 7), 3, fill=_ACCENT)
    if name:
        font = ImageFont.load_default(12)
        while name and font.getlength(name) > _SIDE - 4:
            name = name[:-2] + "…" if not name.endswith("…") else name[:-3] + "…"
        draw.text((x, y + 24), name, fill=_FAINT, font=font, anchor="lm")


def _hit_picture(hit: Hit) -> Image:
    if not hit.thumbnail:
        return _stick_figure(hit.keypoints)
    return _with_skeleton(read_rgb(hit.thumbnail), region(hit.box_xywh, hit.width, hit.height), hit.keypoints)


def _query_picture(query: Query) -> Image:
    if query.image is None or query.box_xywh is None:
        return _stick_figure(query.keypoints)
    height, width = query.image.shape[:2]
    small = read_rgb(thumbnail(query.image, query.box_xywh))
    return _with_skeleton(small, region(query.box_xywh, width, height), query.keypoints)


def _with_skeleton(small: Image, shown_xywh: tuple[int, int, int, int], keypoints: NDArray[np.float32]) -> Image:
    """Returns the thumbnail at the card's size with the skeleton drawn in."""
    x, y, w, h = shown_xywh
    scale = _SIDE / max(small.shape[:2])
    size = max(1, round(small.shape[1] * scale)), max(1, round(small.shape[0] * scale))
    canvas = np.array(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    points = keypoints.astype(np.float64)
    points[:, 0] = (points[:, 0] - x) * size[0] / w
    points[:, 1] = (points[:, 1] - y) * size[1] / h
    draw_skeleton(canvas, points, 1.05)
    return canvas


def _stick_figure(keypoints: NDArray[np.float32]) -> Image:
    canvas = np.full((_SIDE, _SIDE, 3), 250, np.uint8)
    points = keypoints.astype(np.float64)
    low, high = np.nanmin(points[:, :2], axis=0), np.nanmax(points[:, :2], axis=0)
    scale = _SIDE * 0.84 / max(float((high - low).max()), 1e-6)
    points[:, :2] = (points[:, :2] - (low + high) / 2) * scale + _SIDE / 2
    draw_skeleton(canvas, points, 1.3)
    return canvas
