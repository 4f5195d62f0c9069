"""DataLoaders of all datamodules: resumable for training, unpadded for evaluation, channels_last batches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from shared.augment import seed_worker
from shared.datamodules.sampling import (
    Draw,
    Progress,
    ResumableSampler,
    UnpaddedSampler,
    equal_batch_count_size,
)
from shared.datamodules.shard_sampling import ShardSampler
from shared.errors import DataError

logger = logging.getLogger(__name__)

Sample = dict[str, Any]
Batch = dict[str, Tensor]


class SampleSource(Protocol):
    """What a task gives: how many samples there are, and how to make one."""

    def __len__(self) -> int: ...

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns sample ``index``, clean when ``rng`` is None, else augmented by it.

        Pictures are ``(H, W, C)`` or ``(H, W)`` uint8; the batch turns them to ``(B, C, H, W)``.
        """
        ...


class SampleDataset(Dataset[Sample]):
    """A source as a PyTorch data set; keys are plain indices (clean) or :class:`Draw` (augmented).

    In training an unreadable picture is reported and the next one is taken, so that one bad file among millions
    does not end a run; in evaluation it is an error, because the numbers must stand for the whole set.
    """

    def __init__(self, source: SampleSource, seed: int = 0, augment: bool = True) -> None:
        self.source, self.seed, self.augment = source, seed, augment
        # Where seed_worker looks for the colour streams.
        self.color = getattr(source, "color", None)
        # (N,), which shard each sample lies in; None where they are files of their own.
        self.shards: NDArray[np.int64] | None = getattr(source, "shards", None)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, key: int | Draw) -> Sample:
        if not isinstance(key, Draw):
            return self.source.sample(key, None)
        for attempt in range(10):
            index = (key.sample + attempt) % len(self.source)
            rng = np.random.default_rng([self.seed, key.position, attempt]) if self.augment else None
            try:
                return self.source.sample(index, rng)
            except DataError as error:
                logger.warning("%s (skipped in training; the next sample takes its place)", error)
                last = error
        raise DataError(f"{last} (and nine samples after it are unreadable too)")


class ResumableLoader(DataLoader[Sample]):
    """A loader whose sampler knows where to go on; the empty state tells Lightning so (it warns otherwise)."""

    def state_dict(self) -> dict[str, Any]:
        """Returns nothing: the position is a function of the trainer's progress."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes nothing."""


def collate(samples: Sequence[Sample]) -> Batch:
    """Stacks samples; ``(H, W)`` and ``(H, W, C)`` uint8 become ``(B, C, H, W)`` tensors in channels_last memory."""
    batch: Batch = {}
    for key in samples[0]:
        stacked = np.stack([np.asarray(sample[key]) for sample in samples])
        tensor = torch.from_numpy(stacked)
        if tensor.dtype == torch.uint8 and tensor.ndim >= 3:
            tensor = tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor.unsqueeze(1)
        batch[key] = tensor
    return batch


def progress_of(trainer: Trainer, batches_per_epoch: int) -> Progress:
    """Returns where the training stream of a trainer goes on, also right after a checkpoint was restored.

    Args:
        trainer: asked for the training batches of its whole life. (Its epoch counter is of no use: with ``max_steps``
            it counts an epoch twice when resumed from a checkpoint saved after validation.)
        batches_per_epoch: length of the loader.
    """
    limit = trainer.limit_train_batches
    limited = min(batches_per_epoch, limit) if isinstance(limit, int) else int(batches_per_epoch * limit)
    # ``processed`` is what counts: a checkpoint is saved before ``completed`` follows it.
    done: int = trainer.fit_loop.epoch_loop.batch_progress.total.processed  # type: ignore[attr-defined]
    return Progress(*divmod(done, max(1, limited)))


def train_loader(
    dataset: SampleDataset,
    batch_size: int,
    num_workers: int,
    samples_per_epoch: int | None,
    trainer: Trainer | None,
) -> ResumableLoader:
    """Returns the training loader: full batches of the endless stream, resumed where ``trainer`` stands."""
    if len(dataset) == 0:
        raise DataError("training split: no samples; check the data folder and the filters")
    rank, ranks = (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)
    progress = None if trainer is None else lambda: progress_of(trainer, sampler.batches_per_epoch)
    per_step = 1 if trainer is None else trainer.accumulate_grad_batches
    common = (batch_size, dataset.seed, samples_per_epoch, rank, ranks, progress, per_step)
    sampler: ResumableSampler
    if dataset.shards is None:
        sampler = ResumableSampler(len(dataset), *common)
    else:
        sampler = ShardSampler(dataset.shards, *common)
    return ResumableLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=collate,
        drop_last=True,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=num_workers > 0,
        worker_init_fn=seed_worker,
    )


def eval_loader(
    dataset: SampleDataset, batch_size: int, num_workers: int, trainer: Trainer | None
) -> DataLoader[Sample]:
    """Returns a loader that gives each sample once, over all ranks, in order and clean."""
    if len(dataset) == 0 and trainer is not None and trainer.is_global_zero:
        fits = trainer.state.fn == TrainerFn.FITTING
        meaning = "; no best.ckpt is chosen, last.ckpt has the last weights" if fits else ""
        logger.warning("evaluation split: no samples%s", meaning)
    ranks = trainer.world_size if trainer is not None else 1
    sampler = UnpaddedSampler(len(dataset), trainer.global_rank if trainer is not None else 0, ranks)
    try:
        size = equal_batch_count_size(len(dataset), batch_size, ranks)
    except ValueError as error:
        raise DataError(f"evaluation split: {error}; use fewer processes or more data") from None
    return DataLoader(
        dataset,
        batch_size=size,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=num_workers > 0,
        worker_init_fn=seed_worker,
    )
