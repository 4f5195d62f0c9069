"""`inkpose predict`: pictures to tags, cut-outs and poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT


def predict(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="IMAGE_OR_FOLDER...", help="Pictures and folders (recursive).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made when missing.")] = Path("out"),
    weights: Annotated[
        Path,
        typer.Option(help="Folder with tagger/, segmenter/ and pose/, a run or exported.", show_default=SHOWN_DEFAULT),
    ] = DEFAULT_WEIGHTS,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures seen at once.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Tell tags above this probability. Default: each tag's own threshold."),
    ] = None,
    mask_threshold: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Foreground is above this probability.")
    ] = 0.5,
    pixel_limit: Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")] = 100_000_000,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only part I of N of the pictures, from 1; `inkpose join` makes one of them."),
    ] = None,
) -> None:
    """Tag pictures, cut their characters out and find their poses.

    Example: inkpose predict drawings/ --out out/

    Writes predictions.jsonl, coco_keypoints.json, coco_images.json, masks/, cutouts/ and overlays/ into OUT. A picture
    that cannot be read gets an "error" in its line and is named at the end; the command fails only if all did.
    """
    from inkpose.parts import Part
    from inkpose.predict import find_inputs, predict_to_folder
    from inkpose.weights import net_paths
    from inkpose.writing import check_folder
    from shared.errors import DataError

    # Everything that can be refused at once is, before torch is imported and the nets are loaded.
    check_folder(out)
    only = None if part is None else Part.parse(part)
    find_inputs(inputs, out)
    net_paths(weights)

    from inkpose.console import picture_progress
    from inkpose.pipeline import Pipeline

    pipeline = Pipeline.load(weights, device, threshold, mask_threshold)
    with picture_progress("pictures") as bar:
        outcome = predict_to_folder(
            pipeline, inputs, out, batch_size=batch_size, pixel_limit=pixel_limit, part=only,
            on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    failed = len(outcome.failures)
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    if failed == outcome.pictures and only is None:  # a part may have no pictures, or only bad ones
        told = "the picture" if failed == 1 else f"all {failed} pictures"
        raise DataError(f"{out}: {told} could not be read (named above); nothing was predicted")
    refused = f", {failed} refused (named above)" if failed else ""
    typer.echo(f"{out}: {outcome.pictures - failed} pictures, {outcome.characters} characters{refused}")
