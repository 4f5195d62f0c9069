"""`inkpose predict`: pictures to tags, cut-outs and poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.commands.options import PIXEL_LIMIT, BatchSize, Device, MaskThreshold, MinPrecision, PixelLimit, Weights
from inkpose.weights import DEFAULT_WEIGHTS


def predict(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="IMAGE_OR_FOLDER...", help="Pictures and folders (recursive).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made when missing.")] = Path("out"),
    weights: Weights = DEFAULT_WEIGHTS,
    batch_size: BatchSize = 16,
    device: Device = "auto",
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Tell tags above this probability. Default: each tag's own threshold."),
    ] = None,
    min_precision: MinPrecision = None,
    mask_threshold: MaskThreshold = 0.5,
    fast: Annotated[
        bool, typer.Option("--fast", help="One look a picture: no mirror images, none closer or sharper.")
    ] = False,
    pixel_limit: PixelLimit = PIXEL_LIMIT,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only part I of N of the pictures, from 1; `inkpose join` makes one of them."),
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray: model actors on this machine or a cluster.")] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Model actors of --engine ray.")] = 1,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write predictions.parquet/ too, in parts; --engine ray always does.")
    ] = False,
    per_part: Annotated[int, typer.Option("--per-part", min=1, help="Pictures of a Parquet part.")] = 256,
) -> None:
    """Tag pictures, cut their characters out and find their poses.

    Example: inkpose predict drawings/ --out out/

    Writes predictions.jsonl, coco_keypoints.json, coco_images.json, masks/, cutouts/ and overlays/ into OUT. A picture
    that cannot be read gets an "error" in its line and is named at the end; the command fails only if all did.
    """
    from inkpose.parts import Part
    from inkpose.predict import find_inputs, predict_to_folder
    from inkpose.weights import net_paths, pick_device
    from inkpose.writing import check_folder
    from shared.errors import DataError, UsageError

    # Everything that can be refused at once is, before torch is imported and the nets are loaded.
    check_folder(out)
    only = None if part is None else Part.parse(part)
    if engine not in ("local", "ray"):
        raise UsageError(f"--engine {engine}: not known; choose local or ray")
    in_parts = parquet or engine == "ray"
    if in_parts and only is not None:
        raise UsageError(
            "--part: is for the tasks of an array job; with --parquet or --engine ray there is one command"
        )
    if engine == "ray":
        from inkpose.batch.ray_engine import require_ray

        require_ray()
    find_inputs(inputs, out)
    net_paths(weights)

    from inkpose.console import picture_progress

    with picture_progress("pictures") as bar:
        if in_parts:
            from inkpose.batch.chunks import Settings
            from inkpose.batch.run import predict_in_parts

            # A cluster's GPUs are not this machine's.
            place = "cuda" if (engine, device) == ("ray", "cuda") else pick_device(device)
            settings = Settings(
                str(weights.resolve()), place, threshold, mask_threshold, batch_size, pixel_limit, fast, min_precision
            )
            outcome = predict_in_parts(
                settings, inputs, out, engine="ray" if engine == "ray" else "local", per_part=per_part,
                workers=workers, on_start=bar.start, on_picture=bar.advance,
            )  # fmt: skip
        else:
            from inkpose.pipeline import Pipeline

            outcome = predict_to_folder(
                Pipeline.load(weights, device, threshold, mask_threshold, fast, min_precision), inputs, out,
                batch_size=batch_size, pixel_limit=pixel_limit, part=only, on_start=bar.start, on_picture=bar.advance,
            )  # fmt: skip
    failed = len(outcome.failures)
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    if failed == outcome.pictures and only is None:  # a part may have no pictures, or only bad ones
        told = "the picture" if failed == 1 else f"all {failed} pictures"
        raise DataError(f"{out}: {told} could not be read (named above); nothing was predicted")
    refused = f", {failed} refused (named above)" if failed else ""
    typer.echo(f"{out}: {outcome.pictures - failed} pictures, {outcome.characters} characters{refused}")
