import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from inkpose.cli import main
from inkpose.segmenting.backdrop import laid_on, parse_backdrop
from inkpose.segmenting.results import Wish, parse_kinds
from inkpose.segmenting.run import segment_to_folder
from shared.errors import UsageError
from shared.images import read_mask, read_rgba, write_png

TWO = ((10, 5, 30, 35), (40, 10, 50, 20))


@pytest.fixture
def segmenter(pipeline):
    return pipeline.segmenter


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "segments.jsonl").read_text().splitlines()]


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def test_every_kind_keeps_names_and_tree(segmenter, draw, tmp_path):
    pics, out = tmp_path / "pics", tmp_path / "out"
    draw(pics / "a.png", blocks=TWO)
    draw(pics / "sub/b.png", blocks=())
    outcome = segment_to_folder(segmenter, [pics], out, Wish(("rgba", "mask", "crop", "overlay", "json")))
    assert (outcome.pictures, outcome.characters, outcome.empty, outcome.failures) == (2, 2, 1, [])
    assert files(out) == {
        "segments.jsonl", "rgba/a.png", "mask/a.png", "crop/a.0.png", "crop/a.1.png", "overlay/a.png", "json/a.json",
        "mask/sub/b.png", "overlay/sub/b.png", "json/sub/b.json",
    }  # fmt: skip
    first, second = lines(out)
    assert first["box_xywh"] == [10, 5, 40, 30]
    assert [character["box_xywh"] for character in first["characters"]] == [[10, 5, 20, 30], [40, 10, 10, 10]]
    assert first["characters"][1]["area_px"] == 100
    assert second["box_xywh"] is None
    assert second["characters"] == []
    assert json.loads((out / "json/sub/b.json").read_text())["box_xywh"] is None
    assert not read_mask(out / "mask/sub/b.png").any()


def test_mask_and_cut_out_have_the_picture_size_and_the_crop_the_box(segmenter, draw, tmp_path):
    draw(tmp_path / "a.png", blocks=TWO)
    segment_to_folder(segmenter, [tmp_path / "a.png"], tmp_path / "out", Wish(("rgba", "mask", "crop")))
    mask, rgba = read_mask(tmp_path / "out/mask/a.png"), read_rgba(tmp_path / "out/rgba/a.png")
    assert mask.shape == rgba.shape[:2] == (40, 60)
    assert (mask[5:35, 10:30] == 255).all()
    assert (mask[10:20, 40:50] == 255).all()
    assert not mask[:, 34:37].any()
    assert np.array_equal(mask, rgba[..., 3])
    assert (rgba[15, 20, :3] == (40, 20, 30)).all()
    assert read_rgba(tmp_path / "out/crop/a.1.png").shape == (16, 16, 4)  # 10 × 10 and a rim of 3


def test_largest_only_and_a_binary_mask(segmenter, draw, tmp_path):
    draw(tmp_path / "a.png", blocks=TWO)
    segment_to_folder(
        segmenter, [tmp_path / "a.png"], tmp_path / "out", Wish(("mask",), mask_format="binary", largest_only=True)
    )
    mask = read_mask(tmp_path / "out/mask/a.png")
    assert set(np.unique(mask)) == {0, 255}
    assert not mask[:, 36:].any()
    assert (mask > 0).sum() == 600


def test_transparent_parts_of_the_input_stay_transparent(segmenter, tmp_path):
    picture = np.zeros((40, 60, 4), np.uint8)  # black, but nothing is there
    picture[10:30, 10:30] = (40, 20, 30, 255)
    write_png(tmp_path / "a.png", picture)
    segment_to_folder(segmenter, [tmp_path / "a.png"], tmp_path / "out", Wish(("rgba", "mask")))
    assert lines(tmp_path / "out")[0]["box_xywh"] == [10, 10, 20, 20]
    assert np.array_equal(read_rgba(tmp_path / "out/rgba/a.png")[..., 3] > 0, picture[..., 3] > 0)
    assert np.array_equal(read_mask(tmp_path / "out/mask/a.png") > 0, picture[..., 3] > 0)


