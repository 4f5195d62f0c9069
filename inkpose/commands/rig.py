"""`inkpose rig`: drawings ready to be animated by AnimatedDrawings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.commands.options import (
    PIXEL_LIMIT,
    Device,
    LargestOnly,
    Masks,
    MaskThreshold,
    PixelLimit,
    PoseWeights,
    Segmenter,
)
from inkpose.weights import DEFAULT_WEIGHTS


def rig(
    inputs: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures and folders (recursive).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the rigs; made when missing.")],
    masks: Masks = None,
    weights: PoseWeights = DEFAULT_WEIGHTS,
    segmenter: Segmenter = None,
    largest_only: LargestOnly = False,
    mask_threshold: MaskThreshold = 0.5,
    device: Device = "auto",
    pixel_limit: PixelLimit = PIXEL_LIMIT,
) -> None:
    """Turn characters into AnimatedDrawings rigs: texture.png, mask.png and char_cfg.yaml, a folder a character.

    Example: inkpose rig drawing.png --out rigs/

    joint_overlay.png shows what to check. Joints that the net calls absent are put at its best guess and named.
    """
    from inkpose.commands.pose import checkpoints, given_figures
    from inkpose.writing import check_folder
    from shared.errors import DataError
    from shared.image_files import find_images

    check_folder(out)
    checkpoint, segmenter = checkpoints(weights, segmenter, needs_segmenter=masks is None)
    find_images(inputs)
    finder = given_figures(None, masks)

    from inkpose.console import picture_progress
    from inkpose.posing.rig_run import rig_to_folder
    from inkpose.weights import pick_device
    from pose.predict import load

    place = pick_device(device)
    if finder is None and segmenter is not None:
        from inkpose.posing.figures import SegmentedFigures
        from segmenter.predict import load as load_segmenter

        finder = SegmentedFigures(load_segmenter(segmenter, place), mask_threshold, "")
    assert finder is not None
    with picture_progress("pictures") as bar:
        outcome = rig_to_folder(
            load(checkpoint, place), finder, inputs, out, largest_only=largest_only, pixel_limit=pixel_limit,
            on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    for note in outcome.notes:
        typer.echo(f"look at {note}", err=True)
    if not outcome.folders:
        raise DataError(f"{out}: no rig could be made (reasons above)")
    refused = f", {len(outcome.failures)} refused (named above)" if outcome.failures else ""
    made = len(outcome.folders)
    typer.echo(f"{out}: {made} {'rig' if made == 1 else 'rigs'}{refused}")
