"""`inkpose import`: weights of others into checkpoints of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.training.foreign_weights import Match

#: Names that begin so belong to a whole detector.
_DETECTOR_PARTS = ("rcnn.", "backbone.", "proposal_generator.", "rpn.", "roi_heads.")

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
    _tell(out, match)


@app.command("segmenter")
def import_segmenter(
    weights: Annotated[Path, typer.Argument(metavar="FILE", help="Released checkpoint, or a copy of it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, e.g. runs/paper/alaska.ckpt.")],
    paper_preprocessing: Annotated[
        bool, typer.Option("--paper-preprocessing", help="Predict with the sizes and masks of the paper's release.")
    ] = False,
) -> None:
    """Import the paper's released segmenter.

    Example: inkpose import segmenter released.ckpt --out alaska.ckpt --paper-preprocessing
    """
    from shared.errors import UsageError

    if out.is_dir():
        raise UsageError(f"{out}: --out is a folder; name a file")

    from segmenter.released import import_released

    _tell(out, import_released(weights, out, paper_preprocessing))


@app.command("pose")
def import_pose(
    weights: Annotated[Path, typer.Argument(metavar="FILE", help="Released pose checkpoint or safetensors.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, e.g. runs/paper/pose/concat.ckpt.")],
    method: Annotated[str, typer.Option(metavar="concat|match", help="Which of the paper's two methods it is.")],
    task_source: Annotated[
        Path | None,
        typer.Option(help="For a concat file without the Mask R-CNN: detectron2's model_final_997cc7.pkl."),
    ] = None,
) -> None:
    """Import one of the paper's released pose nets.

    Example: inkpose import pose feat_concat+data.ckpt --method concat --out runs/paper/pose/concat.ckpt
    """
    from shared.errors import UsageError

    if out.is_dir():
        raise UsageError(f"{out}: --out is a folder; name a file")
    if method not in ("concat", "match"):
        raise UsageError(f"--method {method}: not known; choose concat or match")

    from pose.importing import import_pose as convert

    _tell(out, convert(weights, out, "concat" if method == "concat" else "match", task_source))


@app.command("task-source")
def import_task_source(
    weights: Annotated[Path, typer.Argument(metavar="FILE", help="detectron2's .pkl or torchvision's .pth.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write.")],
) -> None:
    """Import a Keypoint R-CNN as the task source of pose trainings.

    Example: inkpose import task-source model_final_997cc7.pkl --out runs/paper/task_source/checkpoints/best.ckpt
    """
    from shared.errors import UsageError

    if out.is_dir():
        raise UsageError(f"{out}: --out is a folder; name a file")

    from pose.importing import import_task_source as convert

    _tell(out, convert(weights, out))


def _tell(out: Path, match: Match) -> None:
    """Prints what became of the tensors; the many of a detector that nothing needs are one line."""
    matched, missing, left_over = (len(names) for names in (match.matched, match.missing, match.left_over))
    typer.echo(f"{out}: {matched} tensors matched, {missing} missing, {left_over} left over")
    detector = [name for name in match.left_over if name.startswith(_DETECTOR_PARTS)]
    for label, names in (("missing", match.missing), ("left over", match.left_over)):
        for name in names:
            if name not in detector:
                typer.echo(f"{label}: {name}")
    if detector:
        typer.echo(f"left over: {len(detector)} tensors of detector parts that the result never needs")
