"""`inkpose export`: finished nets as folders that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.commands.export_all import export_all

app = typer.Typer(no_args_is_help=True, help="Turn a finished net into a folder for others: safetensors, ONNX, card.")


@app.callback()
def _root() -> None:
    """Turn a finished net into a folder for others: safetensors, ONNX, class list, model card."""


app.command("all")(export_all)


@app.command("tagger")
def export_tagger(
    checkpoint: Annotated[Path, typer.Option(help="Tagger checkpoint, e.g. runs/demo/tagger/checkpoints/best.ckpt.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; an earlier export there is replaced.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write model.onnx (needs the extra 'export').")] = False,
    half: Annotated[bool, typer.Option("--half", help="Store the weights in 16 bits: half the size.")] = False,
) -> None:
    """Export a tagger: safetensors, selected_tags.csv, thresholds, model card, ONNX.

    Example: inkpose export tagger --checkpoint runs/demo/tagger/checkpoints/best.ckpt --out tagger_export --onnx
    """
    from tagger.export import export_tagger as export

    written = export(checkpoint, out, onnx=onnx, precision="float16" if half else "float32")
    typer.echo(f"{out}: {', '.join(written.files)}")
    if written.onnx_difference is not None:
        typer.echo(f"model.onnx and the net differ by at most {written.onnx_difference:.1e}")


@app.command("segmenter")
def export_segmenter(
    checkpoint: Annotated[
        Path, typer.Option(help="Segmenter checkpoint, e.g. runs/demo/segmenter/checkpoints/best.ckpt.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; an earlier export there is replaced.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write model.onnx (needs the extra 'export').")] = False,
    half: Annotated[bool, typer.Option("--half", help="Store the weights in 16 bits: half the size.")] = False,
) -> None:
    """Export a segmenter: safetensors, model card, ONNX.

    Example: inkpose export segmenter --checkpoint runs/demo/segmenter/checkpoints/best.ckpt --out cut_export --onnx
    """
    from segmenter.export import export_segmenter as export

    written = export(checkpoint, out, onnx=onnx, precision="float16" if half else "float32")
    typer.echo(f"{out}: {', '.join(written.files)}")
    if written.onnx_difference is not None:
        typer.echo(f"model.onnx and the net differ by at most {written.onnx_difference:.1e}")


@app.command("pose")
def export_pose(
    checkpoint: Annotated[Path, typer.Option(help="Pose checkpoint, e.g. runs/demo/pose/checkpoints/best.ckpt.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; an earlier export there is replaced.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write model.onnx (needs the extra 'export').")] = False,
    half: Annotated[bool, typer.Option("--half", help="Store the weights in 16 bits: half the size.")] = False,
) -> None:
    """Export a pose net: safetensors, model card, ONNX from the crop to the joints.

    Example: inkpose export pose --checkpoint runs/demo/pose/checkpoints/best.ckpt --out pose_export --onnx
    """
    from pose.export import export_pose as export

    written = export(checkpoint, out, onnx=onnx, precision="float16" if half else "float32")
    typer.echo(f"{out}: {', '.join(written.files)}")
    if written.onnx_difference is not None:
        typer.echo(f"model.onnx and the net differ by at most {written.onnx_difference:.1e}")
