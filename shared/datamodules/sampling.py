"""Which sample comes when, as a function of seed and position alone: nothing is stored, everything can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DistributedSampler


class Draw(NamedTuple):
    """One place of the endless training stream: which sample, and the number that seeds its augmentation."""

    sample: int
    position: int


class Progress(NamedTuple):
    """Where a run stands: whole epochs done, and batches done of the one begun."""

    epoch: int
    batches_done: int


# Being a DistributedSampler keeps Lightning from putting its own, padding and stateful, in its place.
class ResumableSampler(DistributedSampler[Draw]):
    """Walks one endless stream of permutations of ``range(set_size)``, cut into epochs of whole batches.

    Pass ``k`` through the set is a permutation seeded by ``(seed, k)``. An epoch is ``batches_per_epoch`` full batches
    of every rank, wherever it ends in a pass: every sample is drawn as often as every other, whether an epoch is
    shorter or longer than the set. The stream is dealt out in whole batches: batch ``i`` of rank ``r`` of ``R`` is the
    stream's batch ``i R + r``. So ``R`` ranks, and one that accumulates ``R`` batches, step on the same batches.

    Args:
        set_size: number of samples.
        batch_size: samples of one rank's batch.
        seed: of the permutations.
        samples_per_epoch: over all ranks; rounded down to whole steps, at least one. None is ``set_size``.
        batches_per_step: batches of a rank that one optimiser step accumulates; an epoch is whole steps.
        rank: this process.
        num_replicas: number of processes.
        progress: asked at each start of an epoch's iteration where to begin; None starts at the epoch of
            :meth:`set_epoch`.

    Raises:
        ValueError: a size or rank out of range.
    """

    def __init__(
        self,
        set_size: int,
        batch_size: int,
        seed: int = 0,
        samples_per_epoch: int | None = None,
        rank: int = 0,
        num_replicas: int = 1,
        progress: Callable[[], Progress] | None = None,
        batches_per_step: int = 1,
    ) -> None:
        sizes = (set_size, batch_size, samples_per_epoch or 1, batches_per_step)
        if min(sizes) < 1 or not 0 <= rank < num_replicas:
            raise ValueError(
                f"set_size {set_size}, batch_size {batch_size}, samples_per_epoch {samples_per_epoch}, "
                f"batches_per_step {batches_per_step} must be ≥ 1, rank {rank} in [0, {num_replicas})"
            )
        super().__init__(range(set_size), num_replicas=num_replicas, rank=rank, seed=seed)  # type: ignore[arg-type]
        self.set_size, self.batch_size = set_size, batch_size
        wanted = set_size if samples_per_epoch is None else samples_per_epoch
        steps = max(1, wanted // (batch_size * num_replicas * batches_per_step))
        self.batches_per_epoch = steps * batches_per_step
        self._progress = progress
        self._pass: tuple[int, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return self.batches_per_epoch * self.batch_size

    def __iter__(self) -> Iterator[Draw]:
        epoch, batches_done = self._progress() if self._progress is not None else Progress(self.epoch, 0)
        # Not a generator itself: the place is asked for now, not at the first ``next``.
        return self._walk(epoch, batches_done)

    def _walk(self, epoch: int, batches_done: int) -> Iterator[Draw]:
        for place in range(batches_done * self.batch_size, len(self)):
            yield self.draw(epoch, place)

    def draw(self, epoch: int, place: int) -> Draw:
        """Returns this rank's sample number ``place`` of an epoch."""
        position = self.position(epoch, place)
        number, offset = divmod(position, self.set_size)
        if self._pass is None or self._pass[0] != number:
            self._pass = number, self.permutation(number)
        return Draw(int(self._pass[1][offset]), position)

    def position(self, epoch: int, place: int) -> int:
        """Returns the place in the endless stream of this rank's sample number ``place`` of an epoch."""
        batch, offset = divmod(epoch * len(self) + place, self.batch_size)
        return (batch * self.num_replicas + self.rank) * self.batch_size + offset

    def permutation(self, number: int) -> NDArray[np.int64]:
        """Returns the order of pass ``number`` through the set."""
        return np.random.default_rng([self.seed, number]).permutation(self.set_size)


class UnpaddedSampler(DistributedSampler[int]):
    """Deals ``range(set_size)`` out to the ranks in order, each sample once; ranks differ by at most one sample."""

    def __init__(self, set_size: int, rank: int = 0, num_replicas: int = 1) -> None:
        super().__init__(range(set_size), num_replicas=num_replicas, rank=rank, shuffle=False)  # type: ignore[arg-type]
        self._indices = range(rank, set_size, num_replicas)

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)


def equal_batch_count_size(set_size: int, batch_size: int, num_replicas: int) -> int:
    """Returns the batch size nearest to ``batch_size`` with which all ranks have equally many unpadded batches.

    With an unequal number, the rank with one more would wait for the others for ever (networks with buffers, such as
    BatchNorm's, are synchronised at each step).

    Raises:
        ValueError: there are more ranks than samples, so that no size can do it.
    """
    fewest, rest = divmod(set_size, num_replicas)
    if fewest == 0 and rest:
        raise ValueError(f"set_size {set_size} is smaller than the number of processes, {num_replicas}")
    if rest == 0:
        return batch_size
    candidates: list[int] = [*range(batch_size, 1, -1), *range(batch_size + 1, fewest + 2)]
    return next(size for size in candidates if fewest % size)  # else one sample more is one batch more
