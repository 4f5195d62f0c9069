"""``python -m segmenter.cli``: how good a segmenter is on real drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False)


@app.command()
def real(
    checkpoint: Annotated[Path, typer.Argument(help="A segmenter's .ckpt.")],
    textures: Annotated[
        Path | None, typer.Option(help="Folder with texture.png and mask.png pairs below it (AnimatedDrawings).")
    ] = None,
    characters: Annotated[list[Path] | None, typer.Option(help="Cut-out characters (RGBA files or folders).")] = None,
    backgrounds: Annotated[list[Path] | None, typer.Option(help="Pictures without characters.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Only characters and backgrounds of this split of a data set: train, val, test.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sizes and places of pasted characters.")] = 0,
    image_size: Annotated[int | None, typer.Option(help="Working size; by default that of training.")] = None,
    refined: Annotated[bool, typer.Option(help="Follow the picture's edges at full size.")] = True,
    closer_look: Annotated[bool, typer.Option(help="Look at small characters again.")] = True,
    sharper_look: Annotated[bool, typer.Option(help="Look at large pictures twice.")] = True,
    colors: Annotated[bool, typer.Option(help="Ask the picture's colours.")] = True,
    edge_cut: Annotated[bool, typer.Option(help="Cut along the picture's edges.")] = True,
    heights: Annotated[
        tuple[float, float], typer.Option(help="Pasted characters' height over the background's, least and most.")
    ] = (0.5, 0.95),
    groups: Annotated[bool, typer.Option(help="Paste two at a time, one before the other.")] = False,
    apart: Annotated[bool, typer.Option(help="Tell characters that touch apart.")] = True,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the numbers here.")] = None,
) -> None:
    """Prints mask metrics on drawings with masks and on characters pasted on backgrounds.

    Example: python -m segmenter.cli runs/demo/segmenter/checkpoints/best.ckpt --textures drawings/
    --characters sprites/ --backgrounds photos/
    """
    from rich.console import Console

    from segmenter.evaluate import evaluate_pairs
    from segmenter.predict import load
    from segmenter.real_pictures import pasted_groups, pasted_pairs, texture_mask_pairs
    from segmenter.tables import table
    from shared.errors import InkposeError
    from shared.files import write_json

    try:
        settings: dict[str, Any] = {} if image_size is None else {"image_size": image_size}
        predictor = load(
            checkpoint,
            refined=refined,
            closer_look=closer_look,
            sharper_look=sharper_look,
            colors=colors,
            edge_cut=edge_cut,
            apart=apart,
            **settings,
        )
        results = {}
        if textures is not None:
            results["drawings"] = evaluate_pairs(predictor, texture_mask_pairs(textures))
        scenes = _pictures(backgrounds or [], split) if characters else []
        for folder in characters or []:
            files = _pictures([folder], split)
            pairs = pasted_groups(files, scenes, seed) if groups else pasted_pairs(files, scenes, seed, heights)
            results[f"pasted {folder.name}"] = evaluate_pairs(predictor, pairs)
        for name, values in results.items():
            Console().print(table(values, name))
        if json_path is not None:
            plain = {name: {k: v for k, v in values.items() if v == v} for name, values in results.items()}
            write_json(json_path, plain)
    except InkposeError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


def _pictures(places: list[Path], split: str | None) -> list[Path]:
    from shared.errors import UsageError
    from shared.images import find_images
    from shared.readers.folders import pictures_of_split
    from shared.readers.splits import SPLITS

    if split is None:
        return [found.path for found in find_images(places)]
    wanted = next((name for name in SPLITS if name == split), None)
    if wanted is None:
        raise UsageError(f"--split {split}: not known; choose {', '.join(SPLITS)}")
    return [path for place in places for path in pictures_of_split(place, wanted)]


if __name__ == "__main__":
    app()
