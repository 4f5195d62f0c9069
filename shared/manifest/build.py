"""Pictures in, one Parquet manifest out: in bounded memory, whole or not at all, and resumed where it was stopped."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from shared.errors import DataError
from shared.files import replacing, write_json
from shared.manifest.parts import Parts, Progress
from shared.manifest.report import Report, Tally
from shared.manifest.schema import Entry, Header, RowBuffer
from shared.rulebook.rulebook import Rulebook

PART_POSTS = 65_536
"""Posts read between two parts: what a stop costs at most, and what memory holds."""

#: From (file, line) on: where each post stands, and its entry or why it is dropped.
Entries = Callable[[int, int], Iterator[tuple[int, int, Entry | str]]]


def build_manifest(
    out: Path,
    header: Header,
    plan: str,
    entries: Entries,
    rulebook: Rulebook,
    *,
    restart: bool = False,
    on_part: Callable[[int, int], None] = lambda read, dropped: None,
) -> Report:
    """Writes the manifest ``out`` and, beside it, ``<stem>.report.json``.

    Stopped at any moment, the same call goes on from its last part; the result is the same as in one go.

    Args:
        out: Parquet file; replaced when the new one is finished.
        header: its header.
        plan: digest of everything the rows depend on.
        entries: gives the posts from a place on; a second post of an id is dropped here.
        rulebook: makes classes of tags.
        restart: forget an unfinished manifest.
        on_part: told the numbers of posts read and dropped after each part.

    Raises:
        DataError: the input is not usable, or no picture remains; nothing is left behind.
        UsageError: an unfinished manifest of another plan is in the way.
    """
    if out.suffix != ".parquet":
        raise DataError(f"{out}: a manifest is a .parquet file; name it so")
    parts = Parts(out, plan)
    if restart:
        parts.remove()
    progress = parts.progress()
    try:
        if not progress.done:
            _read(parts, progress, entries, rulebook, on_part)
        report = _finish(out, header, parts, progress)
    except DataError:
        parts.remove()
        raise
    parts.remove()
    return report


def _read(
    parts: Parts, progress: Progress, entries: Entries, rulebook: Rulebook, on_part: Callable[[int, int], None]
) -> None:
    dropped, buffer, seen = Counter(progress.dropped), RowBuffer(rulebook), SeenIds()
    for table in parts.tables():
        for image_id in table.column("id").to_pylist():
            seen.is_new(image_id)

    def write(done: bool = False) -> None:
        progress.dropped, progress.done = dict(dropped), done
        parts.write(buffer.take(), progress)
        on_part(progress.read, sum(dropped.values()))

    with _no_cycles():
        _walk(entries(progress.file, progress.line), progress, dropped, seen, buffer, write)
    write(done=True)


def _walk(
    entries: Iterator[tuple[int, int, Entry | str]],
    progress: Progress,
    dropped: Counter[str],
    seen: SeenIds,
    buffer: RowBuffer,
    write: Callable[[], None],
) -> None:
    for file, line, entry in entries:
        if isinstance(entry, str):
            dropped[entry] += 1
        elif seen.is_new(entry.id):
            buffer.add(entry)
        else:
            dropped["id twice"] += 1
        progress.read += 1
        progress.file, progress.line = file, line
        if progress.read % PART_POSTS == 0:
            write()


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Stops the search for cycles of objects: rows make none, and the search takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _finish(out: Path, header: Header, parts: Parts, progress: Progress) -> Report:
    tally = Tally(len(header.class_names))
    schema = header.in_schema()
    with replacing(out) as temporary:
        with pq.ParquetWriter(temporary, schema) as writer:
            for table in parts.tables():
                if table.num_rows:
                    tally.add(table)
                    writer.write_table(table.replace_schema_metadata(schema.metadata))
        report = tally.report(header, progress)
        if not report.kept:
            why = ", ".join(f"{count} {reason}" for reason, count in report.dropped.items()) or "no posts at all"
            raise DataError(
                f"{header.images}: no usable picture of {progress.read} posts ({why}); "
                "check that images and metadata belong together, and the filters"
            )
    write_json(out.with_name(f"{out.stem}.report.json"), report.as_json())
    return report


class SeenIds:
    """A set of whole numbers that takes some bits each where they lie close together, as ids of posts do."""

    def __init__(self) -> None:
        self._pages: dict[int, int] = {}

    def is_new(self, number: int) -> bool:
        """Adds a number; returns whether it was not there."""
        page, bit = number >> 8, 1 << (number & 255)
        bits = self._pages.get(page, 0)
        self._pages[page] = bits | bit
        return not bits & bit
