"""Picks posts of a manifest by tags of poses and views, as evenly over the tags as the posts allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.manifest.schema import Header
from shared.readers.places import Place
from shared.readers.ratings import Rating
from shared.readers.selection import shows_one_person

#: Back views and leaning bodies, which data sets of illustrations lack. Source: Chen & Zwicker 2022 name the first
#: four; the others, also rare in labelled data, are ours.
HARD_TAGS = (
    "from_behind", "back", "looking_back", "leaning_back",
    "leaning_forward", "bent_over", "from_side", "upside-down", "squatting", "jumping", "leg_up", "arms_up",
)  # fmt: skip

_COLUMNS = ["id", "path", "offset", "size", "rating", "tags"]


@dataclass(frozen=True)
class Candidate:
    """A post that has some of the tags asked for."""

    id: int
    place: Place
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Candidates:
    """The posts of a manifest that are wanted.

    Attributes:
        images: the manifest's image folder.
        posts: in the manifest's order.
        dropped: posts with a wanted tag that were left out, by reason.
    """

    images: Path
    posts: list[Candidate]
    dropped: Counter[str] = field(default_factory=Counter)


def find_candidates(
    manifest: Path,
    tags: Sequence[str],
    ratings: Collection[Rating],
    exclude: Collection[int] = (),
    several: bool = False,
) -> Candidates:
    """Reads a manifest row group by row group.

    Args:
        manifest: a Parquet file of ``inkpose data danbooru`` or ``folder``.
        tags: a post needs one of them.
        ratings: posts of other ratings are left out.
        exclude: ids that are labelled already.
        several: take posts with several characters, too.

    Raises:
        DataError: no such file, or not a manifest; or no post has any of the tags.
    """
    wanted, left_out = frozenset(tags), frozenset(exclude)
    posts: list[Candidate] = []
    dropped: Counter[str] = Counter()
    try:
        with pq.ParquetFile(manifest) as file:
            header = Header.from_schema(file.schema_arrow, manifest)
            for batch in file.iter_batches(batch_size=65_536, columns=_COLUMNS):
                for row in batch.to_pylist():
                    matching = tuple(tag for tag in tags if tag in wanted.intersection(row["tags"]))
                    if not matching:
                        continue
                    if row["rating"] is not None and row["rating"] not in ratings:
                        dropped[f"rating {row['rating']}"] += 1
                    elif row["id"] in left_out:
                        dropped["labelled already"] += 1
                    elif not several and not shows_one_person(tuple(row["tags"])):
                        dropped["not a single person"] += 1
                    else:
                        place = Place(row["path"], row["offset"], row["size"])
                        posts.append(Candidate(row["id"], place, matching))
    except FileNotFoundError:
        raise DataError(f"{manifest}: no such file; make it with `inkpose data danbooru`") from None
    except (OSError, pa.ArrowException, *BAD_RECORD) as error:
        raise DataError(f"{manifest}: not a readable manifest ({reason_of(error)}); make it again") from error
    if not posts:
        told = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common()) or "none has one of the tags"
        raise DataError(f"{manifest}: no post to select ({told}); choose other --tags")
    return Candidates(Path(header.images), posts, dropped)


class BalancedOrder:
    """Deals posts out so that the rarest of the tags asked for is always next.

    A post counts for all its tags. The same seed deals the same posts.
    """

    def __init__(self, posts: Sequence[Candidate], tags: Sequence[str], seed: int = 0) -> None:
        shuffled = [posts[i] for i in np.random.default_rng(seed).permutation(len(posts))]
        self._queues: dict[str, Iterator[Candidate]] = {
            tag: iter([post for post in shuffled if tag in post.tags]) for tag in tags
        }
        self._dealt: set[int] = set()
        self.counts: Counter[str] = Counter()

    def deal(self) -> Candidate | None:
        """Returns the next post and counts it; None when there is none left."""
        while self._queues:
            tag = min(self._queues, key=lambda name: self.counts[name])
            post = next((post for post in self._queues[tag] if post.id not in self._dealt), None)
            if post is None:
                del self._queues[tag]
                continue
            self._dealt.add(post.id)
            self.counts.update(post.tags)
            return post
        return None

    def refuse(self, post: Candidate) -> None:
        """Takes back the count of a dealt post whose picture cannot be used."""
        self.counts.subtract(post.tags)
