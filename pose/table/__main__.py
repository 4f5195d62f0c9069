"""``python -m pose.table``: trains the rows of the paper's Table 1 cell by cell and writes the table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def table(
    preset: Annotated[str, typer.Option(help="configs/pose/PRESET.yaml: demo, small or paper.")] = "demo",
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each row.")] = 1,
    rows: Annotated[str | None, typer.Option(help="Only these rows, e.g. feature_concat,domain_only.")] = None,
    data: Annotated[Path | None, typer.Option(help="Drawings with joints (default: as in the YAML).")] = None,
    other_data: Annotated[Path | None, typer.Option(help="The other look, for adversarial (default: …/photo).")] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="Training characters with the hard data, at most; 0 takes all.")
    ] = 4000,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps of each training, to shorten it.")] = None,
    rf5: Annotated[Path | None, typer.Option(help="A file of RF5/danbooru-pretrained, for its row.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Let torchvision fetch ImageNet weights.")] = False,
    cache_gb: Annotated[
        float, typer.Option(min=0, help="Disk for frozen features that rows and seeds share, 10⁹ bytes; 0: none.")
    ] = 16.0,
    configs: Annotated[Path, typer.Option(help="Folder of the YAML files.")] = Path("configs/pose"),
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Default: runs/PRESET/pose-table.")] = None,
) -> None:
    """Train (or load) every model of the paper's Table 1 on your data, and write table.md and table.json.

    Each cell has a folder of its own and is reused while nothing it depends on has changed; after Ctrl-C the same
    command goes on.

    Example: python -m pose.table --preset demo --seeds 3
    """
    from pose.table.run import TableOptions, run_table

    folder = Path("runs") / preset / "pose-table" if out is None else out
    options = TableOptions(
        config=configs / f"{preset}.yaml", out=folder, seeds=seeds, rows=rows, data=data, other_data=other_data,
        samples=samples or None, steps=steps, rf5=rf5, download=download,
        cache_gb=cache_gb,
    )  # fmt: skip
    typer.echo(run_table(options, tell=lambda line: typer.echo(line, err=True)))
    typer.echo(f"wrote {folder / 'table.md'} and {folder / 'table.json'}", err=True)


def main(args: list[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0, 2 for bad input (one line), 130 when interrupted."""
    from shared.errors import InkposeError

    try:
        code: Any = app(args=args, prog_name="python -m pose.table", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted; the same command goes on where it stopped", 130)
    except InkposeError as error:
        return _fail(str(error), 2)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's own: unknown option, wrong value …
            return _fail(str(error.format_message()), 2)
        raise
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
