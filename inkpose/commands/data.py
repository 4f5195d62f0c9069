"""`inkpose data`: your own pictures and tags as a manifest that the tagger trains on (keypoints: see keypoints.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.manifest.report import Report

app = typer.Typer(
    help="Your own pictures, tags and keypoints, checked and brought into the forms that trainings read.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Out = Annotated[Path, typer.Option("--out", "-o", help="The manifest (.parquet); a .report.json comes beside it.")]
_Rulebook = Annotated[str, typer.Option("--rulebook", help="'default', a folder of .yaml files, or one .yaml file.")]
_Rating = Annotated[
    list[str] | None,
    typer.Option(help="Take only safe, general, sensitive, questionable or explicit. Default: the first three."),
]
_Restart = Annotated[bool, typer.Option("--restart", help="Forget an unfinished run instead of going on with it.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@app.command()
def danbooru(
    metadata: Annotated[list[Path], typer.Argument(metavar="METADATA…", help="Metadata files or folders, any era.")],
    images: Annotated[Path, typer.Option(help="Folder of the pictures, or of original/, 512px/ or images/.")],
    out: _Out = Path("manifest.parquet"),
    layout: Annotated[
        str, typer.Option(help="bucketed (0123/4567123.jpg), md5 (ab/<md5>.jpg), flat, tar, or auto.")
    ] = "auto",
    rulebook: _Rulebook = "default",
    rating: _Rating = None,
    rating_scheme: Annotated[
        str, typer.Option(help="What the letter s means: before_2022 (safe), since_2022 (sensitive), or auto.")
    ] = "auto",
    paper_subset: Annotated[
        bool, typer.Option("--paper-subset", help="--single-person --drawings-only --min-tags 10, safe for work.")
    ] = False,
    single_person: Annotated[bool, typer.Option("--single-person", help="Only one character, by its tags.")] = False,
    drawings_only: Annotated[
        bool, typer.Option("--drawings-only", help="No photos, pages of text, animations, duplicates.")
    ] = False,
    min_tags: Annotated[int, typer.Option(min=0, help="Least number of general tags.")] = 0,
    file_type: Annotated[list[str] | None, typer.Option(help="Take only this type: jpg, png, … (repeatable).")] = None,
    keep_deleted: Annotated[bool, typer.Option("--keep-deleted", help="Take deleted posts too.")] = False,
    restart: _Restart = False,
    json_output: _Json = False,
) -> None:
    """Turn the metadata and pictures of a Danbooru copy of any year into a manifest.

    Stopped (Ctrl-C, a crash), the same command goes on where it was.

    Example: inkpose data danbooru metadata/ --images danbooru2021/ --paper-subset --out manifest.parquet
    """
    from shared.errors import UsageError
    from shared.manifest.danbooru import DanbooruSource, danbooru_manifest
    from shared.readers.dump import PICTURE_SUFFIXES
    from shared.readers.image_trees import as_layout
    from shared.readers.ratings import SAFE_FOR_WORK, as_ratings, as_scheme
    from shared.readers.selection import Selection
    from shared.rulebook.rulebook import load_rulebook

    types = frozenset(name.lower().lstrip(".") for name in file_type) if file_type else PICTURE_SUFFIXES
    if unknown := sorted(types - PICTURE_SUFFIXES):
        raise UsageError(f"--file-type {unknown[0]}: not a picture type; use {', '.join(sorted(PICTURE_SUFFIXES))}")
    ratings = as_ratings(rating) if rating else SAFE_FOR_WORK
    selection = Selection(ratings, keep_deleted, types, min_tags, single_person, drawings_only)
    if paper_subset:
        selection = selection.paper_subset()
    source = DanbooruSource(metadata, images, as_layout(layout), selection, as_scheme(rating_scheme))
    with _watched() as on_part:
        report = danbooru_manifest(source, out, load_rulebook(rulebook), restart=restart, on_part=on_part)
    _tell(report, out, json_output)


@app.command()
def folder(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Folders of pictures, searched to the leaves.")],
    out: _Out = Path("manifest.parquet"),
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Table with the columns file and tags, instead of captions.")
    ] = None,
    rulebook: _Rulebook = "default",
    rating: _Rating = None,
    restart: _Restart = False,
    json_output: _Json = False,
) -> None:
    """Turn folders of pictures with captions beside them (kohya's .txt or .caption), or with a CSV, into a manifest.

    Example: inkpose data folder train_images/ --out manifest.parquet
    """
    from shared.manifest.folder import FolderSource, folder_manifest
    from shared.readers.ratings import SAFE_FOR_WORK, as_ratings
    from shared.rulebook.rulebook import load_rulebook

    source = FolderSource(folders, csv, as_ratings(rating) if rating else SAFE_FOR_WORK)
    with _watched() as on_part:
        report = folder_manifest(source, out, load_rulebook(rulebook), restart=restart, on_part=on_part)
    _tell(report, out, json_output)


@contextmanager
def _watched() -> Iterator[Callable[[int, int], None]]:
    """Yields what shows how far a run is, on standard error, where somebody watches."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda read, dropped: None
        return
    with console.status("reading") as status:
        yield lambda read, dropped: status.update(f"{read:,} read, {dropped:,} left out")


def _tell(report: Report, out: Path, json_output: bool) -> None:
    import json

    from rich.console import Console
    from rich.table import Table

    if json_output:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
        return
    table = Table(title=f"{report.kept:,} of {report.read:,} pictures taken", title_justify="left")
    table.add_column("what")
    table.add_column("pictures", justify="right")
    for split, count in report.splits.items():
        table.add_row(f"{split} split", f"{count:,}")
    for name, count in report.ratings.items():
        table.add_row(f"rating {name}", f"{count:,}")
    table.add_section()
    for reason, count in report.dropped.items():
        table.add_row(f"left out: {reason}", f"{count:,}")
    console = Console()
    console.print(table)
    console.print(
        f"{report.classes_present} of {report.classes} classes occur, {report.labels_per_picture:.1f} a picture",
        highlight=False,
    )
    console.print(f"wrote {out} and {out.with_name(f'{out.stem}.report.json')}", highlight=False, soft_wrap=True)
