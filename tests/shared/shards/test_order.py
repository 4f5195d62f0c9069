"""The order of a training from shards, against its promises."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.datamodules.sampling import Draw, Progress
from shared.datamodules.shard_sampling import ShardSampler, shard_order


def numbers(sizes: list[int], seed: int) -> np.ndarray:
    shards = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(seed).permutation(shards)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(1, 5), st.integers(1, 4),
    st.one_of(st.none(), st.integers(1, 90)), st.integers(0, 2**31),
)  # fmt: skip
def test_every_sample_comes_equally_often_and_no_rank_has_more(
    sizes: list[int], batch: int, ranks: int, samples: int | None, seed: int
) -> None:
    shards = numbers(sizes, seed)
    samplers = [ShardSampler(shards, batch, seed, samples, rank, ranks) for rank in range(ranks)]
    counts, positions = Counter[int](), []
    for epoch in range(3):
        draws: list[Draw] = []
        for sampler in samplers:
            sampler.set_epoch(epoch)
            mine = list(sampler)
            assert len(mine) == len(sampler) == sampler.batches_per_epoch * batch
            draws += mine
        counts.update(draw.sample for draw in draws)
        positions += [draw.position for draw in draws]
    assert sorted(positions) == list(range(len(positions)))
    assert max(counts.values()) - min(counts.get(i, 0) for i in range(len(shards))) <= 1


def test_two_ranks_share_an_epoch_without_a_sample_twice() -> None:
    shards = numbers([7, 1, 12, 4], 0)
    seen = [[draw.sample for draw in ShardSampler(shards, 4, 5, None, rank, 2)] for rank in (0, 1)]
    assert [len(part) for part in seen] == [12, 12]
    assert sorted(seen[0] + seen[1]) == list(range(24))


def test_few_shards_are_open_at_a_time_and_the_shuffle_is_wide() -> None:
    shards = np.repeat(np.arange(100), 50)
    order = shard_order(shards, np.random.default_rng(0), mixed=8)
    assert sorted(order) == list(range(5000))
    read = shards[order]
    windows = [len(set(read[start : start + 50])) for start in range(0, 4950, 50)]
    assert max(windows) <= 10  # one shard's worth of samples is out of nine shards, and the border of the next
    assert np.mean(windows) > 7.5
    places = np.array([np.flatnonzero(read == shard) for shard in range(100)])
    stretch = np.ptp(np.sort((places - places[:, :1]) % 5000), axis=1)
    assert np.median(stretch) < 8.5 * 50
    # A rank of four reads a quarter of the shards and those that reach into its stretch.
    assert len(set(read[:1250])) <= 25 + 9
    # The shards' order is another in each pass, and so is the order within.
    again = shards[shard_order(shards, np.random.default_rng(1), mixed=8)]
    assert np.abs(np.corrcoef(read, again)[0, 1]) < 0.3


def test_few_shards_are_shuffled_as_one() -> None:
    shards = np.repeat(np.arange(4), 25)
    first = shards[shard_order(shards, np.random.default_rng(0))][:20]
    assert set(first) == {0, 1, 2, 3}


def test_progress_says_where_to_begin() -> None:
    shards = numbers([3] * 20, 1)
    whole = ShardSampler(shards, 4, 9, 100, 1, 2)
    whole.set_epoch(2)
    now = Progress(2, 5)
    resumed = ShardSampler(shards, 4, 9, 100, 1, 2, progress=lambda: now)
    assert list(resumed) == list(whole)[20:]


def test_the_numbers_of_shards_may_have_gaps() -> None:
    spread = np.array([40, 40, 7, 1000, 7])
    dense = np.array([1, 1, 0, 2, 0])
    assert list(ShardSampler(spread, 1, 3)) == list(ShardSampler(dense, 1, 3))
