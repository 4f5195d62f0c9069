import json

import numpy as np
import pytest

from inkpose.cli import main
from inkpose.index.labelled_poses import LabelledPoses, draw_spec, drawn_specs, read_groups, seen_groups, true_poses
from inkpose.index.retrieval_metrics import METHODS, ranking_score, score_retrieval
from shared.errors import DataError


def test_ranking_by_hand():
    # Query 0 (group a): order b, a, a. AP = (1/2 + 2/3) / 2. The other queries of group a find theirs first.
    unlike = np.array([[9, 2, 3, 1], [1, 9, 2, 3], [2, 1, 9, 3], [1, 2, 3, 9]], float)
    score = ranking_score(unlike, np.array([0, 0, 0, 1]), np.ones(4, bool))
    assert score.queries == 3
    assert score.precision_at_1 == pytest.approx(2 / 3)
    assert score.precision_at_5 == pytest.approx((1 / 2 + 1 + 1) / 3)  # among two, as each has two others
    assert score.mean_average_precision == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 + 1) / 3)


def test_a_pose_that_is_not_seen_counts_as_nothing_found():
    unlike = np.array([[9, 1, 2], [1, 9, 2], [1, 2, 9]], float)
    score = ranking_score(unlike, np.array([0, 0, 0]), np.array([True, True, False]))
    assert (score.queries, score.without_pose) == (3, 1)
    assert score.precision_at_1 == pytest.approx(2 / 3)
    assert score.mean_average_precision == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_no_groups():
    with pytest.raises(DataError, match="no pose group"):
        ranking_score(np.zeros((2, 2)), np.array([0, 1]), np.ones(2, bool))


@pytest.fixture(scope="module")
def truth():
    return true_poses(drawn_specs(16, 6, seed=2))


def test_ours_finds_drawn_poses_and_beats_the_papers(truth):
    scores = {method: score_retrieval(truth, method) for method in METHODS}
    assert scores["inkpose"].precision_at_5 >= 0.9
    assert scores["inkpose"].mean_average_precision > scores["paper"].mean_average_precision + 0.1
    worn = truth.worn()
    better = score_retrieval(worn, "inkpose + rerank").precision_at_5
    assert better > score_retrieval(worn, "inkpose").precision_at_5 > score_retrieval(worn, "paper").precision_at_5


def test_mirrored_groups_need_the_mirror(truth):
    from inkpose.index.descriptor import mirror

    half = truth.keypoints.copy()
    half[::2] = mirror(half[::2])
    boxes = truth.boxes_xywh.copy()
    boxes[::2, 0] = -boxes[::2, 0] - boxes[::2, 2]
    poses = LabelledPoses(half, boxes, truth.groups)
    for method in ("inkpose", "inkpose + rerank"):
        assert score_retrieval(poses, method, mirrored=True).precision_at_5 > 0.85
        assert score_retrieval(poses, method).precision_at_5 < 0.75


def test_groups_are_drawn_again_the_same_and_differ_in_dress():
    first, second = (drawn_specs(2, 2, seed=5) for _ in range(2))
    assert first == second
    assert first[0][0].pose == first[1][0].pose != first[2][0].pose
    assert first[0][0].size != first[1][0].size
    picture = draw_spec(first[0][0])
    assert picture.shape == (256, 256, 3)
    dark = np.argwhere(picture.min(axis=2) < 250)
    assert np.ptp(dark, axis=0).max() > 0.6 * 256


def test_groups_of_a_csv(tmp_path, pipeline, draw):
    for name in ("a", "b", "c"):
        draw(tmp_path / f"{name}.png")
    draw(tmp_path / "none.png", blocks=())
    (tmp_path / "g.csv").write_text("path,group\na.png,run\nb.png,run\nc.png,sit\nnone.png,sit\n")
    poses = seen_groups(read_groups(tmp_path / "g.csv"), pipeline)
    assert poses.groups.tolist() == [0, 0, 1, 1]
    assert poses.boxes_xywh[0].tolist() == [10, 5, 20, 30]
    assert np.isnan(poses.keypoints[3, :, 0]).all()
    assert score_retrieval(poses, "inkpose").without_pose == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("picture,group\na.png,1\n", ":1: needs the columns"),
        ("", ":1: needs the columns"),
        ("path,group\nnowhere.png,1\n", ":2: no picture"),
        ("path,group\na.png,\n", ":2: no group"),
        ("path,group\na.png,1\n", "no group has two"),
    ],
)
def test_bad_csv(tmp_path, draw, text, words):
    draw(tmp_path / "a.png")
    (tmp_path / "g.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        read_groups(tmp_path / "g.csv")


def test_the_command(tmp_path, capsys):
    out = tmp_path / "r.json"
    assert main(["eval", "retrieval", "--joints-only", "--groups", "5", "--size", "3", "--json", str(out)]) == 0
    assert "precision@5" in capsys.readouterr().out
    rows = json.loads(out.read_text())
    assert [(row["poses"], row["method"]) for row in rows[:4]] == [("true joints", method) for method in METHODS]
    assert main(["eval", "retrieval", "--csv", "g.csv", "--joints-only"]) == 2
    assert main(["eval", "retrieval", "--csv", str(tmp_path / "no.csv")]) == 2
    assert "no such file" in capsys.readouterr().err
