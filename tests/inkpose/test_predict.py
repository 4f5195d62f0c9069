import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from inkpose.predict import predict_to_folder
from inkpose.writing import picture_ids
from shared.errors import DataError, UsageError
from shared.images import encode_png, read_mask, read_rgba
from shared.keypoints.schema import COCO_17


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def test_the_files_of_a_run(pipeline, draw, tmp_path):
    pics, out = tmp_path / "pics", tmp_path / "out"
    draw(pics / "a.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    draw(pics / "sub/b.png", blocks=())
    outcome = predict_to_folder(pipeline, [pics], out)
    assert (outcome.pictures, outcome.characters, outcome.failures) == (2, 2, [])
    assert files(out) == {
        "predictions.jsonl", "coco_images.json", "coco_keypoints.json",
        "masks/a.0.png", "masks/a.1.png", "cutouts/a.0.png", "cutouts/a.1.png", "overlays/a.png", "overlays/sub/b.png",
    }  # fmt: skip
    first, second = lines(out)
    assert first["image"] == str(pics / "a.png")
    assert (first["width"], first["height"], first["error"]) == (60, 40, None)
    assert first["tags"][0] == {"name": "solo", "group": "count", "score": 0.9}
    character = first["characters"][0]
    assert character["box_xywh"] == [10, 5, 20, 30]
    assert len(character["keypoints"]) == 17
    assert character["keypoints"][0] == [pytest.approx(10.4), pytest.approx(5.6), 0.5]
    assert character["keypoints"][16] == [None, None, 0.01]
    assert second["characters"] == []
    mask, cutout = read_mask(out / character["mask"]), read_rgba(out / character["cutout"])
    assert mask.shape == (40, 60)
    assert set(np.unique(mask)) == {0, 255}
    assert cutout.shape == (40, 60, 4)
    assert (cutout[8:32, 13:27, 3] == 255).all()


def test_bad_pictures_stop_nothing(pipeline, draw, tmp_path):
    pics = tmp_path / "pics"
    whole = draw(pics / "good.png").read_bytes()
    (pics / "empty.png").write_bytes(b"")
    (pics / "cut.png").write_bytes(whole[: len(whole) // 2])
    (pics / "text.png").write_text("I am no picture")
    outcome = predict_to_folder(pipeline, [pics], tmp_path / "out", batch_size=2)
    by_name = {Path(line["image"]).name: line for line in lines(tmp_path / "out")}
    assert [name for name, line in by_name.items() if line["error"]] == ["cut.png", "empty.png", "text.png"]
    for name in ("cut.png", "empty.png", "text.png"):
        assert name in by_name[name]["error"]
        assert "\n" not in by_name[name]["error"]
        assert by_name[name]["width"] is None
    assert len(outcome.failures) == 3
    assert by_name["good.png"]["characters"]


def test_pixel_limit(pipeline, draw, tmp_path):
    draw(tmp_path / "pics/a.png", width=60, height=40)
    outcome = predict_to_folder(pipeline, [tmp_path / "pics"], tmp_path / "out", pixel_limit=2399)
    assert "limit" in outcome.failures[0]
    assert predict_to_folder(pipeline, [tmp_path / "pics"], tmp_path / "out", pixel_limit=2400).failures == []


def test_collisions_keep_all_results(pipeline, draw, tmp_path):
    for name in ("one/a.png", "one/a.bmp.png", "two/a.png"):
        draw(tmp_path / name)
    (tmp_path / "one/a.webp").write_bytes((tmp_path / "one/a.png").read_bytes())
    predict_to_folder(pipeline, [tmp_path / "one", tmp_path / "two"], tmp_path / "out")
    masks = {character["mask"] for line in lines(tmp_path / "out") for character in line["characters"]}
    assert masks == {"masks/one/a.png.0.png", "masks/one/a.webp.0.png", "masks/one/a.bmp.0.png", "masks/two/a.0.png"}
    assert all((tmp_path / "out" / mask).is_file() for mask in masks)


def test_second_run_replaces_the_first_and_reads_no_results(pipeline, draw, tmp_path):
    draw(tmp_path / "a.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    draw(tmp_path / "b.png")
    out = tmp_path / "out"  # below the input folder
    predict_to_folder(pipeline, [tmp_path], out)
    draw(tmp_path / "a.png", blocks=((10, 5, 30, 35),))
    (tmp_path / "b.png").unlink()
    (out / "masks/mine.png").write_bytes(b"not a result of ours")
    predict_to_folder(pipeline, [tmp_path], out)
    assert [Path(line["image"]).name for line in lines(out)] == ["a.png"]
    assert files(out) == {
        "predictions.jsonl", "coco_images.json", "coco_keypoints.json",
        "masks/a.0.png", "masks/mine.png", "cutouts/a.0.png", "overlays/a.png",
    }  # fmt: skip


def test_stale_list_cannot_remove_other_files(pipeline, draw, tmp_path):
    draw(tmp_path / "pics/a.png")
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"x")
    out = tmp_path / "out"
    out.mkdir()
    lie = {
        "overlay": "masks/../../precious.png",
        "characters": [{"mask": str(precious), "cutout": "predictions.jsonl"}],
    }
    (out / "predictions.jsonl").write_text(json.dumps(lie) + "\nnot json")
    predict_to_folder(pipeline, [tmp_path / "pics"], out)
    (out / "predictions.jsonl").write_text(json.dumps(lie) + "\n")
    predict_to_folder(pipeline, [tmp_path / "pics"], out)
    assert precious.exists()
    assert (out / "predictions.jsonl").exists()


def test_out_is_a_file(pipeline, draw, tmp_path):
    picture = draw(tmp_path / "a.png")
    with pytest.raises(UsageError, match="is a file"):
        predict_to_folder(pipeline, [picture], picture)
    with pytest.raises(UsageError, match="below a file"):
        predict_to_folder(pipeline, [picture], picture / "out")


def test_missing_input_and_folder_without_pictures(pipeline, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        predict_to_folder(pipeline, [tmp_path / "nowhere"], tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        predict_to_folder(pipeline, [tmp_path / "empty"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_that_are_not_text(pipeline, tmp_path):
    pics = tmp_path / "pics"
    pics.mkdir()
    name = os.fsdecode(b"caf\xe9.png")
    (pics / name).write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
    predict_to_folder(pipeline, [pics], tmp_path / "out")
    assert lines(tmp_path / "out")[0]["image"].endswith("caf\\udce9.png")


def test_pycocotools_scores_the_results(pipeline, draw, tmp_path):
    # Ground truth: exactly the joints that the stand-in net gives, so average precision must be 1.
    pics, out = tmp_path / "pics", tmp_path / "out"
    draw(pics / "7.png", width=200, height=200, blocks=((20, 30, 120, 180),))
    draw(pics / "12.png", width=200, height=200, blocks=())
    predict_to_folder(pipeline, [pics], out)
    share = (np.arange(17) + 0.5) / 25
    points = [[20 + 100 * s, 30 + 150 * s, 2] for s in share]
    points[16] = [0, 0, 0]
    frame = json.loads((out / "coco_images.json").read_text())
    assert [(image["id"], Path(image["file_name"]).name) for image in frame["images"]] == [(7, "7.png"), (12, "12.png")]
    truth = {
        **frame,
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "area": 15000.0, "bbox": [20, 30, 100, 150],
             "num_keypoints": 16, "keypoints": [v for point in points for v in point]},
        ],
    }  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    COCO(str(out / "coco_images.json"))
    truth_coco = COCO(str(tmp_path / "truth.json"))
    results = truth_coco.loadRes(str(out / "coco_keypoints.json"))
    scoring = COCOeval(truth_coco, results, "keypoints")
    scoring.params.kpt_oks_sigmas = np.array(COCO_17.sigmas)
    scoring.evaluate()
    scoring.accumulate()
    scoring.summarize()
    assert scoring.stats[0] == pytest.approx(1.0)


def test_absent_joints_are_zeros_in_coco(pipeline, draw, tmp_path):
    draw(tmp_path / "pics/a.png")
    predict_to_folder(pipeline, [tmp_path / "pics"], tmp_path / "out")
    [result] = json.loads((tmp_path / "out/coco_keypoints.json").read_text())
    assert len(result["keypoints"]) == 51
    assert result["keypoints"][48:] == [0, 0, 0]
    assert result["score"] == pytest.approx(0.95 * 0.5, abs=1e-4)


def test_picture_ids():
    assert picture_ids(["x/12.png", "y/0007.jpg"]) == [12, 7]
    assert picture_ids(["x/12.png", "y/012.jpg"]) == [1, 2]
    assert picture_ids(["x/12.png", "y/b.jpg"]) == [1, 2]


def test_results_are_the_same_for_any_batch_size(pipeline, draw, tmp_path):
    for number in range(7):
        draw(tmp_path / f"pics/{number}.png", width=40 + number, blocks=((5, 5, 20 + number, 30),))
    for size in (1, 3, 16):
        predict_to_folder(pipeline, [tmp_path / "pics"], tmp_path / f"out{size}", batch_size=size)
    texts = {(tmp_path / f"out{size}/predictions.jsonl").read_text() for size in (1, 3, 16)}
    assert len(texts) == 1


def test_interrupt_leaves_nothing_half_written(draw, tmp_path):
    for number in range(4):
        draw(tmp_path / f"pics/{number}.png")
    code = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
        sys.path.insert(0, sys.argv[1])
        from conftest import FakePose, FakeSegmenter, FakeTagger
        from inkpose.pipeline import Pipeline
        from inkpose.predict import predict_to_folder
        seen = 0
        def stop():
            global seen
            seen += 1
            if seen == 2:
                os.kill(os.getpid(), signal.SIGINT)
        pipeline = Pipeline(FakeTagger(), FakeSegmenter(), FakePose())
        predict_to_folder(pipeline, [Path(sys.argv[2])], Path(sys.argv[3]), batch_size=1, on_picture=stop)
        """
    )
    arguments = [str(Path(__file__).parent), str(tmp_path / "pics"), str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=Path(__file__).parents[2], capture_output=True, timeout=60
    )
    assert done.returncode in (-signal.SIGINT, 1)
    left = files(tmp_path / "out")
    assert "masks/0.0.png" in left
    assert not any(name.endswith(".part") or name.endswith((".json", ".jsonl")) for name in left)
