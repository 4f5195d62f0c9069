"""A prediction in parts, for the tasks of an array job: each part knows its pictures, and any order of parts joins."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from inkpose.writing import PREDICTIONS, Record, write_coco
from shared.errors import DataError, UsageError
from shared.files import replacing

_NAME = re.compile(r"predictions\.part-(\d+)-of-(\d+)\.jsonl")


@dataclass(frozen=True)
class Part:
    """Part ``number`` of ``count``, from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """Reads ``3/16``.

        Raises:
            UsageError: not two numbers, or the first not in 1 … the second.
        """
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        part = cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        if not 1 <= part.number <= part.count:
            raise UsageError(f"--part {text}: write NUMBER/COUNT, from 1/COUNT to COUNT/COUNT, e.g. 3/16")
        return part

    def slice_of(self, total: int) -> slice:
        """Returns the places of this part among ``total``; parts follow each other and differ by at most one."""
        return slice((self.number - 1) * total // self.count, self.number * total // self.count)

    @property
    def file_name(self) -> str:
        """``predictions.part-03-of-16.jsonl``: sorted by name is sorted by number."""
        return f"predictions.part-{self.number:0{len(str(self.count))}}-of-{self.count}.jsonl"


def join_parts(out: Path) -> int:
    """Writes predictions.jsonl and the COCO files from the parts in ``out``, as one run would have.

    Returns:
        The number of pictures.

    Raises:
        DataError: there are no parts, one is missing or damaged.
        UsageError: parts of two different counts lie there.
    """
    found = {path.name: _NAME.fullmatch(path.name) for path in out.glob("predictions.part-*.jsonl")}
    counts = sorted({int(match[2]) for match in found.values() if match})
    if not counts:
        raise DataError(f"{out}: holds no predictions.part-…-of-….jsonl; make them with `inkpose predict --part`")
    if len(counts) > 1:
        told = " and ".join(map(str, counts))
        raise UsageError(f"{out}: parts of {told} lie here together; remove those of the older run")
    names = [Part(number, counts[0]).file_name for number in range(1, counts[0] + 1)]
    missing = [name for name in names if name not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(f"{out / missing[0]}: missing{more}; run that part first")
    records: list[Record] = []
    with replacing(out / PREDICTIONS) as temporary, temporary.open("w", encoding="utf-8") as lines:
        for name in names:
            for number, line in enumerate((out / name).read_text(encoding="utf-8").splitlines(), start=1):
                records.append(_record(line, f"{out / name}:{number}"))
                lines.write(line + "\n")
        write_coco(out, records)
    return len(records)


def _record(line: str, place: str) -> Record:
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        record = None
    if not isinstance(record, dict) or not {"image", "width", "height", "characters", "error"} <= record.keys():
        raise DataError(f"{place}: not a line of inkpose predict; run that part again")
    return record
