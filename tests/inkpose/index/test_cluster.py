import numpy as np
import pytest

from inkpose.index.cluster import k_means, nearest, pose_groups
from inkpose.index.schema import Figure, Picture
from tests.inkpose.index.poses_fixture import pose


def blobs(seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    return np.concatenate([c + rng.normal(0, 0.3, (n, 2)) for c, n in zip(centres, (50, 30, 20), strict=True)]).astype(
        np.float32
    )


def test_k_means_finds_blobs():
    centres = k_means(blobs(), 3)
    assert sorted(np.round(centres).tolist()) == [[0, 0], [0, 10], [10, 0]]
    np.testing.assert_array_equal(k_means(blobs(), 3, seed=4), k_means(blobs(), 3, seed=4))


def test_nearest_is_brute_force():
    rng = np.random.default_rng(0)
    vectors, centres = rng.normal(size=(500, 7)).astype(np.float32), rng.normal(size=(9, 7)).astype(np.float32)
    number, distance = nearest(vectors, centres)
    table = ((vectors[:, None] - centres) ** 2).sum(axis=2)
    np.testing.assert_array_equal(number, table.argmin(axis=1))
    np.testing.assert_allclose(distance, table.min(axis=1), atol=1e-4)


def test_fewer_different_vectors_than_centres():
    assert len(k_means(np.zeros((10, 3), np.float32), 4)) == 1
    with pytest.raises(ValueError, match="at least 1"):
        k_means(np.zeros((0, 3), np.float32), 4)


def test_groups_of_poses(index):
    rng = np.random.default_rng(0)
    with index.writing():
        pictures = []
        for number in range(40):
            points = pose(arms_up=number < 10)
            points[:, :2] += rng.normal(0, 1, (17, 2))
            tags = ["up"] if number < 10 else ["down"]
            pictures.append(Picture(f"/p/{number:02d}.png", 120, 120, tags, [Figure((0, 0, 120, 120), points)]))
        index.add(pictures)
    groups = pose_groups(index, 2, examples=3)
    assert [group.size for group in groups] == [30, 10]
    assert [group.medoid.tags for group in groups] == [["down"], ["up"]]
    assert [len(group.examples) for group in groups] == [3, 3]
    assert groups[0].medoid not in groups[0].examples
    assert all(0 <= v <= 1 for group in groups for v in group.place_xy)
    assert [group.size for group in pose_groups(index, 3, tags="up")] == sorted(
        (group.size for group in pose_groups(index, 3, tags="up")), reverse=True
    )
    assert sum(group.size for group in pose_groups(index, tags="up")) == 10


def test_groups_of_an_empty_index(index):
    assert pose_groups(index) == []
