"""A character's rig as one file to save: the folder that AnimatedDrawings takes, zipped."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path, PurePath
from typing import cast

from inkpose.gallery.looks import Looked
from inkpose.pipeline import Pipeline
from inkpose.posing.rig import Rig, make_rig, write_rig
from inkpose.posing.rig_run import Locator
from inkpose.seen import Seen
from shared.errors import DataError
from shared.images import composite_on_white


def rig_of(pipeline: Pipeline, looked: Looked, seen: Seen, number: int) -> Rig:
    """Returns the rig of a character.

    Raises:
        DataError: too little of its body was found; begins with the picture's name.
        IndexError: there is no such character.
    """
    character, pose = seen.characters[number], cast(Locator, pipeline.pose)
    plain = composite_on_white(looked.image) if looked.image.shape[2] == 4 else looked.image
    [located] = pose.locate([plain], [[character.box_xyxy]])
    try:
        return make_rig(looked.image, character, located[0], pose.gate)
    except DataError as error:
        raise DataError(f"{looked.name}: {error}") from None


def zipped(rig: Rig, name: str) -> bytes:
    """Returns the ZIP of the rig's folder, called ``name``."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="inkpose-rig-") as place:
        folder = Path(place) / "rig"
        write_rig(folder, rig)
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, PurePath(name) / file.name)
    return buffer.getvalue()
