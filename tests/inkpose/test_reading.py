from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inkpose.reading import read_batches
from shared.images import write_png


@pytest.fixture
def paths(tmp_path):
    made = []
    for number, (width, height) in enumerate([(10, 10), (10, 10), (40, 30), (10, 10), (10, 10), (10, 10)]):
        made.append(tmp_path / f"{number}.png")
        write_png(made[-1], np.full((height, width, 3), number, np.uint8))
    return made


def batches(paths, **options):
    with ThreadPoolExecutor(2) as pool:
        return [[read.index for read in batch] for batch in read_batches(paths, pool, **options)]


def test_batches_are_bounded_by_number(paths):
    assert batches(paths, batch_size=4) == [[0, 1, 2, 3], [4, 5]]


def test_batches_are_bounded_by_pixels_and_large_pictures_stand_alone(paths):
    assert batches(paths, batch_size=4, batch_pixels=300) == [[0, 1], [2], [3, 4, 5]]


def test_content_and_order(paths):
    with ThreadPoolExecutor(3) as pool:
        reads = [read for batch in read_batches(paths, pool, batch_size=2) for read in batch]
    assert [int(read.image[0, 0, 0]) for read in reads] == [0, 1, 2, 3, 4, 5]
    assert all(read.image.shape[2] == 3 for read in reads)


def test_at_most_two_batches_are_read_before_they_are_asked_for(paths):
    started = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, *args, **kwargs):
            started.append(args[0])
            return super().submit(fn, *args, **kwargs)

    with Counting(2) as pool:
        stream = read_batches(paths, pool, batch_size=2)
        next(stream)
        assert started == [0, 1, 2, 3]


def test_unreadable_picture_is_an_error_in_its_place(paths):
    paths[1].write_bytes(b"")
    with ThreadPoolExecutor(2) as pool:
        [batch] = list(read_batches(paths, pool, batch_size=10))
    assert [read.error is None for read in batch] == [True, False, True, True, True, True]
    assert batch[1].image is None
