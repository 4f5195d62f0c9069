"""`inkpose search`: drawings in the same pose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkpose.commands.options import Device
from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkpose.index.query import Query
    from inkpose.index.schema import Hit


def search(
    query: Annotated[
        Path | None, typer.Argument(metavar="IMAGE|KEYPOINTS.json", help="Picture, or joints; not needed with --tags.")
    ] = None,
    index: Annotated[Path, typer.Option("--index", help="Folder of the index.")] = Path("runs/index"),
    tags: Annotated[str, typer.Option(help="Only pictures with these tags and without those: 'kimono -hat'.")] = "",
    mirror: Annotated[bool, typer.Option("--mirror", help="Find the mirrored pose, too.")] = False,
    k: Annotated[int, typer.Option("--k", "-k", help="How many.")] = 20,
    box: Annotated[str | None, typer.Option(help="x,y,w,h: where the character is, in pixels.")] = None,
    character: Annotated[int, typer.Option(min=0, help="Which character of the query; 0 is the largest.")] = 0,
    with_self: Annotated[bool, typer.Option("--with-self", help="Show the query picture itself, if indexed.")] = False,
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the hits to this JSON file.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Also draw a contact sheet (.png or .jpg).")] = None,
    weights: Annotated[
        Path, typer.Option(help="Run or exported folder whose nets look at the query.", show_default=SHOWN_DEFAULT)
    ] = DEFAULT_WEIGHTS,
    device: Device = "auto",
) -> None:
    """Find the characters in the most similar pose.

    Example: inkpose search sketch.png --tags "kimono -hat" --mirror --sheet found.png

    A picture is looked at by the nets; joints come from JSON in COCO order, or any file that `inkpose data keypoints`
    reads. With --tags and no query, all pictures with these tags are listed.
    """
    from inkpose.index.store import PoseIndex
    from shared.errors import UsageError
    from shared.files import write_json

    if query is None and not tags.strip():
        raise UsageError("nothing to search for; give a picture, a keypoint file, or --tags")
    if sheet is not None and sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"--sheet {sheet}: must end in .png or .jpg")
    if json_path is not None and json_path.is_dir():
        raise UsageError(f"{json_path}: --json is a folder; name a file")
    where = None if box is None else _as_box(box)
    store = PoseIndex.open(index)
    if query is None:
        asked, hits = None, store.search_tags(tags, k)
    else:
        asked = _read(query, where, character, weights, device)
        hide = [asked.path] if asked.path and not with_self else []
        hits = store.search(
            asked.keypoints, k, tags, mirror, exclude_pictures=hide, box_xywh=asked.box_xywh
        )  # fmt: skip
    if json_path is not None:
        record = {"query": None if query is None else str(query), "tags": tags, "hits": [hit.as_json() for hit in hits]}
        write_json(json_path, record)
    if sheet is not None:
        _write_sheet(sheet, asked, hits, query, tags)
    _print(hits, asked is not None)
    if not hits:
        typer.echo(_why_nothing(tags, len(store)), err=True)
    for path in (json_path, sheet):
        if path is not None:
            typer.echo(f"wrote {path}")


def _read(
    path: Path, box: tuple[float, float, float, float] | None, character: int, weights: Path, device: str
) -> Query:
    from inkpose.index.query import query_of_box, query_of_file, query_of_picture
    from inkpose.weights import net_paths, pick_device
    from shared.errors import DataError

    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if path.suffix.lower() in (".json", ".jsonl", ".xml", ".yaml", ".yml") or path.is_dir():
        return query_of_file(path, character)
    paths = net_paths(weights)
    if box is None:
        from inkpose.pipeline import Pipeline

        return query_of_picture(path, lambda: Pipeline.load(weights, device), character)
    import pose.predict
    from shared.images import composite_on_white

    net = pose.predict.load(paths["pose"], device=pick_device(device))

    return query_of_box(path, box, lambda image, xyxy: net.predict([composite_on_white(image)], [[xyxy]])[0][0])


def _as_box(text: str) -> tuple[float, float, float, float]:
    from shared.errors import UsageError

    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--box {text}: write x,y,w,h in pixels, e.g. --box 120,40,300,600") from None
    return x, y, w, h


def _write_sheet(path: Path, asked: Query | None, hits: Sequence[Hit], query: Path | None, tags: str) -> None:
    from inkpose.filenames import one_line
    from inkpose.index.sheet import draw_contact_sheet
    from shared.images import write_jpeg, write_png

    words = f"{len(hits)} found" if query is None else f"{len(hits)} like {one_line(query.name)}"
    drawn = draw_contact_sheet(asked, hits, f"{words}, tags: {tags}" if tags.strip() else words)
    if path.suffix.lower() == ".png":
        write_png(path, drawn)
    else:
        write_jpeg(path, drawn)


def _print(hits: Sequence[Hit], by_pose: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from inkpose.filenames import one_line

    if not hits:
        return
    console = Console()
    table = Table()
    table.add_column("", justify="right")
    if by_pose:
        table.add_column("alike", justify="right")
    # Whole paths, so that they can be copied; a terminal opens them by a click.
    table.add_column("picture", no_wrap=not console.is_terminal, overflow="fold")
    table.add_column("box x,y,w,h", no_wrap=True)
    if console.is_terminal:
        table.add_column("tags", overflow="ellipsis", no_wrap=True)
    for rank, hit in enumerate(hits, start=1):
        alike = [f"{hit.score:.3f}{' ⇄' if hit.mirrored else ''}"] if by_pose else []
        path = Text(one_line(hit.path), style=f"link {Path(hit.path).as_uri()}")
        box = ",".join(f"{v:.0f}" for v in hit.box_xywh)
        table.add_row(str(rank), *alike, path, box, *([" ".join(hit.tags)] if console.is_terminal else []))
    if not console.is_terminal:
        console.width = 10_000
        table.expand = False
    console.print(table)


def _why_nothing(tags: str, count: int) -> str:
    if not count:
        return "nothing found: the index is empty; fill it with `inkpose index add FOLDER`"
    return f"nothing found with the tags {tags!r}; `inkpose index stats` lists the tags there are"
