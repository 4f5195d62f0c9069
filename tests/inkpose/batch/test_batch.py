"""Prediction in Parquet parts: the rows of one run, whoever makes them and however often it is stopped."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec

import pyarrow.parquet as pq
import pytest

from inkpose.batch.chunks import PARTS, Settings, cut_into_chunks
from inkpose.batch.run import predict_in_parts
from inkpose.batch.table import digest_of_part, read_part, write_part
from inkpose.batch.worker import _chunk, chunk_row
from inkpose.cli import main
from inkpose.predict import find_inputs, predict_to_folder
from shared.errors import DataError

NAMES = [f"{letter}.png" for letter in "abcdefg"]
SETTINGS = Settings("none", batch_size=2)


def files(out):
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(PARTS)}


def parts(out):
    return {path.name: path.stat().st_mtime_ns for path in (out / PARTS).iterdir()}


@pytest.fixture
def pictures(draw, tmp_path):
    """Seven pictures: one without a character, one with two, one that is none, one cut off."""
    folder = tmp_path / "pics"
    for name in NAMES:
        draw(folder / "sub" / name)
    draw(folder / "sub/b.png", blocks=())
    draw(folder / "sub/c.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    (folder / "sub/d.png").write_text("no picture")
    (folder / "sub/f.png").write_bytes((folder / "sub/f.png").read_bytes()[:60])
    return folder


@pytest.mark.parametrize("per_part", [1, 3, 7, 100])
def test_rows_are_those_of_one_run(per_part, pipeline, pictures, tmp_path):
    whole = predict_to_folder(pipeline, [pictures], tmp_path / "whole", batch_size=2)
    counted = []
    outcome = predict_in_parts(
        SETTINGS, [pictures], tmp_path / "out", per_part=per_part, pipeline=pipeline,
        on_start=lambda count: counted.append(count), on_picture=lambda: counted.append(1),
    )  # fmt: skip
    assert outcome == whole
    assert len(outcome.failures) == 2
    assert counted == [7] + [1] * 7
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    rows = pq.read_table(tmp_path / "out" / PARTS).to_pylist()  # the folder as one table
    assert rows == [json.loads(line) for line in (tmp_path / "whole/predictions.jsonl").read_text().splitlines()]
    assert len(parts(tmp_path / "out")) == -(-7 // per_part)


def test_a_stopped_run_goes_on_and_makes_no_part_twice(pipeline, pictures, tmp_path):
    seen = []

    def stop():
        seen.append(1)
        if len(seen) == 5:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        predict_in_parts(SETTINGS, [pictures], out, per_part=2, pipeline=pipeline, on_picture=stop)
    before = parts(out)
    assert sorted(before) == ["part-000000.parquet", "part-000001.parquet", "part-000002.parquet"]
    assert not (out / "predictions.jsonl").exists()
    (out / PARTS / "part-000001.parquet").write_bytes(b"cut off")
    predict_in_parts(SETTINGS, [pictures], out, per_part=2, pipeline=pipeline)
    after = parts(out)
    assert len(after) == 4
    assert after["part-000000.parquet"] == before["part-000000.parquet"]
    assert after["part-000001.parquet"] != before["part-000001.parquet"]
    predict_to_folder(pipeline, [pictures], tmp_path / "whole")
    assert files(out) == files(tmp_path / "whole")


def test_what_changed_is_made_again(pipeline, draw, pictures, tmp_path):
    out = tmp_path / "out"

    def run(**changes):
        predict_in_parts(Settings("none", **changes), [pictures], out, per_part=2, pipeline=pipeline)
        return parts(out)

    first = run()
    assert run(batch_size=1, device="cpu") == first
    draw(pictures / "sub/d.png")
    os.utime(pictures / "sub/d.png", (1, 1))
    second = run()
    assert [name for name in first if first[name] != second[name]] == ["part-000001.parquet"]
    third = run(threshold=0.95)
    assert all(third[name] != second[name] for name in third)
    (pictures / "sub/g.png").unlink()
    (pictures / "sub/f.png").unlink()
    (pictures / "sub/e.png").unlink()
    assert len(run(threshold=0.95)) == 2
    assert not (out / "masks/sub/g.0.png").exists()


def test_a_part_keeps_what_it_is_given(tmp_path, pipeline, pictures):
    predict_to_folder(pipeline, [pictures], tmp_path / "out")
    records = [json.loads(line) for line in (tmp_path / "out/predictions.jsonl").read_text().splitlines()]
    write_part(tmp_path / "p.parquet", records, "abc")
    assert json.dumps(read_part(tmp_path / "p.parquet")) == json.dumps(records)
    assert digest_of_part(tmp_path / "p.parquet") == "abc"
    pq.write_table(pq.read_table(tmp_path / "p.parquet").replace_schema_metadata(None), tmp_path / "q.parquet")
    assert digest_of_part(tmp_path / "q.parquet") is None
    (tmp_path / "q.parquet").write_bytes(b"PAR1")
    assert digest_of_part(tmp_path / "q.parquet") is None
    with pytest.raises(DataError, match=r"q\.parquet: cannot be read .* run the prediction again"):
        read_part(tmp_path / "q.parquet")


def test_a_part_survives_the_way_to_a_worker(pipeline, draw, tmp_path):
    draw(tmp_path / "pics/a.png")
    odd = os.fsencode(tmp_path / "pics") + b"/b\xff.png"
    with open(odd, "wb") as stream:
        stream.write((tmp_path / "pics/a.png").read_bytes())
    found = find_inputs([tmp_path / "pics"], tmp_path / "out")
    (chunk,) = cut_into_chunks(found, [item.relative.with_suffix("") for item in found], 10, "x")
    assert _chunk(*chunk_row(chunk).values()) == chunk
    assert predict_in_parts(SETTINGS, [tmp_path / "pics"], tmp_path / "out", pipeline=pipeline).characters == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "spark"], "--engine spark: not known; choose local or ray"),
        (["--engine", "ray", "--part", "1/2"], "--part: is for the tasks of an array job"),
        (["--parquet", "--part", "1/2"], "--part: is for the tasks of an array job"),
    ],
)
def test_nonsense_is_one_line(words, told, pictures, tmp_path, capsys):
    assert main(["predict", str(pictures), "--out", str(tmp_path / "out"), *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_ray_one_line_says_what_to_install(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("inkpose.batch.ray_engine.find_spec", lambda name: None)
    assert main(["predict", str(pictures), "--out", str(tmp_path / "out"), "--engine", "ray"]) == 2
    assert 'pip install "inkpose[ray]"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_rays_rows_are_the_local_ones(weights, pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAY_worker_niceness", "0")  # on a busy machine the actor would wait for ever
    common = ["predict", str(pictures), "--weights", str(weights), "--device", "cpu", "--per-part", "3"]
    assert main([*common, "--out", str(tmp_path / "local"), "--parquet"]) == 0
    assert main([*common, "--out", str(tmp_path / "ray"), "--engine", "ray"]) == 0
    told = capsys.readouterr()
    assert told.err.count("refused: ") == 4
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    local, ray = (
        [read_part(path) for path in sorted((tmp_path / name / PARTS).iterdir())] for name in ("local", "ray")
    )
    assert len(ray) == 3
    assert ray == local
    before = parts(tmp_path / "ray")
    (tmp_path / "ray" / PARTS / "part-000001.parquet").unlink()
    assert main([*common, "--out", str(tmp_path / "ray"), "--engine", "ray"]) == 0
    after = parts(tmp_path / "ray")
    assert [name for name in before if before[name] != after[name]] == ["part-000001.parquet"]
    assert files(tmp_path / "ray") == files(tmp_path / "local")
