"""`inkpose data report` and `inkpose data select`: what a keypoint data set lacks, and pictures to label next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkpose.commands.options import Device
from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT

if TYPE_CHECKING:
    from shared.keypoints.distribution import Distribution
    from shared.keypoints.records import PoseSet


def report(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Keypoint file of any format, or a data folder with annotations/.")
    ],
    split: Annotated[str | None, typer.Option(help="Of a data folder: train, val or test. Default: all.")] = None,
    from_format: Annotated[
        str | None, typer.Option("--from", help="Format of a file. Default: found out from the file.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(help="Another data set, of any format: what DATASET lacks of its bodies, views and poses."),
    ] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write all numbers to this file.")] = None,
) -> None:
    """Count the views and poses of a keypoint data set, and say what is rare in it and worth collecting.

    Example: inkpose data report data/demo/drawn --compare AnimeDrawingsDataset/data/train.json
    """
    from shared.errors import DataError, UsageError
    from shared.files import write_json
    from shared.keypoints.distribution import distribution
    from shared.keypoints.sides import check_sides

    if json_path is not None and json_path.is_dir():
        raise UsageError(f"{json_path}: --json is a folder; name a file")
    sets = _sets(dataset, split, from_format)
    poses = sets[0] if len(sets) == 1 else _joined(sets)
    found = distribution(poses)
    if not found.characters:
        raise DataError(f"{dataset}: no character has a labelled joint; nothing can be counted")
    if compare is not None:
        _compare(dataset, poses, compare, json_path)
        return
    if json_path is not None:
        warnings = [warning for each in sets for warning in check_sides(each).warnings()]
        dropped = [str(problem) for problem in poses.problems]
        write_json(json_path, {**found.as_json(), "warnings": warnings, "problems": dropped})
    _show(found, str(dataset))
    for warning in (warning for each in sets for warning in check_sides(each).warnings()):
        typer.echo(f"warning: {warning}", err=True)
    if poses.problems:
        typer.echo(
            f"{len(poses.problems)} records were dropped or mended; `inkpose data keypoints` names them", err=True
        )


def _sets(dataset: Path, split: str | None, from_format: str | None) -> list[PoseSet]:
    from inkpose.evaluation import as_split
    from shared.errors import DataError
    from shared.readers.keypoint_files import read_keypoints

    if (dataset / "annotations").is_dir():
        name = "" if split is None else as_split(split)
        files = sorted((dataset / "annotations").glob(f"person_keypoints_{name}*.json"))
        if not files:
            raise DataError(f"{dataset / 'annotations'}: no person_keypoints_{name}*.json; name a keypoint file")
        return [read_keypoints(file) for file in files]
    return [read_keypoints(dataset, from_format)]


def _joined(sets: list[PoseSet]) -> PoseSet:
    """Splits as one set; ids of pictures are made apart, for two files may number alike."""
    from dataclasses import replace

    from shared.errors import DataError

    if len({each.schema.name for each in sets}) > 1:
        raise DataError("the splits have different layouts; name one with --split")
    pictures, people, problems = {}, [], []
    for number, each in enumerate(sets):
        shift = number * 10**16
        pictures.update({i + shift: replace(picture, id=i + shift) for i, picture in each.pictures.items()})
        people += [replace(person, picture_id=person.picture_id + shift) for person in each.people]
        problems += each.problems
    return replace(sets[0], pictures=pictures, people=people, problems=problems)


def _show(found: Distribution, title: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table("aspect", "kind", "characters", "share", title=escape(title), title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for aspect, kinds in found.aspects.items():
        for kind, count in kinds.items():
            shown = "" if kind == "unknown" else f"{found.share(aspect, kind):.1%}"
            table.add_row(aspect, kind, f"{count:,}", shown)
        table.add_section()
    for size, count in found.long_side_px.items():
        table.add_row("long side, px", size, f"{count:,}", f"{count / found.characters:.1%}")
    console.print(table)
    console.print(f"{found.characters:,} characters in {found.pictures:,} pictures", highlight=False)
    hidden = {
        name: (states["occluded"] + states["outside"]) / max(1, found.characters - states["unknown"])
        for name, states in found.joints.items()
    }
    unknown = [name for name, states in found.joints.items() if states["unknown"] > found.characters / 2]
    often = sorted(hidden, key=lambda name: -hidden[name])[:3]
    told = ", ".join(f"{name} {hidden[name]:.0%}" for name in often)
    console.print(f"most often hidden or outside: {told}", highlight=False)
    if unknown:
        console.print(f"unlabelled in most characters: {', '.join(unknown)}", highlight=False)
    rare = found.rare()
    if rare:
        console.print("rare, and worth collecting (`inkpose data select MANIFEST --tags …`):", highlight=False)
    for aspect, kind, share, tags in rare:
        console.print(f"  {aspect} {kind}: {share:.1%}  --tags {','.join(tags)}", highlight=False, soft_wrap=True)


def _compare(dataset: Path, poses: PoseSet, other: Path, json_path: Path | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from shared.errors import DataError
    from shared.files import write_json
    from shared.keypoints.distribution import distribution
    from shared.keypoints.pose_measures import as_json, compared

    sets = _sets(other, None, None)
    theirs = sets[0] if len(sets) == 1 else _joined(sets)
    ours_found, theirs_found = distribution(poses), distribution(theirs)
    if not theirs_found.characters:
        raise DataError(f"{other}: no character has a labelled joint; nothing can be compared")
    measured = compared(poses, theirs)
    if json_path is not None:
        shares = {
            aspect: {kind: [ours_found.share(aspect, kind), theirs_found.share(aspect, kind)] for kind in kinds}
            for aspect, kinds in ours_found.aspects.items()
        }
        write_json(json_path, {"measures": as_json(measured), "shares": shares})
    console = Console()
    table = Table("", "kind", "here", "there", title="share of the characters that it can be told of")
    table.title_justify = "left"
    for aspect, kinds in ours_found.aspects.items():
        for kind in (kind for kind in kinds if kind != "unknown"):
            table.add_row(aspect, kind, *(f"{found.share(aspect, kind):.1%}" for found in (ours_found, theirs_found)))
        table.add_section()
    console.print(table)
    table = Table("measure", "here 10 / 50 / 90 %", "there", "overlap", "there, not here", title_justify="left")
    table.title = "lengths in torso lengths, angles in degrees"
    for name, one in measured.items():
        digits = 2 if one.unit == "torso" else 0
        quantiles = [" / ".join(f"{value:.{digits}f}" for value in values) for values in (one.first, one.second)]
        table.add_row(name, *quantiles, f"{one.overlap:.0%}", f"{one.uncovered[0]:.1%} + {one.uncovered[1]:.1%}")
    console.print(table)
    console.print(
        f"here: {escape(str(dataset))}, {ours_found.characters:,} characters; there: {escape(str(other))}, "
        f"{theirs_found.characters:,}", highlight=False, soft_wrap=True,
    )  # fmt: skip


def select(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Manifest of `inkpose data danbooru`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the annotation pack.")],
    tags: Annotated[
        str | None, typer.Option(help="Tags of poses and views, with commas. Default: back views and rare poses.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Pictures.")] = 500,
    rating: Annotated[
        list[str] | None,
        typer.Option(help="Take only safe, general, sensitive, questionable or explicit. Default: the first three."),
    ] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, if they were moved.")] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(help="Keypoint file of what is labelled already: its pictures are left out."),
    ] = None,
    several: Annotated[bool, typer.Option("--several", help="Also pictures of several characters.")] = False,
    predict: Annotated[bool, typer.Option("--predict/--no-predict", help="Put in the poses that are found.")] = True,
    weights: Annotated[
        Path, typer.Option(help="Folder with pose/ and segmenter/, a run or exported.", show_default=SHOWN_DEFAULT)
    ] = DEFAULT_WEIGHTS,
    seed: Annotated[int, typer.Option(min=0, help="The same seed takes the same pictures.")] = 0,
    device: Device = "auto",
) -> None:
    """Choose pictures by tags of poses, evenly over the tags, and pack them for annotation.

    Example: inkpose data select manifest.parquet --tags from_behind,looking_back --count 200 --out pack/

    The pack holds the pictures, a COCO file for CVAT, tasks for Label Studio, and the list of what was chosen. Correct
    the poses, convert the export with `inkpose data keypoints`, and train again.
    """
    from inkpose.commands.pose import checkpoints
    from inkpose.writing import check_folder
    from shared.errors import UsageError
    from shared.manifest.pose_selection import HARD_TAGS, BalancedOrder, find_candidates
    from shared.readers.keypoint_files import read_keypoints
    from shared.readers.ratings import SAFE_FOR_WORK, as_ratings

    names = (
        tuple(dict.fromkeys(tag.strip().replace(" ", "_") for tag in tags.split(",") if tag.strip()))
        if tags
        else HARD_TAGS
    )
    if not names:
        raise UsageError(f"--tags {tags}: names no tag")
    check_folder(out)
    paths = checkpoints(weights, None, needs_segmenter=True) if predict else None
    labelled = read_keypoints(exclude).pictures if exclude is not None else ()
    ratings = as_ratings(rating) if rating else SAFE_FOR_WORK
    candidates = find_candidates(manifest, names, ratings, labelled, several)

    from inkpose.console import picture_progress
    from inkpose.posing.pack import annotate, gather

    order = BalancedOrder(candidates.posts, names, seed)
    with picture_progress("pictures") as bar:
        bar.start(min(count, len(candidates.posts)))
        pack = gather(candidates, order, count, out, images, on_picture=bar.advance)
    poser = None
    if paths is not None and paths[1] is not None:
        from inkpose.posing.figures import SegmentedFigures
        from inkpose.posing.run import Poser
        from inkpose.weights import net_digest, pick_device
        from pose.predict import load
        from segmenter.predict import load as load_segmenter

        place = pick_device(device)
        finder = SegmentedFigures(load_segmenter(paths[1], place), 0.5, net_digest(paths[1]))
        poser = Poser(load(paths[0], place), finder, [net_digest(paths[0])], largest_only=not several)
    with picture_progress("poses") as bar:
        bar.start(len(pack.posts))
        poses = annotate(out, poser, on_picture=bar.advance)
    for failure in pack.failures:
        typer.echo(f"passed over: {failure}", err=True)
    for tag in names:
        typer.echo(f"  {tag:<24} {pack.counts[tag]:>6}")
    left_out = ", ".join(f"{number} {reason}" for reason, number in candidates.dropped.most_common())
    typer.echo(f"{len(candidates.posts)} posts to choose from{f'; left out: {left_out}' if left_out else ''}")
    typer.echo(f"{out}: {len(pack.posts)} pictures, {len(poses.people)} characters with a pose")
