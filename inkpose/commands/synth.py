"""`inkpose synth`: draws a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synth(
    count: Annotated[int | None, typer.Option(min=1, help="Number of pictures (not with --vary).")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the data set.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same pictures.")] = 0,
    size: Annotated[int, typer.Option(help="Long side of the pictures in pixels, 64 to 2048.")] = 256,
    characters: Annotated[str, typer.Option(help="Characters in a picture: a number or a range within 0-4.")] = "1-4",
    mix: Annotated[
        str,
        typer.Option(help="rich: all the artist knows; simple: learnt in minutes; balanced: between; or a YAML file."),
    ] = "rich",
    bvh: Annotated[
        list[Path] | None,
        typer.Option("--bvh", help="Motion capture (.bvh), or a folder of it, whose poses figures take (repeatable)."),
    ] = None,
    bvh_share: Annotated[float, typer.Option(min=0, max=1, help="Share of figures that do.")] = 0.5,
    style: Annotated[str, typer.Option(help="drawn, or photo (shaded and textured, for the task source).")] = "drawn",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Draw a contact sheet into this file, and no data set.")] = None,
    vary: Annotated[
        str | None,
        typer.Option(
            help="With --sheet: one labelled picture of every manner, look, pose, view, garment, hair, expression, "
            "accessory, background or framing."
        ),
    ] = None,
) -> None:
    """Draw pictures of characters with everything that is true of them.

    Example: inkpose synth --out data/mine --count 2000 --seed 1 --size 256 --characters 1-4

    Writes images/, metadata/, fg/, bg/, masks/ and annotations/ in the formats of real data sets. An interrupted
    drawing goes on where it stopped.
    """
    from shared.errors import UsageError

    if (out is None) == (sheet is None):
        raise UsageError("--out: name a folder for the data set (or --sheet FILE for a look at it)")

    if count is None and vary is None:
        raise UsageError("--count: how many pictures? Give a number")

    from shared.synthetic.cli import synth as draw

    draw(out, count or 1, seed, size, characters, style, workers, sheet, mix, bvh or (), bvh_share, vary)
    typer.echo(f"{out or sheet}: {f'every {vary}' if vary else f'{count} pictures'}")