def test_a_second_run_skips_what_is_done_and_does_what_changed(segmenter, draw, tmp_path):
    pics, out = tmp_path / "pics", tmp_path / "out"
    draw(pics / "a.png")
    draw(pics / "b.png")
    assert segment_to_folder(segmenter, [pics], out, Wish()).pictures == 2
    before = (out / "rgba/a.png").stat().st_mtime_ns
    again = segment_to_folder(segmenter, [pics], out, Wish())
    assert (again.pictures, again.skipped) == (0, 2)
    assert (out / "rgba/a.png").stat().st_mtime_ns == before
    draw(pics / "a.png", blocks=())
    (out / "mask/b.png").unlink()
    draw(pics / "c.png")
    again = segment_to_folder(segmenter, [pics], out, Wish())
    assert (again.pictures, again.skipped, again.empty) == (3, 0, 1)
    assert not (out / "rgba/a.png").exists()  # nobody is there any more
    assert segment_to_folder(segmenter, [pics], out, Wish(), overwrite=True).pictures == 3
    assert segment_to_folder(segmenter, [pics], out, Wish(), settings=["other weights"]).pictures == 3
    assert segment_to_folder(segmenter, [pics], out, Wish(), settings=["other weights"], threshold=0.3).pictures == 3
    assert len(lines(out)) == 3


def test_another_kind_is_added_to_what_is_there(segmenter, draw, tmp_path):
    draw(tmp_path / "a.png")
    out = tmp_path / "out"
    segment_to_folder(segmenter, [tmp_path / "a.png"], out, Wish(("rgba",)))
    segment_to_folder(segmenter, [tmp_path / "a.png"], out, Wish(("mask", "crop")))
    assert files(out) == {"segments.jsonl", "rgba/a.png", "mask/a.png", "crop/a.0.png"}
    assert segment_to_folder(segmenter, [tmp_path / "a.png"], out, Wish(("rgba", "mask"))).skipped == 1


def test_results_among_the_inputs_are_no_inputs(segmenter, draw, tmp_path):
    draw(tmp_path / "a.png")
    segment_to_folder(segmenter, [tmp_path], tmp_path, Wish())
    assert segment_to_folder(segmenter, [tmp_path], tmp_path, Wish()).skipped == 1
    assert len(lines(tmp_path)) == 1


def test_no_two_pictures_share_a_result_in_one_run_or_in_two(segmenter, draw, tmp_path):
    for name in ("one/a.png", "two/a.png"):
        draw(tmp_path / name)
    (tmp_path / "one/a.webp").write_bytes((tmp_path / "one/a.png").read_bytes())
    out = tmp_path / "out"
    segment_to_folder(segmenter, [tmp_path / "one"], out, Wish(("mask",)))
    assert files(out) == {"segments.jsonl", "mask/a.png.png", "mask/a.webp.png"}
    other = tmp_path / "other"
    segment_to_folder(segmenter, [tmp_path / "two"], other, Wish(("mask",)))
    for _ in range(2):
        outcome = segment_to_folder(segmenter, [tmp_path / "one/a.png"], other, Wish(("mask",)))
    assert outcome.skipped == 1
    assert files(other) == {"segments.jsonl", "mask/a.png", "mask/a~2.png"}
    # Of a folder that has moved, the pictures get their names back.
    (tmp_path / "two").rename(tmp_path / "three")
    segment_to_folder(segmenter, [tmp_path / "three"], other, Wish(("mask",)))
    assert files(other) == {"segments.jsonl", "mask/a.png", "mask/a~2.png"}


def test_bad_pictures_are_named_and_tried_again(segmenter, draw, tmp_path):
    pics, out = tmp_path / "pics", tmp_path / "out"
    whole = draw(pics / "good.png").read_bytes()
    (pics / "bad.png").write_bytes(whole[:60])
    outcome = segment_to_folder(segmenter, [pics], out, Wish())
    assert outcome.pictures == 1
    assert "bad.png" in outcome.failures[0]
    assert [line["name"] for line in lines(out) if line["error"]] == ["bad"]
    (pics / "bad.png").write_bytes(whole)
    outcome = segment_to_folder(segmenter, [pics], out, Wish())
    assert (outcome.pictures, outcome.skipped, outcome.failures) == (1, 1, [])


def test_a_list_cut_short_by_a_crash_is_put_in_order(segmenter, draw, tmp_path):
    pics, out = tmp_path / "pics", tmp_path / "out"
    draw(pics / "a.png")
    draw(pics / "b.png")
    segment_to_folder(segmenter, [pics], out, Wish())
    text = (out / "segments.jsonl").read_text()
    (out / "segments.jsonl").write_text(text[:-40])
    assert segment_to_folder(segmenter, [pics], out, Wish()).skipped == 1
    assert {line["name"] for line in lines(out)} == {"a", "b"}


def test_a_list_cannot_remove_files_of_others(segmenter, draw, tmp_path):
    draw(tmp_path / "pics/a.png")
    precious = tmp_path / "out/precious.png"
    precious.parent.mkdir()
    precious.write_bytes(b"x")
    record = {"name": "a", "files": {"mask": "precious.png", "rgba": "../pics/a.png", "json": "mask/../precious.png"}}
    (tmp_path / "out/segments.jsonl").write_text(json.dumps(record) + "\n")
    segment_to_folder(segmenter, [tmp_path / "pics"], tmp_path / "out", Wish())
    assert precious.exists()
    assert (tmp_path / "pics/a.png").exists()


