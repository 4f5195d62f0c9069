"""A Danbooru dump and its pictures as the entries of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from shared.files import digest
from shared.manifest.build import Entries, build_manifest
from shared.manifest.report import Report
from shared.manifest.schema import FORMAT, Entry, Header
from shared.readers.dump import read_dump_file
from shared.readers.dump_files import dump_files
from shared.readers.image_trees import ImageTree, Layout, open_images
from shared.readers.ratings import Scheme
from shared.readers.selection import Selection
from shared.readers.splits import split_of
from shared.rulebook.rulebook import Rulebook


@dataclass(frozen=True)
class DanbooruSource:
    """Metadata of any era and the pictures that belong to them.

    Attributes:
        metadata: files or folders of posts.
        images: folder of the pictures.
        layout: how they are ordered; ``auto`` looks.
        selection: which posts to take.
        scheme: what the rating letters mean; ``auto`` finds out for each file.
    """

    metadata: Sequence[Path]
    images: Path
    layout: Layout | Literal["auto"] = "auto"
    selection: Selection = field(default_factory=Selection)
    scheme: Scheme | Literal["auto"] = "auto"

    def plan(self, rulebook: Rulebook) -> str:
        """Returns a digest of all that the rows depend on but the pictures themselves."""
        chosen = asdict(self.selection) | {"file_types": sorted(self.selection.file_types)}
        images = str(self.images.resolve())
        return digest(FORMAT, files_told(self.files()), images, self.layout, chosen, self.scheme, rulebook.digest())

    def files(self) -> list[Path]:
        """Returns the post files, in the order they are read."""
        return dump_files(self.metadata)

    def entries(self) -> Entries:
        """Opens the pictures; returns what reads the posts. Raises DataError for an image folder that is none."""
        files, tree = self.files(), open_images(self.images, self.layout)

        def read(file: int, line: int) -> Iterator[tuple[int, int, Entry | str]]:
            for number in range(file, len(files)):
                yield from self._of_file(number, files[number], line if number == file else 0, tree)

        return read

    def _of_file(self, number: int, path: Path, skip: int, tree: ImageTree) -> Iterator[tuple[int, int, Entry | str]]:
        reason_against, locate = self.selection.reason_against, tree.locate
        for line, post in read_dump_file(path, self.scheme, skip):
            if isinstance(post, str):
                yield number, line, post
            elif reason := reason_against(post):
                yield number, line, reason
            elif place := locate(post.id, post.md5, post.file_ext):
                yield (
                    number,
                    line,
                    Entry(post.id, place, post.width, post.height, split_of(post.id), post.rating, post.tags),
                )
            else:
                yield number, line, "no picture file"


def danbooru_manifest(
    source: DanbooruSource,
    out: Path,
    rulebook: Rulebook,
    *,
    restart: bool = False,
    on_part: Callable[[int, int], None] = lambda read, dropped: None,
) -> Report:
    """Writes the manifest of a dump; see ``build_manifest``."""
    return build_manifest(
        out,
        Header.of(source.images, rulebook),
        source.plan(rulebook),
        source.entries(),
        rulebook,
        restart=restart,
        on_part=on_part,
    )


def files_told(paths: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Returns path, size and time of change of files: another content has another of these."""
    return [(str(path.resolve()), (told := path.stat()).st_size, told.st_mtime_ns) for path in paths]
