"""A manifest in the making: finished parts on disk, each saying how far the input had been read when it was written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from shared.errors import DataError, UsageError
from shared.files import replacing

_KEY = b"inkpose.part"


@dataclass
class Progress:
    """How far the input is read: ``file`` and the ``line`` last read in it; posts dropped so far, by reason."""

    file: int = 0
    line: int = 0
    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    done: bool = False


class Parts:
    """The folder of parts beside the manifest. A part and its progress are one file, so they cannot disagree.

    Args:
        out: the manifest to be.
        plan: digest of everything the rows depend on; parts of another plan are never mixed in.
    """

    def __init__(self, out: Path, plan: str) -> None:
        self.folder, self.out, self.plan = out.with_name(f".{out.name}.parts"), out, plan

    def paths(self) -> list[Path]:
        """Returns the parts in their order."""
        found = (path for path in self.folder.glob("*.arrow") if re.fullmatch(r"\d{6}", path.stem))
        return sorted(found)

    def progress(self) -> Progress:
        """Returns where to go on.

        Raises:
            UsageError: the parts are of another command line, rulebook or input.
            DataError: a part is damaged.
        """
        paths = self.paths()
        if not paths:
            return Progress()
        try:
            with pa.memory_map(str(paths[-1])) as source:
                told = json.loads((pa.ipc.open_file(source).schema.metadata or {})[_KEY])
        except (OSError, ValueError, KeyError) as error:  # Arrow's own errors are among them
            raise DataError(f"{paths[-1]}: damaged ({error}); start anew with --restart") from error
        if told.pop("plan") != self.plan:
            raise UsageError(
                f"{self.folder}: was begun with other options, inputs or another rulebook; repeat that command to "
                "finish it, or start anew with --restart"
            )
        return Progress(**told)

    def write(self, table: pa.Table, progress: Progress) -> None:
        """Writes one more part, whole or not at all."""
        path = self.folder / f"{len(self.paths()):06d}.arrow"
        told = table.replace_schema_metadata({_KEY: json.dumps({**vars(progress), "plan": self.plan})})
        with (
            replacing(path) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, told.schema) as writer,
        ):
            writer.write_table(told)

    def tables(self) -> Iterator[pa.Table]:
        """Yields the parts' tables, views of their files."""
        for path in self.paths():
            try:
                with pa.memory_map(str(path)) as source:
                    yield pa.ipc.open_file(source).read_all()
            except (OSError, ValueError) as error:
                raise DataError(f"{path}: damaged ({error}); start anew with --restart") from error

    def remove(self) -> None:
        """Removes all parts, the last first: stopped in between, what is left still says how far it was read."""
        with suppress(OSError):
            for path in reversed(self.paths()):
                path.unlink()
            shutil.rmtree(self.folder)
