"""`inkpose demo`: the whole road, from drawing the data to a page of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    preset: Annotated[str, typer.Option(help="demo (minutes on 2 CPU cores) or small (the quality preset).")] = "demo",
    images: Annotated[
        list[Path] | None, typer.Option(help="Your own pictures or a folder of them; may be given again.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/PRESET (PRESET-quick).")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the drawn data. Default: data/PRESET (PRESET-quick).")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Stop after these stages: data, train or evaluate.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that draw. Default: one a core.")] = None,
    configs: Annotated[Path | None, typer.Option(help="Folder of the configs. Default: the project's own.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the training, on 1000 pictures: to see all of it once.")
    ] = False,
) -> None:
    """Draw data, train the nets, score them and show what they see.

    Example: inkpose demo --images my_drawings/

    Finished stages are reused while their settings and data are the same; an interrupted training goes on. Ends with
    metrics.json and report.html in the run folder.
    """
    from inkpose.demo import CONFIGS, DemoOptions, run_demo

    name = f"{preset}-quick" if quick else preset
    run_demo(
        DemoOptions(
            preset=preset,
            images=tuple(images or ()),
            out=out or Path("runs") / name,
            data=data or Path("data") / name,
            only=only,
            workers=workers,
            configs=configs or CONFIGS,
            quick=quick,
        ),
        typer.echo,
    )
