"""`inkpose tag`: pictures to caption files, as trainers of image models read them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from inkpose.commands.options import PIXEL_LIMIT, Device, MinPrecision, PixelLimit
from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT

if TYPE_CHECKING:
    from inkpose.tagging.captions import Mode
    from inkpose.tagging.run import Outcome
    from tagger.engines import Backend, Precision

_LISTS = "Commas between names."


def tag(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Pictures, folders, patterns like 'a/*.png'."),
    ],
    weights: Annotated[
        Path,
        typer.Option(help="Folder with tagger/, a checkpoint, or an exported folder.", show_default=SHOWN_DEFAULT),
    ] = DEFAULT_WEIGHTS,
    recursive: Annotated[bool, typer.Option(help="Look into folders of folders.")] = True,
    mode: Annotated[str, typer.Option(help="Where a caption is already: skip, append or overwrite.")] = "skip",
    append_tags: Annotated[bool, typer.Option("--append_tags", "--append-tags", help="Same as --mode append.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the captions. Default: beside each picture.")] = None,
    suffix: Annotated[
        str, typer.Option("--caption_extension", "--caption-extension", help="Of caption files.")
    ] = ".txt",
    captions: Annotated[bool, typer.Option("--captions/--no-captions", help="Write caption files.")] = True,
    output_path: Annotated[
        Path | None, typer.Option("--output_path", "--json", help="Also write tags with scores: .json, .jsonl or .csv.")
    ] = None,
    embeddings: Annotated[
        Path | None, typer.Option(help="Also write the net's features of each picture (.parquet).")
    ] = None,
    counts: Annotated[Path | None, typer.Option(help="Also write how often each tag was told (CSV).")] = None,
    frequency_tags: Annotated[
        bool, typer.Option("--frequency_tags", "--frequency-tags", help="Show how often each tag was told.")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--thresh", "--threshold", "--general_threshold", min=0, max=1, help="For all. Default: each tag's own."
        ),
    ] = None,
    min_precision: MinPrecision = None,
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
    workers: Annotated[
        int | None,
        typer.Option("--max_data_loader_n_workers", "--workers", min=1, help="Threads that read. Default: one a core."),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="torch; or onnx or openvino, faster on CPUs (needs the extra 'export').")
    ] = "torch",
    onnx: Annotated[bool, typer.Option("--onnx", help="Same as --backend onnx.")] = False,
    precision: Annotated[
        str, typer.Option(help="float32 or bfloat16. Default: bfloat16 where the processor computes in it.")
    ] = "auto",
    device: Device = "auto",
    pixel_limit: PixelLimit = PIXEL_LIMIT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the captions and write nothing.")] = False,
) -> None:
    """Write a caption of tags beside every picture.

    Example: inkpose tag drawings/ --mode append --undesired_tags "*_background,solo" --prefix mychar

    A picture without tags gets no file. Pictures that cannot be read are named at the end; the command fails only if
    all were refused. Run it again after a stop: it goes on where it was.
    """
    from inkpose.tagging.lists import LIST_SUFFIXES
    from inkpose.tagging.options import (
        group_threshold_of,
        implications,
        names_of,
        patterns_of,
        pictures_of,
        replacements_of,
    )
    from inkpose.tagging.selection import Selection, read_calibration, thresholds
    from inkpose.weights import net_path, pick_device
    from shared.errors import UsageError

    mode, backend = "append" if append_tags else mode, "onnx" if onnx else backend
    for option, value, known in (
        ("--mode", mode, ("skip", "append", "overwrite")),
        ("--backend", backend, ("torch", "onnx", "openvino")),
        ("--precision", precision, ("auto", "float32", "bfloat16")),
    ):
        if value not in known:
            raise UsageError(f"{option} {value}: not known; choose {', '.join(known)}")
    if not suffix.startswith(".") or "/" in suffix or suffix == ".":
        raise UsageError(f"--caption_extension {suffix}: write a suffix with its dot, e.g. .txt")
    if not separator.strip():
        raise UsageError("--caption_separator: blanks alone do not tell tags apart; write e.g. ', '")
    lists = {"--json": output_path, "--embeddings": embeddings, "--counts": counts}
    for option, file in lists.items():
        if file is not None and file.is_dir():
            raise UsageError(f"{file}: {option} is a folder; name a file")
    if output_path is not None and output_path.suffix.lower() not in LIST_SUFFIXES:
        raise UsageError(f"{output_path}: --json writes {', '.join(LIST_SUFFIXES)}; name it so")
    if embeddings is not None and embeddings.suffix.lower() != ".parquet":
        raise UsageError(f"{embeddings}: --embeddings writes .parquet; name it so")
    wish = Selection(
        only=patterns_of(only_tags),
        never=patterns_of(undesired_tags),
        first=patterns_of(always_first_tags),
        replace=replacements_of(tag_replacement),
        implied=implications() if prune_implied else {},
        top_k=top_k,
    )
    by_class = read_calibration(calibration) if calibration else {}
    by_group = dict(group_threshold_of(text) for text in group_threshold or [])
    found = pictures_of(inputs, recursive)
    checkpoint = net_path(weights, "tagger")
    place = "cpu" if backend != "torch" and device == "auto" else pick_device(device)

    from inkpose.console import picture_progress
    from inkpose.tagging.journal import Journal
    from inkpose.tagging.lists import by_count, write_counts, write_embeddings, write_records
    from inkpose.tagging.run import Captions, Spelling, tag_pictures
    from shared.files import digest
    from tagger.predict import load

    tagger = load(checkpoint, place, cast("Precision", precision), cast("Backend", backend))
    own = tagger.limits(min_precision)
    limits = thresholds(own, tagger.class_names, tagger.class_groups, threshold, by_group, by_class)
    spelling = Spelling(underscores, escape_brackets, separator, names_of(prefix))
    target = Captions(cast("Mode", mode), suffix, out) if captions else None
    wanted = [file for file in lists.values() if file is not None]
    plan = digest(_told(checkpoint), limits.tolist(), str(wish), backend, precision, embeddings is not None)
    journal = Journal.beside(wanted[0], plan, embeddings is not None) if wanted and not dry_run else None
    with ExitStack() as stack:
        if journal is not None:
            stack.enter_context(journal)
        bar = stack.enter_context(picture_progress("pictures"))
        outcome = tag_pictures(
            tagger, found, limits, wish, spelling, target, journal=journal, batch_size=batch_size,
            pixel_limit=pixel_limit, threads=workers, dry_run=dry_run, on_start=bar.start, on_picture=bar.advance,
        )  # fmt: skip
    if dry_run:
        from inkpose.tagging.selection import Told

        for record in outcome.records:
            told = [Told(**item) for item in record["tags"]]
            typer.echo(f"{record['image']}: {record['error'] or separator.join(spelling.tags(told))}")
    elif journal is not None:
        if output_path is not None:
            write_records(output_path, outcome.records)
        if counts is not None:
            write_counts(counts, outcome.counts)
        if embeddings is not None:
            write_embeddings(embeddings, journal.read(), digest(_told(checkpoint)))
        journal.remove()
    if frequency_tags:
        for (name, _), count in by_count(outcome.counts):
            typer.echo(f"{count:8} {name}")
    _tell(outcome, inputs[0])


def _told(checkpoint: Path) -> list[tuple[str, int, int]]:
    """Returns names, sizes and times of change of the weights' files: other weights have others of these."""
    files = sorted(checkpoint.iterdir()) if checkpoint.is_dir() else [checkpoint]
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]


def _tell(outcome: Outcome, first_input: str) -> None:
    """Names what was refused or has no tags, and sums up; an error where everything was refused."""
    from shared.errors import DataError

    for failure in outcome.failures:
        typer.echo(f"refused: {failure}", err=True)
    for image in outcome.untagged:
        typer.echo(f"no tags: {image}", err=True)
    tagged = len(outcome.records) - len(outcome.failures)
    if outcome.failures and tagged + outcome.skipped == 0:
        raise DataError(f"{first_input}: no picture could be tagged (named above); no caption was written")
    skipped = f", {outcome.skipped} skipped because they have captions" if outcome.skipped else ""
    refused = f", {len(outcome.failures)} refused (named above)" if outcome.failures else ""
    typer.echo(f"{tagged} pictures tagged, {outcome.written} captions written{skipped}{refused}")
