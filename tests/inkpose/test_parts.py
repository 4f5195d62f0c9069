import json

import pytest

from inkpose.cli import main
from inkpose.parts import Part
from inkpose.predict import predict_to_folder
from shared.errors import UsageError


def files(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def pictures(draw, tmp_path):
    """Seven pictures whose names meet (a.png, a.webp), and one that is none."""
    folder = tmp_path / "pics"
    for name in ("a.png", "b/a.png", "b/c.png", "d.png", "e.png", "f.png"):
        draw(folder / name)
    (folder / "a.webp").write_bytes((folder / "a.png").read_bytes())
    (folder / "g.png").write_text("no picture")
    return folder


@pytest.mark.parametrize("count", [1, 3, 8, 11])
def test_parts_joined_are_one_run(count, pipeline, pictures, tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    predict_to_folder(pipeline, [pictures], whole)
    seen = 0
    for number in reversed(range(1, count + 1)):
        part = Part(number, count)
        seen += predict_to_folder(pipeline, [pictures], parts, part=part, batch_size=2).pictures
        assert not (parts / "predictions.jsonl").exists()
        assert (parts / part.file_name).is_file()
    assert seen == 8
    assert main(["join", str(parts)]) == 0
    assert "8 pictures" in capsys.readouterr().out
    joined = files(parts)
    for number in range(1, count + 1):
        joined.pop(Part(number, count).file_name)
    assert joined == files(whole)


def test_a_part_run_again_leaves_the_others_alone(pipeline, pictures, tmp_path):
    for number in (1, 2, 1):
        predict_to_folder(pipeline, [pictures], tmp_path / "out", part=Part(number, 2))
    rows = [
        json.loads(line)["image"]
        for number in (1, 2)
        for line in (tmp_path / "out" / Part(number, 2).file_name).read_text().splitlines()
    ]
    assert len(rows) == len(set(rows)) == 8


@pytest.mark.parametrize("total", [0, 1, 7, 100])
@pytest.mark.parametrize("count", [1, 2, 9])
def test_every_place_is_in_one_part(total, count):
    sizes = [len(range(total)[Part(number, count).slice_of(total)]) for number in range(1, count + 1)]
    places = [place for number in range(1, count + 1) for place in range(total)[Part(number, count).slice_of(total)]]
    assert places == list(range(total))
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5", "", "١/٣"])
def test_nonsense_is_one_line(text, pictures, tmp_path, capsys):
    with pytest.raises(UsageError):
        Part.parse(text)
    assert main(["predict", str(pictures), "--out", str(tmp_path / "out"), f"--part={text}"]) == 2
    assert "e.g. 3/16" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_join_names_what_is_missing(tmp_path, capsys):
    def fails(*words):
        assert main(["join", str(tmp_path)]) == 2
        message = capsys.readouterr().err
        assert len(message.splitlines()) == 1
        assert all(word in message for word in words), message
        assert not (tmp_path / "predictions.jsonl").exists()

    fails("holds no predictions.part")
    (tmp_path / "predictions.part-02-of-12.jsonl").write_text("")
    fails("predictions.part-01-of-12.jsonl", "10 more")
    (tmp_path / "predictions.part-1-of-2.jsonl").write_text("")
    fails("parts of 2 and 12")
    (tmp_path / "predictions.part-02-of-12.jsonl").unlink()
    (tmp_path / "predictions.part-2-of-2.jsonl").write_text('{"image"')
    fails("predictions.part-2-of-2.jsonl:1")
