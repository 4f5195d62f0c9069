"""`inkpose data cutouts|pairs|composites`: a segmenter's training data, checked and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.datamodules.mask_checks import Checked

#: Problems told one by one; the rest is counted (all of them are in --json).
_SHOWN = 20


def cutouts(
    sources: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Cut-outs, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="List of the usable files (.txt).")],
    ids: Annotated[
        Path | None, typer.Option(help="CSV of post ids: take these pictures of DIR, a copy of Danbooru in any layout.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the ids. Default: id, or the only one.")] = None,
    report: Annotated[Path | None, typer.Option("--json", help="Also write all problems and counts (JSON).")] = None,
) -> None:
    """Find the usable cut-outs of folders: characters on nothing, with an alpha that says so. Write them as a list.

    The list stands where a folder can: `foregrounds: [{path: cutouts.txt}]` in a segmenter's config.

    Example: inkpose data cutouts fg/ --out cutouts.txt
    """
    from inkpose.console import picture_progress
    from shared.datamodules.mask_checks import check_cutouts
    from shared.errors import DataError, UsageError
    from shared.files import write_text
    from shared.images import find_images
    from shared.readers.character_bg_seg import locate, read_ids
    from shared.readers.image_trees import open_images

    if out.suffix != ".txt":
        raise UsageError(f"--out {out}: must end in .txt")
    missing: list[int] = []
    if ids is None:
        files = [found.path for found in find_images(sources)]
    elif len(sources) > 1:
        raise UsageError("--ids: give one folder, the copy of Danbooru that holds the pictures")
    else:
        listed = locate(read_ids(ids, id_column), open_images(sources[0]))
        files, missing = [sources[0] / path for path in listed.paths], listed.missing
    listable = [path for path in files if _listable(path)]
    with picture_progress("looking") as bar:
        bar.start(len(listable))
        checked = check_cutouts(listable, bar.advance)
    for path in files:
        if not _listable(path):
            checked.drop("name does not fit a line of text", f"{path!r}: its name does not fit a line; rename it")
    for image_id in missing:
        checked.drop("picture missing", f"{ids}: picture {image_id} is not in {sources[0]}")
    if not checked.usable:
        why = checked.problems[0] if checked.problems else f"{ids}: the list is empty"
        raise DataError(f"no usable cut-out among {len(files)} files; the first problem: {why}")
    lines = (_relative(path, out.parent) for path in checked.usable)
    write_text(out, "".join(f"{line}\n" for line in lines))
    _tell(checked, f"wrote {out}", report)


def pairs(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of pictures with masks, or a COCO file.")],
    layout: Annotated[str, typer.Option(help="folders, skytnt, birefnet, coco, textures, or auto.")] = "auto",
    report: Annotated[Path | None, typer.Option("--json", help="Also write all problems and counts (JSON).")] = None,
) -> None:
    """Check pictures with masks: images/ and masks/, SkyTNT's, BiRefNet's, COCO's, AnimatedDrawings'.

    Example: inkpose data pairs anime-seg/ --layout skytnt
    """
    from inkpose.console import picture_progress
    from shared.datamodules.mask_checks import check_pairs
    from shared.errors import DataError, UsageError
    from shared.readers.mask_layouts import MASK_LAYOUTS, read_mask_pairs

    known = next((name for name in MASK_LAYOUTS if name == layout), None)
    if known is None:
        raise UsageError(f"--layout {layout}: not known; use {', '.join(MASK_LAYOUTS)}")
    listing = read_mask_pairs(source, known)
    with picture_progress("looking") as bar:
        bar.start(len(listing.pairs))
        checked = check_pairs(listing, bar.advance)
    if not checked.usable:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(checked.dropped.items()))
        raise DataError(f"{source}: no usable picture with a mask ({reasons or 'none found'}); check the folder")
    _tell(checked, f"{source} is ready for real_pairs", report)


def composites(
    config: Annotated[Path, typer.Argument(metavar="YAML", help="A segmenter's config.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet (.png or .jpg).")],
    count: Annotated[int, typer.Option(min=1, help="Samples on the sheet.")] = 84,
    columns: Annotated[int, typer.Option(min=1, help="Samples in a row.")] = 12,
    outline: Annotated[bool, typer.Option("--outline", help="Draw the outlines of the true masks.")] = False,
    root: Annotated[str | None, typer.Option(help="Another data.root than the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another data.seed than the config's.")] = None,
) -> None:
    """Draw a sheet of the training samples that a segmenter's config makes.

    Example: inkpose data composites configs/segmenter/demo.yaml --out sheet.jpg --outline
    """
    from shared.datamodules.mask_sheet import data_of_config, write_sheet

    changes = {name: value for name, value in (("root", root), ("seed", seed)) if value is not None}
    write_sheet(out, data_of_config(config, **changes), count, columns, outline)
    typer.echo(f"wrote {out}")


def _listable(path: Path) -> bool:
    name = str(path)
    broken = any("\ud800" <= letter <= "\udfff" for letter in name)  # bytes that are no UTF-8
    return not broken and len(name.splitlines()) == 1 and name == name.strip()


def _relative(path: Path, folder: Path) -> str:
    import os

    return Path(os.path.relpath(path, folder)).as_posix()


def _tell(checked: Checked, last: str, report: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from shared.files import write_json

    if report is not None:
        write_json(report, {"usable": len(checked.usable), "dropped": checked.dropped, "noted": checked.noted,
                            "problems": checked.problems})  # fmt: skip
    for problem in checked.problems[:_SHOWN]:
        typer.echo(problem, err=True)
    if len(checked.problems) > _SHOWN:
        typer.echo(f"… and {len(checked.problems) - _SHOWN} more", err=True)
    table = Table(title=f"{len(checked.usable):,} usable", title_justify="left")
    table.add_column("what")
    table.add_column("files", justify="right")
    for name, count in sorted(checked.noted.items()):
        table.add_row(name, f"{count:,}")
    for name, count in sorted(checked.dropped.items()):
        table.add_row(f"left out: {name}", f"{count:,}")
    console = Console()
    if table.row_count:
        console.print(table)
    else:
        console.print(f"{len(checked.usable):,} usable", highlight=False)
    console.print(last, highlight=False, soft_wrap=True)
