"""What a run has found so far, kept on disk until its lists are written: a run that was stopped goes on from here."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.errors import BAD_RECORD, DataError


class Noted(NamedTuple):
    """One picture: its record, and its embedding float32 ``(D,)`` where one is wanted and the picture was read."""

    record: dict[str, Any]
    embedding: NDArray[np.float32] | None


class Journal:
    """A file of lines beside the lists to be; a line is whole on disk before the next picture begins.

    Args:
        path: the file.
        plan: digest of everything that the records depend on; the lines of another plan are forgotten.
        embeddings: keep them too: some kilobytes a picture.
    """

    def __init__(self, path: Path, plan: str, embeddings: bool = True) -> None:
        self.path, self.plan, self.embeddings = path, plan, embeddings

    @classmethod
    def beside(cls, target: Path, plan: str, embeddings: bool = True) -> Journal:
        """Returns the journal of a list ``target``."""
        return cls(target.with_name(f".{target.name}.unfinished"), plan, embeddings)

    def __enter__(self) -> Journal:
        """Opens the file for ``note``.

        Raises:
            DataError: it cannot be written.
        """
        kept = self._whole_length()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("r+b" if kept else "wb")
            self._file.seek(kept)
            self._file.truncate()
            if not kept:
                self._write({"plan": self.plan})
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written ({error.strerror}); choose another place") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def note(self, noted: Noted) -> None:
        """Adds one picture."""
        line: dict[str, Any] = {"record": noted.record}
        if self.embeddings and noted.embedding is not None:
            line["embedding"] = base64.b64encode(noted.embedding.astype("<f4").tobytes()).decode("ascii")
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written ({error.strerror}); make room and run again") from error

    def read(self) -> Iterator[Noted]:
        """Yields what was noted, in that order; nothing of another plan, and not a line that was cut off."""
        if not self._whole_length():
            return
        with self.path.open("rb") as lines:
            next(lines)
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                try:
                    noted = _noted(json.loads(line))
                except (RecursionError, *BAD_RECORD):
                    return  # damaged: what follows is looked at again
                yield noted

    def remove(self) -> None:
        """Forgets everything: the lists are written."""
        with suppress(FileNotFoundError):
            self.path.unlink()

    def _whole_length(self) -> int:
        """Returns how many bytes are whole lines of this plan; 0 where the file is none of ours."""
        try:
            with self.path.open("rb") as lines:
                first = next(lines, b"")
                if not first.endswith(b"\n") or json.loads(first) != {"plan": self.plan}:
                    return 0
                return len(first) + sum(len(line) for line in lines if line.endswith(b"\n"))
        except (OSError, ValueError):
            return 0


def _noted(content: dict[str, Any]) -> Noted:
    """Returns what a line says; raises what BAD_RECORD holds where it says something else."""
    record, raw = content["record"], content.get("embedding")
    tags = [{"name": str(t["name"]), "group": str(t["group"]), "score": float(t["score"])} for t in record["tags"]]
    if not isinstance(record["image"], str) or record["error"] is not None:
        raise ValueError("not a picture that was tagged")
    vector = None if raw is None else np.frombuffer(base64.b64decode(raw), "<f4").astype(np.float32)
    return Noted({**record, "tags": tags}, vector)
