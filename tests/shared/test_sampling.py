from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.datamodules.sampling import (
    Draw,
    Progress,
    ResumableSampler,
    UnpaddedSampler,
    equal_batch_count_size,
)


def _epoch(sampler: ResumableSampler, epoch: int) -> list[Draw]:
    sampler.set_epoch(epoch)
    return list(sampler)


@settings(deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 7), st.integers(1, 3), st.one_of(st.none(), st.integers(1, 120)),
    st.integers(0, 2**31),
)  # fmt: skip
def test_every_sample_is_drawn_equally_often(size: int, batch: int, ranks: int, samples: int | None, seed: int) -> None:
    samplers = [ResumableSampler(size, batch, seed, samples, rank, ranks) for rank in range(ranks)]
    positions, counts = [], Counter()
    for epoch in range(4):
        for sampler in samplers:
            draws = _epoch(sampler, epoch)
            assert len(draws) == len(sampler) == sampler.batches_per_epoch * batch
            positions += [draw.position for draw in draws]
            counts.update(draw.sample for draw in draws)
    assert sorted(positions) == list(range(len(positions)))  # no place twice, none left out
    assert max(counts.values()) - min(counts.get(i, 0) for i in range(size)) <= 1
    assert max(counts) < size


def test_epoch_length_follows_samples_per_epoch() -> None:
    assert ResumableSampler(100, 8).batches_per_epoch == 12
    assert ResumableSampler(100, 8, samples_per_epoch=1000).batches_per_epoch == 125
    assert ResumableSampler(100, 8, samples_per_epoch=1000, num_replicas=4).batches_per_epoch == 31
    assert ResumableSampler(3, 8).batches_per_epoch == 1


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_ranks_and_accumulated_batches_are_the_same(size: int, batch: int, ranks: int, per_step: int) -> None:
    """R ranks that accumulate A batches step on the batches that one rank steps on that accumulates R · A."""

    def steps(ranks: int, per_step: int) -> list[list[list[Draw]]]:
        samplers = [ResumableSampler(size, batch, 4, 30, rank, ranks, None, per_step) for rank in range(ranks)]
        batches = [[] for _ in samplers]
        for epoch in range(2):
            for rank, sampler in enumerate(samplers):
                draws = _epoch(sampler, epoch)
                batches[rank] += [draws[i : i + batch] for i in range(0, len(draws), batch)]
        whole = [
            [part for row in batches for part in row[i : i + per_step]] for i in range(0, len(batches[0]), per_step)
        ]
        return [sorted(step) for step in whole]

    assert steps(ranks, per_step) == steps(1, ranks * per_step)


def test_order_depends_on_seed_and_pass() -> None:
    sampler = ResumableSampler(50, 5, seed=1)
    first, second = ([draw.sample for draw in _epoch(sampler, epoch)] for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first == [draw.sample for draw in _epoch(ResumableSampler(50, 5, seed=1), 0)]
    assert first != [draw.sample for draw in _epoch(ResumableSampler(50, 5, seed=2), 0)]


def test_progress_says_where_to_begin() -> None:
    now = Progress(2, 3)
    resumed = ResumableSampler(20, 4, seed=5, samples_per_epoch=30, progress=lambda: now)
    whole = ResumableSampler(20, 4, seed=5, samples_per_epoch=30)
    assert list(resumed) == _epoch(whole, 2)[12:]
    now = Progress(3, 0)
    assert list(resumed) == _epoch(whole, 3)


@pytest.mark.parametrize("bad", [{"set_size": 0}, {"batch_size": 0}, {"rank": 2}, {"samples_per_epoch": -1}])
def test_nonsense_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be ≥ 1"):
        ResumableSampler(**({"set_size": 5, "batch_size": 2, "num_replicas": 2} | bad))


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 5))
def test_evaluation_sees_each_sample_once_in_equally_many_batches(size: int, batch: int, ranks: int) -> None:
    seen = [list(UnpaddedSampler(size, rank, ranks)) for rank in range(ranks)]
    assert sorted(index for part in seen for index in part) == list(range(size))
    assert [len(UnpaddedSampler(size, rank, ranks)) for rank in range(ranks)] == [len(part) for part in seen]
    if size < ranks:
        with pytest.raises(ValueError, match="smaller than the number of processes"):
            equal_batch_count_size(size, batch, ranks)
        return
    chosen = equal_batch_count_size(size, batch, ranks)
    assert len({-(-len(part) // chosen) for part in seen}) == 1
    if size % ranks == 0:
        assert chosen == batch
