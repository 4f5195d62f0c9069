"""What has to be done to bring an index up to date with files on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from inkpose.index.schema import absolute
from shared.errors import DataError
from shared.images import find_images
from shared.readers.places import checked_path


class Known(NamedTuple):
    """What the index says of a picture."""

    source: str
    sha256: str
    mtime_ns: int
    size_bytes: int


class Wanted(NamedTuple):
    """A picture that shall be in the index.

    Attributes:
        path: absolute.
        source: what was named: its folder, itself, or a manifest.
        tags: what is true of it where that is known; None leaves it to the tagger.
        mtime_ns: of the file before it is read, so that a change while it is read is seen the next time.
        size_bytes: of the file before it is read.
    """

    path: str
    source: str
    tags: tuple[str, ...] | None = None
    mtime_ns: int = 0
    size_bytes: int = 0


@dataclass
class Plan:
    """What is to be looked at, what only needs a new time stamp (ns), what is gone, what stays, and what is wrong."""

    look: list[Wanted] = field(default_factory=list)
    touch: dict[str, int] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    failures: list[str] = field(default_factory=list)


def wanted_pictures(inputs: Sequence[Path], failures: list[str]) -> list[Wanted]:
    """Returns the pictures of files, folders and manifests (.parquet), each once.

    Raises:
        DataError: an input is missing, holds no pictures, or is no manifest.
    """
    wanted: dict[str, Wanted] = {}
    for given in inputs:
        found = _of_manifest(given) if given.suffix.lower() == ".parquet" else _of_files(given, failures)
        for one in found:
            wanted.setdefault(one.path, one)
    return list(wanted.values())


def _of_files(given: Path, failures: list[str]) -> list[Wanted]:
    source = absolute(given)
    result = []
    for item in find_images([given]):
        try:
            result.append(Wanted(absolute(item.path), source))
        except DataError as error:
            failures.append(str(error))
    return result


def _of_manifest(path: Path) -> list[Wanted]:
    from shared.manifest.table import open_manifest

    manifest = open_manifest(path)
    names, root = manifest.header.class_names, manifest.header.images
    columns = [manifest.table.column(name).to_pylist() for name in ("path", "offset", "classes")]
    result = []
    for relative, offset, classes in zip(*columns, strict=True):
        if offset is not None:
            raise DataError(f"{path}: its pictures lie inside tar files ({relative}); unpack them to index them")
        if relative is None or any(number >= len(names) for number in classes or ()):
            raise DataError(f"{path}: a row without a picture or with a class that is none; make the manifest again")
        checked_path(relative, str(path))
        tags = tuple(names[number] for number in classes or ())
        result.append(Wanted(str(PurePosixPath(root) / relative), absolute(path), tags))
    return result


def plan(wanted: Sequence[Wanted], known: Mapping[str, Known]) -> Plan:
    """Returns what to do so that the index holds ``wanted`` as the files are now; nothing is gone here.

    A file with the size and time the index knows is unchanged; with another time, but the same bytes, too.
    """
    result = Plan()
    for one in wanted:
        before = known.get(one.path)
        try:
            info = Path(one.path).stat()
            one = one._replace(mtime_ns=info.st_mtime_ns, size_bytes=info.st_size)
            if before is None:
                result.look.append(one)
            elif (one.mtime_ns, one.size_bytes) == (before.mtime_ns, before.size_bytes) and before.sha256:
                result.unchanged += 1
            elif one.size_bytes == before.size_bytes and sha256_of(Path(one.path)) == before.sha256:
                result.touch[one.path] = one.mtime_ns
            else:
                result.look.append(one)
        except OSError:
            result.look.append(one)  # the reader says what is wrong
    return result


def sync_plan(known: Mapping[str, Known], failures: list[str], forget_missing: bool = False) -> Plan:
    """Returns what to do so that the index follows its sources: new, changed and deleted pictures.

    Raises:
        DataError: a source is not there at all or empty (a disk that is not mounted?), unless ``forget_missing``.
    """
    wanted: list[Wanted] = []
    for source in dict.fromkeys(one.source for one in known.values()):
        place = Path(source)
        pictures = [path for path, one in known.items() if one.source == source]
        single = pictures == [source]
        # An empty folder is also what is left of a disk that is not mounted.
        if not single and not (place.exists() and (place.is_file() or any(place.iterdir()))):
            if not forget_missing:
                raise DataError(
                    f"{source}: is {'empty' if place.exists() else 'gone'}, and {len(pictures)} pictures of it are in "
                    "the index; bring it back, or give --forget-missing to take them out"
                )
            continue
        if place.exists():
            try:
                wanted += wanted_pictures([place], failures)
            except DataError as error:
                if "no pictures" not in str(error):
                    raise
    result = plan(wanted, known)
    still = {one.path for one in wanted}
    result.gone = [path for path in known if path not in still]
    return result


def sha256_of(path: Path) -> str:
    """Returns the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
