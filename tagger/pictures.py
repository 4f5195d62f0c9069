"""Pictures with their tags beside them, for people who watch a training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_SIDE = 192  # px of a picture, and of the column of text beside it
_RIGHT, _WRONG = (0, 120, 40), (190, 40, 30)


def draw_examples(
    images: Tensor, probabilities: Tensor, labels: Tensor, class_names: Sequence[str], top: int = 12
) -> NDArray[np.uint8]:
    """Returns one RGB picture ``(H, W, 3)``: a row of pictures, each with its most probable classes under it.

    A class in green is true of the picture, one in red is not.

    Args:
        images: uint8 ``(B, 3, S, S)``.
        probabilities: ``(B, C)``.
        labels: ``(B, C)`` of 0 and 1.
        class_names: C names.
        top: classes shown a picture.
    """
    line = 14
    canvas = Image.new("RGB", (_SIDE * len(images), _SIDE + line * top + 8), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for column, (image, probability, label) in enumerate(zip(images, probabilities, labels, strict=True)):
        picture = Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())
        canvas.paste(picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR), (column * _SIDE, 0))
        best = probability.topk(min(top, len(class_names)))
        for row, (value, index) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
            text = f"{value:.2f} {class_names[index]}"[:30]
            colour = _RIGHT if label[index] > 0.5 else _WRONG
            draw.text((column * _SIDE + 4, _SIDE + 4 + row * line), text, fill=colour, font=font)
    return np.asarray(canvas)
