import json
from dataclasses import replace

import numpy as np
import pytest

from inkpose.cli import main
from inkpose.index.build import add
from inkpose.index.sheet import draw_contact_sheet
from inkpose.index.store import PoseIndex
from shared.images import read_rgb
from tests.inkpose.index.poses_fixture import many


def refused(capsys, *arguments):
    assert main([str(a) for a in arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


@pytest.fixture
def query(tmp_path):
    path = tmp_path / "query.json"
    path.write_text(json.dumps(many(60)[17].figures[0].keypoints.tolist()))
    return path


def test_search_by_joints_prints_a_table_and_writes_json(filled, query, tmp_path, capsys):
    arguments = ["search", query, "--index", filled.path, "--k", 3, "--tags", "odd", "--mirror"]
    assert main([str(a) for a in [*arguments, "--json", tmp_path / "o/hits.json"]]) == 0
    assert "/pictures/00017.png" in capsys.readouterr().out
    told = json.loads((tmp_path / "o/hits.json").read_text())
    assert told["hits"][0]["image"] == "/pictures/00017.png"
    assert len(told["hits"]) == 3
    assert told["hits"][0]["score"] == 1.0
    assert len(told["hits"][0]["keypoints"]) == 17


def test_contact_sheet_shows_the_query_and_every_hit(filled):
    hits = [replace(hit, thumbnail=b"") for hit in filled.rows(limit=5)]
    sheet = draw_contact_sheet(None, hits, "five", columns=3)
    one = draw_contact_sheet(None, hits[:1], "one", columns=3)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] > one.shape[0]
    assert sheet.shape[1] > 3 * 224


def test_sheet_of_a_tag_search(index, pipeline, draw, tmp_path, capsys):
    draw(tmp_path / "pics/a.png")
    add([tmp_path / "pics"], index, lambda: pipeline)
    assert main(["search", "--tags", "solo", "--index", str(index.path), "--sheet", str(tmp_path / "s.png")]) == 0
    assert "a.png" in capsys.readouterr().out
    assert read_rgb(tmp_path / "s.png").shape[2] == 3
    assert main(["search", "--tags", "sloo", "--index", str(index.path)]) == 0
    assert "nothing found" in capsys.readouterr().err


def test_wrong_use(filled, query, tmp_path, capsys):
    at = ("--index", filled.path)
    assert "nothing to search for" in refused(capsys, "search", *at)
    assert "no such file" in refused(capsys, "search", tmp_path / "no.png", *at)
    assert "no index there" in refused(capsys, "search", query, "--index", tmp_path / "none")
    assert "--box 1,2" in refused(capsys, "search", query, "--box", "1,2", *at)
    assert "must end in" in refused(capsys, "search", query, "--sheet", "a.gif", *at)
    assert "--k 0" in refused(capsys, "search", query, "--k", 0, *at)
    assert "no such file" in refused(capsys, "index", "add", tmp_path / "nowhere", *at)
    assert "no index there" in refused(capsys, "index", "stats", "--index", tmp_path / "none")
    assert "no index there" in refused(capsys, "index", "sync", "--index", tmp_path / "none")
    weights = tmp_path / "untrained"
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics/a.png").write_bytes(b"")
    new = tmp_path / "new"
    assert "no trained weights" in refused(
        capsys, "index", "add", tmp_path / "pics", "--index", new, "--weights", weights
    )
    assert not new.exists()


def test_stats_and_compact(filled, capsys):
    assert main(["index", "compact", "--index", str(filled.path)]) == 0
    assert "60 characters" in capsys.readouterr().out
    assert main(["index", "stats", "--json", "--index", str(filled.path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pictures"], told["characters"], told["tags"]["even"]) == (60, 60, 30)
    assert main(["index", "stats", "--index", str(filled.path)]) == 0
    assert "60 pictures" in capsys.readouterr().out


def test_the_real_nets_through_the_commands(weights, draw, tmp_path, capsys):
    draw(tmp_path / "pics/a.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    draw(tmp_path / "pics/b.png")
    use = ["--index", str(tmp_path / "index"), "--weights", str(weights), "--device", "cpu"]
    assert main(["index", "add", str(tmp_path / "pics"), *use]) == 0
    assert "2 pictures added" in capsys.readouterr().out
    assert main(["index", "add", str(tmp_path / "pics"), *use]) == 0
    assert "0 pictures added with 0 characters, 2 unchanged" in capsys.readouterr().out
    (tmp_path / "pics/b.png").unlink()
    assert main(["index", "sync", *use]) == 0
    assert "1 taken out" in capsys.readouterr().out
    assert PoseIndex.open(tmp_path / "index").stats()["pictures"] == 1
