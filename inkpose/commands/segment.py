"""`inkpose segment`: pictures to masks, cut-outs and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from inkpose.commands.options import PIXEL_LIMIT, BatchSize, Device, LargestOnly, MaskThreshold, Overwrite, PixelLimit
from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT


def segment(
    inputs: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Pictures and folders (recursive).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made when missing.")],
    save: Annotated[str, typer.Option(help="Some of rgba,mask,crop,overlay,json; each has its folder.")] = "rgba,mask",
    weights: Annotated[
        Path,
        typer.Option(help="Folder with segmenter/, a checkpoint, or an exported folder.", show_default=SHOWN_DEFAULT),
    ] = DEFAULT_WEIGHTS,
    background: Annotated[
        str, typer.Option(help="Behind rgba and crop: transparent, white, #rrggbb or blur.")
    ] = "transparent",
    mask_format: Annotated[str, typer.Option(help="soft (opacity 0-255) or binary (0 and 255).")] = "soft",
    mask_threshold: MaskThreshold = 0.5,
    largest_only: LargestOnly = False,
    overwrite: Overwrite = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="One look a picture: no mirror image, none closer or sharper, no edge cut.")
    ] = False,
    refined: Annotated[bool, typer.Option("--refine/--no-refine", help="Follow the picture's edges.")] = True,
    colors: Annotated[
        bool, typer.Option("--colors/--no-colors", help="Ask which of the picture's colours are the character's.")
    ] = True,
    edge_cut: Annotated[
        bool, typer.Option("--edge-cut/--no-edge-cut", help="Move doubtful edges to the picture's own.")
    ] = True,
    apart: Annotated[bool, typer.Option("--apart/--no-apart", help="Tell characters that touch apart.")] = True,
    paper_preprocessing: Annotated[
        bool, typer.Option("--paper-preprocessing", help="Sizes and bicubic mask of the paper's release.")
    ] = False,
    batch_size: BatchSize = 16,
    device: Device = "auto",
    bf16: Annotated[
        bool | None, typer.Option("--bf16/--no-bf16", help="Half precision. Default: where the device has it.")
    ] = None,
    pixel_limit: PixelLimit = PIXEL_LIMIT,
) -> None:
    """Cut characters out of pictures: masks, transparent cut-outs, crops and boxes.

    Example: inkpose segment drawings/ --save rgba,mask,json --out cut/

    Names and folders of the pictures are kept. Run it again after a stop: what is done is skipped. A picture without a
    character gets a black mask, the box null and no cut-out. Pictures that cannot be read are named at the end; the
    command fails only if all were refused.
    """
    from inkpose.segmenting.backdrop import parse_backdrop
    from inkpose.segmenting.results import KINDS, MASK_FORMATS, Wish, parse_kinds
    from inkpose.weights import net_digest, net_path, pick_device
    from inkpose.writing import check_folder
    from shared.errors import DataError, UsageError

    wish = Wish(parse_kinds(save), mask_format, parse_backdrop(background), largest_only)
    if mask_format not in MASK_FORMATS:
        raise UsageError(f"--mask-format {mask_format}: not known; choose {' or '.join(MASK_FORMATS)}")
    check_folder(out)
    checkpoint = net_path(weights, "segmenter")
    from inkpose.predict import find_inputs

    find_inputs(inputs, out, KINDS)

    from inkpose.console import picture_progress
    from inkpose.segmenting.run import segment_to_folder
    from segmenter.predict import ONE_LOOK, load

    options: dict[str, Any] = {
        "refined": refined, "colors": colors, "edge_cut": edge_cut, "apart": apart, "bf16": bf16,
    }  # fmt: skip
    options |= ONE_LOOK if fast else {}
    if paper_preprocessing:
        options["preprocessing"] = "paper"
    segmenter = load(checkpoint, pick_device(device), **options)
    with picture_progress("pictures") as bar:
        outcome = segment_to_folder(
            segmenter, inputs, out, wish, settings=[net_digest(checkpoint), repr(sorted(options.items()))],
            overwrite=overwrite, threshold=mask_threshold, batch_size=batch_size, pixel_limit=pixel_limit,
            on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    if outcome.failures and outcome.pictures + outcome.skipped == 0:
        raise DataError(f"{out}: no picture could be read (named above); nothing was cut out")
    notes = [
        f", {count} {words}"
        for count, words in (
            (outcome.empty, "without a character"), (outcome.skipped, "skipped because they are done"),
            (len(outcome.failures), "refused (named above)"),
        )
        if count
    ]  # fmt: skip
    typer.echo(f"{out}: {outcome.pictures} pictures, {outcome.characters} characters{''.join(notes)}")
