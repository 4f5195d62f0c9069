"""A data set of synthetic pictures on disk: resumable, reproducible, the same for any number of workers."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shared.errors import DataError, UsageError
from shared.files import read_json, write_json, write_text
from shared.readers.danbooru import image_path
from shared.readers.splits import SPLITS, split_of

if TYPE_CHECKING:
    from shared.synthetic.mixer import Mixer

logger = logging.getLogger(__name__)

#: Raised whenever the same seed would make other files; part of every data set's description.
GENERATOR_VERSION = "7"
#: Samples drawn between two notes of progress; what an interruption can lose at most, a worker.
CHUNK = 32
_NOTES = ".synth"


@dataclass(frozen=True)
class Plan:
    """Everything that decides the bytes of a data set.

    Attributes:
        seed: with a picture's id, what all its chance is drawn from.
        count: pictures, ids 1…count.
        size: long side in pixels.
        style: "drawn" or "photo".
        characters: fewest and most a picture.
        mix: a key of ``mixes.MIXES``, or a mixer.
        generator_version: of the code that draws.
    """

    seed: int
    count: int
    size: int
    style: Literal["drawn", "photo"]
    characters: tuple[int, int]
    mix: str | Mixer = "rich"
    generator_version: str = GENERATOR_VERSION

    def description(self) -> dict[str, Any]:
        """Returns the plan as it stands in ``dataset.json``."""
        mix = self.mix if isinstance(self.mix, str) else self.mix.description()
        return {
            "seed": self.seed,
            "count": self.count,
            "size": self.size,
            "style": self.style,
            "characters": list(self.characters),
            "mix": mix,
            "generator_version": self.generator_version,
        }

    def chunks(self) -> list[range]:
        """Returns the ids 1…count in runs of :data:`CHUNK`."""
        return [range(start, min(start + CHUNK, self.count + 1)) for start in range(1, self.count + 1, CHUNK)]


def prepare(root: Path, plan: Plan) -> bool:
    """Makes ``root`` ready for ``plan``; returns True where that very data set is already complete.

    Raises:
        UsageError: ``root`` holds another data set or other files.
        DataError: it cannot be read or written.
    """
    wanted = plan.description()
    for path, complete in ((root / "dataset.json", True), (root / _NOTES / "plan.json", False)):
        if path.exists():
            found = read_json(path)
            found = found if isinstance(found, dict) else {}
            other = {key: found.get(key) for key in wanted if found.get(key) != wanted[key]}
            if other:
                have = ", ".join(f"{key} {value}" for key, value in other.items())
                raise UsageError(f"{root}: holds another data set ({have}); choose an empty folder or the same options")
            return complete
    try:
        if root.exists() and any(root.iterdir()):
            raise UsageError(f"{root}: is not empty and holds no data set of this command; choose an empty folder")
    except NotADirectoryError:
        raise UsageError(f"{root}: is a file; choose a folder") from None
    except OSError as error:
        raise DataError(f"{root}: cannot be read ({error.strerror}); choose another place") from error
    write_json(root / _NOTES / "plan.json", wanted)
    return False


def note_of(root: Path, ids: range) -> Path:
    """Returns where the records of a finished chunk lie until the data set is complete."""
    return root / _NOTES / f"{ids.start:08d}.json"


def is_done(root: Path, ids: range) -> bool:
    """Returns whether a chunk was drawn before and all its files still have the bytes noted then."""
    note = note_of(root, ids)
    if not note.exists():
        return False
    try:
        records = read_json(note)
        return [r["post"]["id"] for r in records] == list(ids) and all(
            r["sha256"] == sample_hash(root, r) for r in records
        )
    except (DataError, KeyError, TypeError):
        return False


def sample_files(root: Path, image_id: int, characters: int) -> list[Path]:
    """Returns the files of one picture, in the order in which they are hashed; cut-outs last, front to back."""
    cutouts = [root / "fg", *(root / "fg_behind" / str(number) for number in range(2, characters + 1))][:characters]
    folders = ((root / "bg", "jpg"), (root / "masks", "png"), *((folder, "png") for folder in cutouts))
    return [image_path(root, image_id, "jpg"), *(folder / f"{image_id}.{suffix}" for folder, suffix in folders)]


def sample_hash(root: Path, record: dict[str, Any]) -> str:
    """Returns the sha256 of a picture's files and records, read from disk.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    hasher = hashlib.sha256()
    for path in sample_files(root, record["post"]["id"], len(record["annotations"])):
        try:
            hasher.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); draw the data set again") from error
    hasher.update(canonical({"post": record["post"], "annotations": record["annotations"]}).encode())
    return hasher.hexdigest()


def canonical(value: Any) -> str:
    """Returns JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(hashes: list[str]) -> str:
    """Returns the sha256 over the samples' hashes in the order of their ids."""
    return hashlib.sha256("".join(hashes).encode("ascii")).hexdigest()


def finish(root: Path, plan: Plan) -> str:
    """Writes metadata, annotations and, last, ``dataset.json`` from the notes; returns the content hash.

    Raises:
        DataError: a note is missing or a file cannot be written.
    """
    records = [record for ids in plan.chunks() for record in read_json(note_of(root, ids))]
    write_text(root / "metadata" / "posts.jsonl", "".join(f"{json.dumps(r['post'])}\n" for r in records))
    from shared.synthetic.truth import CATEGORY

    next_id = 1
    annotations: dict[str, list[Any]] = {split: [] for split in SPLITS}
    images: dict[str, list[Any]] = {split: [] for split in SPLITS}
    for record in records:
        post = record["post"]
        split = split_of(post["id"])
        name = image_path(Path(), post["id"], "jpg").relative_to("images").as_posix()
        images[split].append(
            {"id": post["id"], "file_name": name, "width": post["image_width"], "height": post["image_height"]}
        )
        for annotation in record["annotations"]:
            annotations[split].append({"id": next_id, **annotation})
            next_id += 1
    for split in SPLITS:
        document = {
            "info": {"description": "synthetic characters", "version": plan.generator_version},
            "licenses": [],
            "images": images[split],
            "annotations": annotations[split],
            "categories": [CATEGORY],
        }
        write_json(root / "annotations" / f"person_keypoints_{split}.json", document, indent=None)
    found = content_hash([record["sha256"] for record in records])
    write_json(root / "dataset.json", {**plan.description(), "content_hash": found})
    shutil.rmtree(root / _NOTES, ignore_errors=True)
    return found


def verify(root: Path) -> str:
    """Recomputes the content hash of a complete data set from its files; returns it.

    Raises:
        DataError: a file is missing, damaged or changed since the data set was drawn.
    """
    description = read_json(root / "dataset.json")
    posts = [json.loads(line) for line in _lines(root / "metadata" / "posts.jsonl")]
    annotations: dict[int, list[Any]] = {post["id"]: [] for post in posts}
    for split in SPLITS:
        for row in read_json(root / "annotations" / f"person_keypoints_{split}.json")["annotations"]:
            annotations.setdefault(row["image_id"], []).append({k: v for k, v in row.items() if k != "id"})
    found = content_hash([sample_hash(root, {"post": p, "annotations": annotations[p["id"]]}) for p in posts])
    if found != description.get("content_hash"):
        raise DataError(f"{root}: files changed since the data set was drawn; delete the folder and draw it again")
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); draw the data set again") from error
