"""`inkpose tag`: pictures to caption files, as trainers of image models read them."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from inkpose.weights import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from inkpose.tagging.captions import Mode

_LISTS = "Commas between names."


def tag(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Pictures, folders (recursive), patterns like 'a/*.png'."),
    ],
    weights: Annotated[Path, typer.Option(help="Run folder with tagger/, or a tagger checkpoint.")] = DEFAULT_WEIGHTS,
    mode: Annotated[str, typer.Option(help="Where a caption is already: skip, append or overwrite.")] = "skip",
    append_tags: Annotated[bool, typer.Option("--append_tags", "--append-tags", help="Same as --mode append.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the captions. Default: beside each picture.")] = None,
    suffix: Annotated[
        str, typer.Option("--caption_extension", "--caption-extension", help="Of caption files.")
    ] = ".txt",
    captions: Annotated[bool, typer.Option("--captions/--no-captions", help="Write caption files.")] = True,
    output_path: Annotated[
        Path | None, typer.Option("--output_path", "--json", help="Also write tags with scores: .json or .jsonl.")
    ] = None,
    counts: Annotated[Path | None, typer.Option(help="Also write how often each tag was told (CSV).")] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--thresh", "--threshold", min=0, max=1, help="For all. Default: each tag's own."),
    ] = None,
    group_threshold: Annotated[
        list[str] | None, typer.Option(help="For a group, e.g. clothing=0.5; can be repeated.")
    ] = None,
    calibration: Annotated[Path | None, typer.Option(help="Thresholds of single classes (JSON or CSV).")] = None,
    top_k: Annotated[int | None, typer.Option(min=1, help="Most tags a picture.")] = None,
    undesired_tags: Annotated[
        str, typer.Option("--undesired_tags", "--undesired-tags", help=f"Never tell these; * and ? match. {_LISTS}")
    ] = "",
    only_tags: Annotated[str, typer.Option(help=f"Tell these alone; * and ? match. {_LISTS}")] = "",
    always_first_tags: Annotated[
        str, typer.Option("--always_first_tags", "--always-first-tags", help=f"Tell these first if found. {_LISTS}")
    ] = "",
    tag_replacement: Annotated[
        str, typer.Option("--tag_replacement", "--tag-replacement", help="old,new;old,new")
    ] = "",
    prefix: Annotated[str, typer.Option(help=f"Put these first in every caption. {_LISTS}")] = "",
    prune_implied: Annotated[
        bool, typer.Option(help="Leave out what another tag says already (long hair beside very long hair).")
    ] = False,
    underscores: Annotated[
        bool, typer.Option("--underscores/--remove_underscore", help="Keep underscores, or write spaces (default).")
    ] = False,
    escape_brackets: Annotated[bool, typer.Option(help="Write \\( and \\), as web prompts need.")] = False,
    separator: Annotated[str, typer.Option("--caption_separator", "--caption-separator", help="Between tags.")] = ", ",
    batch_size: Annotated[int, typer.Option("--batch_size", "--batch-size", min=1, help="Pictures at once.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    pixel_limit: Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")] = 100_000_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the captions and write nothing.")] = False,
) -> None:
    """Write a caption of tags beside every picture.

    Example: inkpose tag drawings/ --mode append --undesired_tags "*_background,solo" --prefix mychar

    A picture without tags gets no file. Pictures that cannot be read are named at the end; the command fails only if
    all were refused. Run it again after a stop: pictures that have a caption are skipped.
    """
    from inkpose.tagging.selection import Selection, read_calibration, thresholds
    from inkpose.tagging.spelling import plain
    from inkpose.weights import checkpoint_path, pick_device
    from shared.errors import DataError, UsageError
    from shared.image_files import find_images

    mode = "append" if append_tags else mode
    if mode not in ("skip", "append", "overwrite"):
        raise UsageError(f"--mode {mode}: not known; choose skip, append or overwrite")
    if not suffix.startswith(".") or "/" in suffix or suffix == ".":
        raise UsageError(f"--caption_extension {suffix}: write a suffix with its dot, e.g. .txt")
    if not separator.strip():
        raise UsageError("--caption_separator: blanks alone do not tell tags apart; write e.g. ', '")
    for option, file in (("--json", output_path), ("--counts", counts)):
        if file is not None and file.is_dir():
            raise UsageError(f"{file}: {option} is a folder; name a file")
    wish = Selection(
        only=[plain(name) for name in _names(only_tags)],
        never=[plain(name) for name in _names(undesired_tags)],
        first=[plain(name) for name in _names(always_first_tags)],
        replace=_replacements(tag_replacement),
        implied=_implications() if prune_implied else {},
        top_k=top_k,
    )
    by_class = read_calibration(calibration) if calibration else {}
    by_group = dict(_group_threshold(text) for text in group_threshold or [])
    found = find_images(_expanded(inputs))
    checkpoint = weights if weights.is_file() else checkpoint_path(weights, "tagger")
    if not checkpoint.is_file():
        raise UsageError(f"{checkpoint}: no trained tagger there; run `make demo`, or name a run folder with --weights")

    from inkpose.console import picture_progress
    from inkpose.tagging.run import Captions, Spelling, tag_pictures, write_counts, write_records
    from tagger.predict import load

    tagger = load(checkpoint, pick_device(device))
    limits = thresholds(tagger.thresholds, tagger.class_names, tagger.class_groups, threshold, by_group, by_class)
    spelling = Spelling(underscores, escape_brackets, separator, _names(prefix))
    target = Captions(cast("Mode", mode), suffix, out) if captions else None
    with picture_progress("pictures") as bar:
        outcome = tag_pictures(
            tagger, found, limits, wish, spelling, target, batch_size=batch_size, pixel_limit=pixel_limit,
            dry_run=dry_run, on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    if dry_run:
        from inkpose.tagging.selection import Told

        for record in outcome.records:
            told = [Told(**item) for item in record["tags"]]
            typer.echo(f"{record['image']}: {record['error'] or separator.join(spelling.tags(told))}")
    else:
        if output_path is not None:
            write_records(output_path, outcome.records)
        if counts is not None:
            write_counts(counts, outcome.counts)
    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    for image in outcome.untagged:
        typer.echo(f"no tags: {image}", err=True)
    tagged = len(outcome.records) - len(outcome.failures)
    if outcome.failures and tagged + outcome.skipped == 0:
        raise DataError(f"{inputs[0]}: no picture could be tagged (named above); nothing was written")
    skipped = f", {outcome.skipped} skipped because they have captions" if outcome.skipped else ""
    refused = f", {len(outcome.failures)} refused (named above)" if outcome.failures else ""
    typer.echo(f"{tagged} pictures tagged, {outcome.written} captions written{skipped}{refused}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _expanded(inputs: list[str]) -> list[Path]:
    """Patterns that the shell was kept from expanding; a name that exists is never taken for a pattern."""
    paths: list[Path] = []
    for text in inputs:
        matches = [] if Path(text).exists() else sorted(glob.glob(text, recursive=True))
        paths += [Path(match) for match in matches] or [Path(text)]
    return paths


def _replacements(text: str) -> dict[str, str]:
    from inkpose.tagging.spelling import plain
    from shared.errors import UsageError

    pairs = [part.split(",") for part in text.split(";") if part.strip()]
    if any(len(pair) != 2 or not all(name.strip() for name in pair) for pair in pairs):
        raise UsageError(f"--tag_replacement {text}: write old,new;old,new")
    return {plain(old): new.strip() for old, new in pairs}


def _group_threshold(text: str) -> tuple[str, float]:
    from shared.errors import UsageError

    group, _, value = text.partition("=")
    try:
        threshold = float(value)
    except ValueError:
        threshold = -1.0
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"--group-threshold {text}: write group=number, e.g. clothing=0.5")
    return group.strip(), threshold


def _implications() -> dict[str, tuple[str, ...]]:
    from shared.rulebook.rulebook import load_rulebook

    return {rule.name: rule.implies for rule in load_rulebook().rules}
