"""`inkpose data keypoints`: keypoint annotations from any format to any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from shared.keypoints.boxes import BoxForm
    from shared.keypoints.records import PoseSet

#: Problems told one by one; the rest is counted (all of them are in --json).
_SHOWN = 20


def keypoints(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Keypoint file, or a folder of them.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="coco, coco_25, human_art, mpii, add, release, openpose, openpose_25, cvat or label_studio."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; a folder for OpenPose.")],
    from_format: Annotated[
        str | None, typer.Option("--from", help="Format of IN. Default: found out from the file.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Another layout for coco, cvat and label_studio, e.g. add_21 or release_25.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the pictures: real sizes, and characters without picture dropped.")
    ] = None,
    box_form: Annotated[
        str | None, typer.Option(help="What boxes hold where the file leaves it open: size or corners.")
    ] = None,
    swap_sides: Annotated[bool, typer.Option("--swap-sides", help="Exchange left and right everywhere.")] = False,
    single: Annotated[bool, typer.Option("--single", help="Drop pictures with several characters.")] = False,
    report: Annotated[Path | None, typer.Option("--json", help="Also write what was dropped and noted (JSON).")] = None,
) -> None:
    """Convert keypoint annotations: check them, map their joints, write them.

    Example: inkpose data keypoints AnimeDrawingsDataset/data/train.json --to coco --out person_keypoints_train.json

    Reads COCO JSON of any known layout, the Anime Drawings Dataset, the paper's released annotations (both forms),
    OpenPose, AnimatedDrawings' char_cfg.yaml, and exports of CVAT and Label Studio. Records that cannot be used are
    dropped and named; the command fails if none is left.
    """
    from shared.errors import DataError, UsageError
    from shared.files import write_json
    from shared.keypoints.sides import check_sides
    from shared.readers.keypoint_files import layout_for, read_keypoints, summary, write_keypoints
    from shared.readers.keypoint_pictures import matched_to_pictures

    layout_for(to, layout)
    if box_form not in (None, "size", "corners"):
        raise UsageError(f"--box-form {box_form}: not known; choose size or corners")
    if report is not None and report.is_dir():
        raise UsageError(f"{report}: --json is a folder; name a file")
    poses = read_keypoints(source, from_format, cast("BoxForm | None", box_form))
    if images is not None:
        poses = matched_to_pictures(poses, images)
    if swap_sides:
        poses = poses.with_sides_swapped()
    if single:
        poses = poses.single_characters()
    warnings = check_sides(poses).warnings()
    written = write_keypoints(out, poses, to, layout)
    if not written.people and written.problems:
        raise DataError(f"{source}: no usable character; the first problem: {written.problems[0]}")
    if report is not None:
        write_json(report, {**summary(written), "from_layout": poses.schema.name, "warnings": warnings})
    _tell(poses, written, warnings, out)


def _tell(read: PoseSet, written: PoseSet, warnings: Sequence[str], out: Path) -> None:
    from shared.keypoints.conversion import conversion

    steps = conversion(read.schema, written.schema)
    for problem in written.problems[:_SHOWN]:
        typer.echo(f"{'dropped' if problem.dropped else 'note'}: {problem.record}: {problem.reason}", err=True)
    if len(written.problems) > _SHOWN:
        typer.echo(f"… and {len(written.problems) - _SHOWN} more (--json FILE lists all)", err=True)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    if steps.missing:
        typer.echo(f"not in {read.schema.name}, left unlabelled: {', '.join(steps.missing)}")
    if steps.dropped:
        typer.echo(f"without a place in {written.schema.name}, left out: {', '.join(steps.dropped)}")
    if not read.has_visibility:
        typer.echo("the source does not tell hidden joints from visible ones: all labelled joints count as visible")
    dropped = sum(problem.dropped for problem in written.problems)
    left = f", {dropped} records dropped" if dropped else ""
    typer.echo(
        f"{out}: {len(written.people)} characters in {len(written.pictures)} pictures ({written.schema.name}){left}"
    )
