"""`inkpose index`: a collection that can be searched by pose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkpose.commands.options import PIXEL_LIMIT, BatchSize, Device, PixelLimit, Weights
from inkpose.weights import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkpose.index.build import Outcome
    from inkpose.pipeline import Pipeline

app = typer.Typer(
    help="""Make a collection searchable by pose and tags (see `inkpose search`).

    Example: inkpose index add drawings/
    """,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Index = Annotated[Path, typer.Option("--index", help="Folder of the index.")]
_HOME = Path("runs/index")


@app.command("add")
def add_pictures(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="DIR|IMAGE|MANIFEST...", help="Folders (recursive), pictures, .parquet.")
    ],
    index: _Index = _HOME,
    weights: Weights = DEFAULT_WEIGHTS,
    descriptor: Annotated[
        str | None, typer.Option(help="Of a new index: inkpose, inkpose-upright (turned figures match) or paper.")
    ] = None,
    device: Device = "auto",
    batch_size: BatchSize = 16,
    pixel_limit: PixelLimit = PIXEL_LIMIT,
) -> None:
    """Find the characters of pictures and put their poses, tags and thumbnails into the index.

    Example: inkpose index add drawings/

    Pictures that are in it already are left alone, changed ones are looked at again. Stopped in the middle, even by
    force, the same command goes on.
    """
    from inkpose.index.build import add
    from inkpose.index.plan import wanted_pictures
    from inkpose.index.store import PoseIndex
    from inkpose.weights import net_paths

    # What can be refused is, before anything is made.
    wanted_pictures(inputs, [])
    net_paths(weights)

    from inkpose.console import picture_progress

    store = PoseIndex.open(index, create=True, descriptor=descriptor)
    with picture_progress("pictures") as bar:
        outcome = add(
            inputs, store, _nets(weights, device), batch_size=batch_size, pixel_limit=pixel_limit,
            on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    _tell(index, outcome)


@app.command("sync")
def sync_index(
    index: _Index = _HOME,
    weights: Weights = DEFAULT_WEIGHTS,
    forget_missing: Annotated[
        bool,
        typer.Option("--forget-missing", help="Take out the pictures of a folder that is gone or empty."),
    ] = False,
    device: Device = "auto",
    batch_size: BatchSize = 16,
    pixel_limit: PixelLimit = PIXEL_LIMIT,
) -> None:
    """Follow the folders that were added: take in new and changed pictures, take out deleted ones.

    Example: inkpose index sync
    """
    from inkpose.index.build import sync
    from inkpose.index.store import PoseIndex
    from inkpose.weights import net_paths

    store = PoseIndex.open(index)
    net_paths(weights)

    from inkpose.console import picture_progress

    with picture_progress("pictures") as bar:
        outcome = sync(
            store, _nets(weights, device), forget_missing=forget_missing, batch_size=batch_size,
            pixel_limit=pixel_limit, on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    _tell(index, outcome)


@app.command("stats")
def print_stats(
    index: _Index = _HOME, json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Say what the index holds.

    Example: inkpose index stats --json
    """
    import json

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from inkpose.filenames import one_line
    from inkpose.index.store import PoseIndex

    store = PoseIndex.open(index)
    told = store.stats()
    tags = dict(list(store.tag_counts().items())[:20])
    if json_output:
        typer.echo(json.dumps(told | {"tags": tags}, ensure_ascii=False, indent=2))
        return
    table = Table("", "", show_header=False, title=escape(f"index {index}"), title_justify="left")
    table.add_row("pictures", f"{told['pictures']:,} ({told['pictures_without_character']:,} without a character)")
    table.add_row("characters", f"{told['characters']:,}")
    table.add_row("descriptor", told["descriptor"])
    table.add_row("on disk", f"{told['bytes'] / 1e6:,.1f} MB")
    fast = f"{told['fast_index_rows']:,} characters, {told['rows_not_in_fast_index']:,} beside it"
    table.add_row("fast index", fast if told["fast_index_rows"] else "none (all are compared)")
    for source, count in told["sources"].items():
        table.add_row("source", escape(f"{one_line(source)}: {count:,} pictures"))
    table.add_row("tags", escape(", ".join(f"{name} {count}" for name, count in tags.items())))
    Console().print(table)


@app.command("compact")
def compact_index(
    index: _Index = _HOME,
    fast_index: Annotated[
        bool | None, typer.Option("--fast-index/--no-fast-index", help="Default: build one where it pays.")
    ] = None,
) -> None:
    """Tidy the files of the index and bring its fast index up to date; `add` and `sync` do so at their end.

    Example: inkpose index compact
    """
    from inkpose.index.store import PoseIndex

    store = PoseIndex.open(index)
    before = store.stats()["bytes"]
    with store.writing():
        store.compact(fast_index)
    told = store.stats()
    typer.echo(
        f"{index}: {told['characters']:,} characters, {before / 1e6:,.1f} MB before, {told['bytes'] / 1e6:,.1f} MB now"
    )


def _nets(weights: Path, device: str) -> Callable[[], Pipeline]:
    def load() -> Pipeline:
        from inkpose.pipeline import Pipeline

        return Pipeline.load(weights, device)

    return load


def _tell(index: Path, outcome: Outcome) -> None:
    from shared.errors import DataError

    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    if outcome.failures and not (outcome.added or outcome.unchanged or outcome.removed):
        raise DataError(f"{index}: no picture could be read (named above); nothing was added")
    parts = [f"{outcome.added:,} pictures added with {outcome.characters:,} characters"]
    parts += [f"{outcome.unchanged:,} unchanged"] if outcome.unchanged else []
    parts += [f"{outcome.removed:,} taken out"] if outcome.removed else []
    parts += [f"{len(outcome.failures):,} refused (named above)"] if outcome.failures else []
    typer.echo(f"{index}: {', '.join(parts)}")
