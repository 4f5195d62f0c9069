"""`inkpose data shards`: a folder or a manifest as WebDataset shards, which trainings read in its place."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def shards(
    source: Annotated[Path, typer.Argument(metavar="MANIFEST|DIR", help="A manifest (.parquet), or a data folder.")],
    out: Annotated[str, typer.Option("--out", "-o", help="New folder, or an address such as s3://bucket/path.")],
    per_shard: Annotated[int, typer.Option("--per-shard", help="Most pictures of a shard.")] = 1000,
    images: Annotated[Path | None, typer.Option(help="Where a manifest's pictures are now.")] = None,
    rulebook: Annotated[str, typer.Option("--rulebook", help="Makes classes of a folder's tags.")] = "default",
    seed: Annotated[int, typer.Option(help="Of the order in which pictures are dealt out to shards.")] = 0,
    restart: Annotated[bool, typer.Option("--restart", help="Remove the shards that lie there first.")] = False,
) -> None:
    """Write a data folder or the pictures of a manifest as shards, to train from with --data.shards.

    Stopped (Ctrl-C, a crash), the same command goes on where it was.

    Example: inkpose data shards data/demo/drawn --out shards/drawn
    """
    from inkpose.console import picture_progress
    from shared.errors import UsageError

    if find_spec("webdataset") is None:
        raise UsageError('shards are written with webdataset; install it: pip install "inkpose[shards]"')
    from shared.rulebook.rulebook import load_rulebook
    from shared.shards.folder_source import FolderSource
    from shared.shards.sources import ManifestSource, ShardSource
    from shared.shards.writing import write_shards

    content: ShardSource
    if source.is_dir():
        if images is not None:
            raise UsageError("--images: belongs to a manifest; a folder has its pictures in it")
        content = FolderSource(source, load_rulebook(rulebook))
    else:
        content = ManifestSource(source, images)
    with picture_progress("pictures") as bar:
        done = write_shards(
            content, out, per_shard=per_shard, seed=seed, restart=restart, on_start=bar.start, on_sample=bar.advance
        )
    told = ", ".join(f"{count:,} {split}" for split, count in done.samples.items() if count)
    again = f" ({done.had} were there)" if done.had else ""
    left_out = f"; {done.left_out:,} files left out (named above)" if done.left_out else ""
    typer.echo(f"{out}: {done.shards} shards{again}, {done.bytes / 1e6:,.1f} MB, {told}{left_out}")
