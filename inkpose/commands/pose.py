"""`inkpose pose`: pictures to the joints of their characters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkpose.commands.options import (
    PIXEL_LIMIT,
    BatchSize,
    Device,
    LargestOnly,
    Masks,
    MaskThreshold,
    Overwrite,
    PixelLimit,
    PoseWeights,
    Segmenter,
)
from inkpose.weights import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from inkpose.posing.figures import Finder


def pose(
    inputs: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Pictures and folders (recursive).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made when missing.")],
    save: Annotated[str, typer.Option(help="Some of json,openpose,openpose_25,coco,overlay.")] = "json,coco,overlay",
    boxes: Annotated[
        Path | None, typer.Option(help="Your own boxes: COCO JSON, {file: [[x, y, w, h]]}, or CSV.")
    ] = None,
    masks: Masks = None,
    weights: PoseWeights = DEFAULT_WEIGHTS,
    segmenter: Segmenter = None,
    largest_only: LargestOnly = False,
    mask_threshold: MaskThreshold = 0.5,
    fast: Annotated[bool, typer.Option("--fast", help="No averaging with the mirror image.")] = False,
    paper_preprocessing: Annotated[
        bool,
        typer.Option(
            "--paper-preprocessing",
            help="Crop and decoding of the paper's release: black padding, blurred maps, a 2 px grid.",
        ),
    ] = False,
    overwrite: Overwrite = False,
    batch_size: BatchSize = 16,
    device: Device = "auto",
    pixel_limit: PixelLimit = PIXEL_LIMIT,
) -> None:
    """Find the joints of the characters in pictures.

    Example: inkpose pose drawings/ --save json,openpose,overlay --out poses/

    Characters are found by the segmenter, or given by --boxes or --masks. Names and folders of the pictures are kept.
    Run it again after a stop: what is done is skipped. Pictures that cannot be used are named at the end; the command
    fails only if all were refused.
    """
    from inkpose.posing.results import KINDS, parse_kinds
    from inkpose.writing import check_folder
    from shared.errors import DataError, UsageError

    kinds = parse_kinds(save)
    if boxes is not None and masks is not None:
        raise UsageError("--boxes and --masks: give one of them")
    check_folder(out)
    checkpoint, segmenter = checkpoints(weights, segmenter, needs_segmenter=boxes is None and masks is None)
    from inkpose.predict import find_inputs

    find_inputs(inputs, out, KINDS)
    finder = given_figures(boxes, masks)

    from inkpose.console import picture_progress
    from inkpose.posing.run import Poser, pose_to_folder
    from inkpose.weights import net_digest, pick_device
    from pose.predict import load

    place = pick_device(device)
    if finder is None and segmenter is not None:
        from inkpose.posing.figures import SegmentedFigures
        from segmenter.predict import load as load_segmenter

        finder = SegmentedFigures(load_segmenter(segmenter, place), mask_threshold, net_digest(segmenter))
    assert finder is not None
    options: dict[str, Any] = {"flip_test": not fast}
    if paper_preprocessing:
        options = {"flip_test": False, "preprocessing": "paper", "decoding": "released"}
    poser = Poser(
        load(checkpoint, place, **options), finder, [net_digest(checkpoint), repr(sorted(options.items()))],
        with_alpha=paper_preprocessing, largest_only=largest_only,
    )  # fmt: skip
    with picture_progress("pictures") as bar:
        outcome = pose_to_folder(
            poser, inputs, out, kinds, overwrite=overwrite, batch_size=batch_size, pixel_limit=pixel_limit,
            on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    if outcome.failures and outcome.pictures + outcome.skipped == 0:
        raise DataError(f"{out}: no picture could be used (named above); no pose was found")
    notes = [
        f", {count} {words}"
        for count, words in (
            (outcome.empty, "without a character"), (outcome.skipped, "skipped because they are done"),
            (len(outcome.failures), "refused (named above)"),
        )
        if count
    ]  # fmt: skip
    typer.echo(f"{out}: {outcome.pictures} pictures, {outcome.characters} characters{''.join(notes)}")


def checkpoints(weights: Path, segmenter: Path | None, needs_segmenter: bool) -> tuple[Path, Path | None]:
    """Returns where the pose net lies and, where it is needed, the segmenter."""
    from inkpose.weights import net_path
    from shared.errors import UsageError
    from shared.exporting.names import is_exported

    checkpoint = net_path(weights, "pose")
    if not needs_segmenter:
        return checkpoint, None
    if segmenter is not None:
        return checkpoint, net_path(segmenter, "segmenter")
    if weights.is_file() or is_exported(weights):
        raise UsageError(f"{weights}: a pose net alone; add --segmenter FILE, --boxes or --masks")
    return checkpoint, net_path(weights, "segmenter")


def given_figures(boxes: Path | None, masks: Path | None) -> Finder | None:
    """Returns the user's own boxes or masks."""
    from inkpose.posing.boxes import read_boxes
    from inkpose.posing.figures import BoxedFigures, MaskedFigures
    from shared.errors import DataError

    if boxes is not None:
        return BoxedFigures(read_boxes(boxes))
    if masks is not None:
        if not masks.is_dir():
            raise DataError(f"{masks}: no such folder of masks; check --masks")
        return MaskedFigures(masks)
    return None
