"""The order of a training that reads shards: shuffled, with few of them open at a time, apart for each process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from shared.datamodules.sampling import Progress, ResumableSampler
from shared.image_files import PictureFile
from shared.shards.members import Member

#: Shards whose samples are mixed with each other: the more, the better the shuffle and the more are open.
MIXED = 16


def shard_order(shards: NDArray[np.int64], rng: np.random.Generator, mixed: int = MIXED) -> NDArray[np.int64]:
    """Returns a permutation of the samples in which each shard is used up within a stretch, and then no more.

    The shards are shuffled and laid on a ring; each sample gets a chance place within the ``mixed`` shards from its own
    on. So at any moment about ``mixed`` shards are being read, and a shard's samples are spread evenly among them.

    Args:
        shards: ``(N,)``, the shard of each sample, 0 … n-1.
        rng: where the chance comes from.
        mixed: see above; with no more shards than this the permutation is a plain one.
    """
    count = int(shards.max(initial=0)) + 1
    if count <= mixed:
        return rng.permutation(len(shards))
    place = rng.permutation(count)[shards] + mixed * rng.random(len(shards))
    return np.argsort(place % count, kind="stable").astype(np.int64)


class ShardSampler(ResumableSampler):
    """Walks the stream of :func:`shard_order` permutations; a process takes one stretch of each epoch.

    As with :class:`ResumableSampler`, what comes when is a function of seed and place alone: all processes have equally
    many full batches, every sample is drawn as often as every other, and a run goes on anywhere. Its reading processes
    share the stretch batch by batch, so their number changes nothing.

    Args:
        shards: ``(N,)``, the shard of each sample.
        batch_size: as there, and so the others.
        seed: of the permutations.
        samples_per_epoch: over all processes.
        rank: this process.
        num_replicas: number of processes.
        progress: where to begin.
        batches_per_step: as there.
    """

    def __init__(
        self,
        shards: NDArray[np.int64],
        batch_size: int,
        seed: int = 0,
        samples_per_epoch: int | None = None,
        rank: int = 0,
        num_replicas: int = 1,
        progress: Callable[[], Progress] | None = None,
        batches_per_step: int = 1,
    ) -> None:
        size = len(shards)
        super().__init__(size, batch_size, seed, samples_per_epoch, rank, num_replicas, progress, batches_per_step)
        self._shards = np.unique(shards, return_inverse=True)[1].astype(np.int64)

    def position(self, epoch: int, place: int) -> int:
        """Returns the place in the stream: rank ``r`` of ``R`` takes the ``r``-th of ``R`` equal stretches."""
        return (epoch * self.num_replicas + self.rank) * len(self) + place

    def permutation(self, number: int) -> NDArray[np.int64]:
        """Returns the order of pass ``number``."""
        return shard_order(self._shards, np.random.default_rng([self.seed, number]))


def shards_of(pictures: Sequence[PictureFile]) -> NDArray[np.int64] | None:
    """Returns a number for the shard of each picture, the same for files on disk; None where all are on disk."""
    names = [str(p.location) + p.row.shard if isinstance(p, Member) else "" for p in pictures]
    if not any(names):
        return None
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
