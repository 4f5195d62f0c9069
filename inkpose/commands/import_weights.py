"""`inkpose import`: weights of others into checkpoints of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Turn weights of others into checkpoints that every command reads.")


@app.callback()
def _root() -> None:
    """Turn weights of others into checkpoints that every command reads; no code in the files is run."""


@app.command("tagger")
def import_tagger(
    weights: Annotated[Path, typer.Argument(metavar="FILE", help="Checkpoint, state dict or safetensors of a ResNet.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, e.g. runs/paper/tagger/kate.ckpt.")],
    classes: Annotated[Path, typer.Option(help="Class names in the order of the last layer: .txt, .json or .csv.")],
    image_size: Annotated[int, typer.Option(min=32, help="Side of the square input, pixels.")] = 256,
    paper_preprocessing: Annotated[
        bool, typer.Option("--paper-preprocessing", help="Prepare pictures by the rules of the paper's release.")
    ] = False,
) -> None:
    """Import a ResNet tagger, first of all the paper's released one.

    Example: inkpose import tagger released.ckpt --classes tags.txt --out kate.ckpt --paper-preprocessing
    """
    from shared.errors import UsageError

    if out.is_dir():
        raise UsageError(f"{out}: --out is a folder; name a file")

    from tagger.importing import import_tagger as convert

    match = convert(weights, out, classes, image_size, paper_preprocessing)
    matched, missing, left_over = (len(names) for names in (match.matched, match.missing, match.left_over))
    typer.echo(f"{out}: {matched} tensors matched, {missing} missing, {left_over} left over")
    for label, names in (("missing", match.missing), ("left over", match.left_over)):
        for name in names:
            typer.echo(f"{label}: {name}")
