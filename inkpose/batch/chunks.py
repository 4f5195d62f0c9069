"""The pictures of a prediction, cut into parts; a part is done when its file says what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from inkpose.batch.table import digest_of_part
from shared.files import digest
from shared.image_files import FoundImage

#: The folder of the parts, which readers of Parquet open as one table.
PARTS = "predictions.parquet"


@dataclass(frozen=True)
class Settings:
    """All that the rows depend on but the pictures.

    Attributes:
        weights: folder of the nets, see ``inkpose.weights.net_paths``.
        device: auto, cpu or cuda.
        threshold: of tags; None takes each tag's own.
        mask_threshold: of the foreground.
        batch_size: most pictures seen at once.
        pixel_limit: pictures with more pixels are refused.
        fast: one look a picture.
        min_precision: of tags, see ``inkpose.pipeline.Pipeline``.
    """

    weights: str
    device: str = "auto"
    threshold: float | None = None
    mask_threshold: float = 0.5
    batch_size: int = 16
    pixel_limit: int = 100_000_000
    fast: bool = False
    min_precision: float | None = None

    def digest(self, nets: Sequence[str]) -> str:
        """Returns a digest of the settings and of the digests of the nets; the device and batches change no row."""
        told = asdict(self)
        for name in ("weights", "device", "batch_size"):
            del told[name]
        return digest(told, list(nets))


@dataclass(frozen=True)
class Chunk:
    """Some pictures that follow each other, with the names of their results.

    Attributes:
        number: from 0.
        paths: the pictures.
        names: of their result files.
        digest: of pictures, names and settings.
    """

    number: int
    paths: tuple[Path, ...]
    names: tuple[PurePath, ...]
    digest: str

    def file(self, out: Path) -> Path:
        """Returns where the part lies."""
        return out / PARTS / f"part-{self.number:06d}.parquet"

    def is_done(self, out: Path) -> bool:
        """Returns whether the part was written, from the same pictures and settings."""
        return digest_of_part(self.file(out)) == self.digest


def cut_into_chunks(
    found: Sequence[FoundImage], names: Sequence[PurePath], per_part: int, settings_digest: str
) -> list[Chunk]:
    """Returns the parts of a prediction, each of ``per_part`` pictures but for the last."""
    chunks: list[Chunk] = []
    for start in range(0, len(found), per_part):
        paths = tuple(item.path for item in found[start : start + per_part])
        mine = tuple(names[start : start + per_part])
        made_from = digest(
            settings_digest, [(ascii(str(n)), *_told(path)) for n, path in zip(mine, paths, strict=True)]
        )
        chunks.append(Chunk(len(chunks), paths, mine, made_from))
    return chunks


def _told(path: Path) -> tuple[str, int, int]:
    """Returns path, size and time of change of a file; a file that is gone is told apart, and named by its reader."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return ascii(str(path)), -1, -1
    return ascii(str(path)), info.st_size, info.st_mtime_ns