@pytest.mark.parametrize(
    ("text", "backdrop"),
    [("transparent", "transparent"), ("white", (255, 255, 255)), ("#00ff10", (0, 255, 16)), ("blur", "blur")],
)
def test_backdrops(text, backdrop):
    assert parse_backdrop(text) == backdrop


@pytest.mark.parametrize("text", ["red", "#12345", "", "#gggggg"])
def test_other_backdrops_are_refused(text):
    with pytest.raises(UsageError, match="--background"):
        parse_backdrop(text)


def test_a_colour_lies_behind_and_the_figure_stays():
    figure = np.zeros((30, 40, 4), np.uint8)
    figure[10:20, 10:20] = (200, 100, 50, 255)
    shown = laid_on(figure, np.zeros((30, 40, 3), np.uint8), (1, 2, 3))
    assert (shown[10:20, 10:20] == (200, 100, 50)).all()
    assert (shown[0, 0] == (1, 2, 3)).all()


def test_nothing_of_the_figure_leaks_into_the_blurred_background():
    picture = np.full((120, 160, 3), (30, 60, 200), np.uint8)
    picture[40:80, 60:100] = (255, 0, 0)
    figure = np.zeros((120, 160, 4), np.uint8)
    figure[40:80, 60:100] = (255, 0, 0, 255)
    shown = laid_on(figure, picture, "blur")
    assert (shown[40:80, 60:100] == (255, 0, 0)).all()
    outside = figure[..., 3] == 0
    assert np.abs(shown[outside].astype(int) - (30, 60, 200)).max() <= 2


def test_kinds():
    assert parse_kinds("json, rgba") == ("rgba", "json")
    with pytest.raises(UsageError, match="depth is not known"):
        parse_kinds("rgba,depth")
    with pytest.raises(UsageError, match="nothing"):
        parse_kinds(" ,")


def test_the_command(weights, draw, tmp_path, capsys):
    draw(tmp_path / "pics/a.png")
    (tmp_path / "pics/b.png").write_text("no picture")
    arguments = ["segment", str(tmp_path / "pics"), "--weights", str(weights), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--save", "mask,json", "--fast"]) == 0
    told = capsys.readouterr()
    assert "1 pictures" in told.out
    assert "b.png" in told.err
    assert (tmp_path / "out/mask/a.png").is_file()
    assert main([*arguments, "--save", "mask,json", "--fast"]) == 0
    assert "1 skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--save", "depth"], "depth is not known"),
        (["--background", "pink"], "--background pink"),
        (["--mask-format", "grey"], "--mask-format grey"),
        (["--weights", "nowhere"], "no trained segmenter"),
    ],
)
def test_wrong_wishes_are_one_line(options, told, weights, draw, tmp_path, capsys):
    draw(tmp_path / "a.png")
    arguments = ["segment", str(tmp_path / "a.png"), "--out", str(tmp_path / "out"), "--weights", str(weights)]
    assert main([*arguments, *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ctrl_c_leaves_whole_files_and_the_next_run_goes_on(segmenter, draw, tmp_path):
    for number in range(40):
        draw(tmp_path / f"pics/{number}.png", width=400, height=300, blocks=((100, 50, 300, 250),))
    script = textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(Path.cwd())!r})
        import numpy as np
        from pathlib import Path
        from inkpose.segmenting.results import Wish
        from inkpose.segmenting.run import segment_to_folder

        class Slow:
            def predict(self, images):
                time.sleep(0.2)
                return [np.where(image.mean(axis=2) < 100, 0.95, 0.02).astype(np.float32) for image in images]

            def owners(self, images):
                return [None] * len(images)

        done = []
        def told():
            done.append(1)
            if len(done) == 5:
                print("go", flush=True)

        segment_to_folder(Slow(), [Path({str(tmp_path / "pics")!r})], Path({str(tmp_path / "out")!r}), Wish(),
                          batch_size=1, on_picture=told)
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.wait(60)
    out = tmp_path / "out"
    listed = [line["name"] for line in lines(out)]
    assert 5 <= len(listed) < 40
    assert not [name for name in files(out) if name.endswith(".part")]
    assert all(read_mask(out / f"mask/{name}.png").shape == (300, 400) for name in listed)
    outcome = segment_to_folder(segmenter, [tmp_path / "pics"], out, Wish())
    assert outcome.skipped == len(listed)
    assert outcome.pictures == 40 - len(listed)
