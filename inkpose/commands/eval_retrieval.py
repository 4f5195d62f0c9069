"""`inkpose eval retrieval`: how well drawings in the same pose are found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkpose.commands.options import Device
from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT

if TYPE_CHECKING:
    from inkpose.index.labelled_poses import LabelledPoses


def retrieval(
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Your own groups: columns path and group. Default: drawn groups.")
    ] = None,
    groups: Annotated[int, typer.Option(min=2, max=2000, help="Poses that the artist draws.")] = 60,
    size: Annotated[int, typer.Option(min=2, max=100, help="Characters drawn in each pose.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the drawn groups.")] = 0,
    mirror: Annotated[bool, typer.Option("--mirror", help="A mirrored pose counts as the same.")] = False,
    joints_only: Annotated[
        bool, typer.Option("--joints-only", help="Only the true joints of the drawn groups: no nets, no pictures.")
    ] = False,
    weights: Annotated[
        Path, typer.Option(help="Run or exported folder whose nets look.", show_default=SHOWN_DEFAULT)
    ] = DEFAULT_WEIGHTS,
    device: Device = "auto",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the scores to this JSON file.")] = None,
) -> None:
    """Score the descriptors on groups of one pose: other characters, manners, clothes, and a slightly other view.

    Example: inkpose eval retrieval --csv my_groups.csv --mirror
    """
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from inkpose.index.retrieval_metrics import METHODS, score_retrieval
    from shared.errors import UsageError
    from shared.files import write_json

    if json_path is not None and json_path.is_dir():
        raise UsageError(f"{json_path}: --json is a folder; name a file")
    if csv is not None and joints_only:
        raise UsageError("--joints-only: pictures of a CSV have no true joints; drop one of the two")
    found = _of_csv(csv, weights, device) if csv else _drawn(groups, size, seed, joints_only, weights, device)
    table = Table("poses", "method", "precision@1", "precision@5", "mAP", "queries", title_justify="left")
    table.title = escape(f"pose groups of {csv}" if csv else f"{groups} drawn poses, {size} characters each")
    records = []
    for label, poses in found.items():
        for method in METHODS:
            score = score_retrieval(poses, method, mirror)
            records.append({"poses": label, "method": method, "mirror": mirror, **asdict(score)})
            values = (score.precision_at_1, score.precision_at_5, score.mean_average_precision)
            missing = f" ({score.without_pose} without a pose)" if score.without_pose else ""
            table.add_row(label, method, *(f"{v:.3f}" for v in values), f"{score.queries}{missing}")
        table.add_section()
    Console().print(table)
    if json_path is not None:
        write_json(json_path, records)


def _drawn(
    groups: int, size: int, seed: int, joints_only: bool, weights: Path, device: str
) -> dict[str, LabelledPoses]:
    from functools import partial

    from inkpose.index.labelled_poses import draw_spec, drawn_specs, seen_poses, true_poses
    from inkpose.weights import net_paths

    if not joints_only:
        net_paths(weights)
    specs = drawn_specs(groups, size, seed)
    truth = true_poses(specs)
    found = {"true joints": truth, "15 % lost, 1.5 % jitter": truth.worn()}
    if joints_only:
        return found

    from inkpose.console import picture_progress
    from inkpose.pipeline import Pipeline

    eye = Pipeline.load(weights, device)
    with picture_progress("pictures") as bar:
        bar.start(len(specs))
        makers = [partial(draw_spec, spec) for spec, _ in specs]
        found["seen by the nets"] = seen_poses(makers, [group for _, group in specs], eye, on_picture=bar.advance)
    return found


def _of_csv(path: Path, weights: Path, device: str) -> dict[str, LabelledPoses]:
    from inkpose.console import picture_progress
    from inkpose.index.labelled_poses import read_groups, seen_groups
    from inkpose.weights import net_paths

    rows = read_groups(path)
    net_paths(weights)

    from inkpose.pipeline import Pipeline

    eye = Pipeline.load(weights, device)
    with picture_progress("pictures") as bar:
        bar.start(len(rows))
        return {"seen by the nets": seen_groups(rows, eye, bar.advance)}
