"""`inkpose join`: the parts of a prediction, made by an array job, become one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def join(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Result folder of `inkpose predict --part`.")],
) -> None:
    """Join the lists of `inkpose predict --part` runs: predictions.jsonl and the COCO files, as of one run.

    Example: inkpose join out/
    """
    from inkpose.parts import join_parts

    pictures = join_parts(out)
    typer.echo(f"{out}: {pictures} pictures")
