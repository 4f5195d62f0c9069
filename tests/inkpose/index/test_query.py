import json

import numpy as np
import pytest

from inkpose.index.query import query_of_box, query_of_file, query_of_picture
from shared.errors import DataError, UsageError
from tests.inkpose.index.poses_fixture import pose


def rows(points):
    return [[None if np.isnan(x) else float(x), None if np.isnan(y) else float(y), float(s)] for x, y, s in points]


def test_every_shape_of_our_own_json(tmp_path):
    points = pose()
    points[3] = [np.nan, np.nan, 0.01]
    plain = rows(points)
    person = {"keypoints": plain, "box_xywh": [1, 2, 30, 40]}
    documents = {
        "rows.json": plain,
        "flat.json": [
            0 if value is None else value for row in plain for value in ([0, 0, 0] if row[0] is None else row)
        ],
        "object.json": {"keypoints": plain},
        "coco_results.json": [{"image_id": 1, "keypoints": np.nan_to_num(points * [[1, 1, 1]]).ravel().tolist()}],
        "prediction.json": {"image": "a.png", "characters": [person]},
        "search.json": {"hits": [person]},
    }
    documents["coco_results.json"][0]["keypoints"][11] = 0  # COCO: score 0 is absent
    for name, document in documents.items():
        (tmp_path / name).write_text(json.dumps(document))
        found = query_of_file(tmp_path / name).keypoints
        np.testing.assert_allclose(found[:3], points[:3], atol=1e-4, err_msg=name)
        assert np.isnan(found[3, :2]).all(), name
    (tmp_path / "predictions.jsonl").write_text(json.dumps(documents["prediction.json"]) + "\nnot looked at\n")
    assert query_of_file(tmp_path / "predictions.jsonl").box_xywh == (1, 2, 30, 40)


def test_points_without_score_are_sure(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(pose()[:, :2].tolist()))
    assert (query_of_file(tmp_path / "p.json").keypoints[:, 2] == 1).all()


def test_coco_annotations(tmp_path):
    flat = np.column_stack([pose()[:, :2], np.full(17, 2)]).ravel().tolist()
    flat[9:12] = [0, 0, 0]
    (tmp_path / "coco.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png", "width": 120, "height": 120}],
                "categories": [{"id": 1, "name": "person"}],
                "annotations": [
                    {"id": 1, "image_id": 1, "category_id": 1, "keypoints": flat, "bbox": [40, 10, 40, 100],
                     "num_keypoints": 16, "area": 4000, "iscrowd": 0}
                ],
            }
        )
    )  # fmt: skip
    query = query_of_file(tmp_path / "coco.json")
    np.testing.assert_allclose(query.keypoints[0, :2], pose()[0, :2], atol=1e-4)
    assert np.isnan(query.keypoints[3, 0])
    with pytest.raises(DataError, match="--character 1 is not one"):
        query_of_file(tmp_path / "coco.json", character=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "not a keypoint file"),
        ("{", "not valid JSON"),
        ('{"keypoints": [[1, 2, 3]]}', "not 17 rows"),
        ('{"keypoints": [["a", 2, 1]]}', "not 17 rows"),
        ('{"characters": []}', "holds 0 character"),
        (json.dumps([[None, None, 0]] * 17), "too few joints"),
        (json.dumps([[5, 5, 1]] * 17), "too few joints"),
    ],
)
def test_files_that_are_no_pose(tmp_path, text, words):
    (tmp_path / "q.json").write_text(text)
    with pytest.raises(DataError, match=words):
        query_of_file(tmp_path / "q.json")


def test_a_picture(pipeline, draw, tmp_path):
    path = draw(tmp_path / "a.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    query = query_of_picture(path, lambda: pipeline, character=1)
    assert (query.box_xywh, query.path) == ((40, 10, 10, 10), str(path))
    with pytest.raises(DataError, match=r"2 character\(s\) are seen"):
        query_of_picture(path, lambda: pipeline, character=2)
    with pytest.raises(DataError, match=r"no character is seen.*--box"):
        query_of_picture(draw(tmp_path / "none.png", blocks=()), lambda: pipeline)


def test_a_box(draw, tmp_path):
    path = draw(tmp_path / "a.png")
    asked = []
    query = query_of_box(path, (10, 5, 20, 30), lambda image, box: asked.append(box) or pose())
    assert asked == [(10, 5, 30, 35)]
    np.testing.assert_array_equal(query.keypoints, pose())
    for box in ((10, 5, 0, 30), (60, 0, 5, 5), (-9, 0, 9, 9)):
        with pytest.raises(UsageError, match="not a part of the picture"):
            query_of_box(path, box, lambda image, box: pose())
