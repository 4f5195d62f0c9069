import json
import re

import pytest

from inkpose.predict import predict_to_folder
from inkpose.report.curves import Line, draw_plot, read_scalars
from inkpose.report.page import write_report
from inkpose.report.pictures import tag_groups
from shared.errors import DataError

EVIL = "<img src=x onerror=alert(1)>&\"'.png"


@pytest.fixture
def run(pipeline, draw, tmp_path):
    draw(tmp_path / "pics" / EVIL)
    (tmp_path / "pics" / "<script>bad.png").write_bytes(b"no picture")
    folder = tmp_path / "run"
    predict_to_folder(pipeline, [tmp_path / "pics"], folder / "predictions/images")
    metrics = {
        "preset": "demo", "tagger": {"macro_f1": 0.6123, "map": None}, "segmenter": {"iou": 0.9},
        "pose": {"pdj@0.2": 0.7, "oks_ap": 0.4}, "seconds": {"train/tagger": 61.5, "<b>": 1},
    }  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_page_is_self_contained_and_escaped(run):
    write_report(run, run / "report.html")
    page = (run / "report.html").read_text()
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;" in page
    assert "<img src=x" not in page
    assert "<script" not in page
    assert "<td>&lt;b&gt;</td>" in page
    assert set(re.findall(r'(?:src|href)="([^:]+):', page)) == {"data"}
    assert not re.search(r"https?://", page)
    assert "1 not read" in page
    assert "0.612" in page
    assert "red theme" in page


def test_curves_are_read_from_event_files(run):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(run / "tagger") as writer:
        for step in range(40):
            writer.add_scalar("train/loss", 1 / (1 + step), step)
            writer.add_scalar("val/macro_f1", step / 50, step)
    assert read_scalars(run / "tagger")["train/loss"][3] == (3.0, 0.25)
    (run / "tagger" / "events.out.tfevents.broken").write_bytes(b"junk")
    write_report(run, run / "report.html")
    page = (run / "report.html").read_text()
    assert page.count("<svg class=") == 2
    assert "0.78" in page


def test_plot_of_nothing_finite_is_none():
    assert draw_plot([], "loss") is None
    assert draw_plot([Line([(0, float("nan"))], "t", "x")], "loss") is None
    assert draw_plot([Line([(5, 0.5)], "m", "x")], "metric") is not None


def test_points_of_a_plot_are_where_they_belong():
    plot = draw_plot([Line([(0, 0.0), (50, 0.6), (100, 1.0)], "m", "x")], "metric")
    points = re.search(r'points="([^"]*)"', plot.svg)[1].split()
    assert points == ["36.0,158.0", "146.0,69.2", "256.0,10.0"]


def test_reliability_and_poses_are_shown(run):
    metrics = {
        "reliability": [{"score": 0.25, "found": 0.5, "n": 30}, {"score": 0.75, "found": 1.0, "n": 10}],
        "by_kind": {"view": {"back": {"n": 4, "pdj@0.2": 0.625, "found": None}, "unknown": {"n": 1}}},
    }
    path = run / "evaluation/pose/metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(metrics))
    write_report(run, run / "report.html")
    page = (run / "report.html").read_text()
    assert "<tr><td>view: back</td><td>4</td><td>0.625</td><td>–</td></tr>" in page
    assert "unknown" not in page
    # Score 0.25 lies at 36 + 60, share 0.5 at 10 + 120; 240 px are one.
    assert 'points="96.0,130.0 216.0,10.0"' in page
    # The bars are a quarter high for the most joints, a third of that for a third of them.
    assert re.findall(r'<rect x="[^"]*" y="([^"]*)"', page) == ["190.0", "230.0"]
    path.write_text(json.dumps({"reliability": [{"score": "x"}]}))
    write_report(run, run / "report.html")
    assert "what to trust" not in (run / "report.html").read_text()


def test_groups_keep_the_order_of_probability():
    tags = [{"name": "long_hair", "group": "hair", "score": 0.9}, {"name": "smile", "group": "face", "score": 0.8},
            {"name": "red_hair", "group": "hair", "score": 0.123}]  # fmt: skip
    assert tag_groups(tags) == [
        {"name": "hair", "tags": [{"name": "long hair", "percent": 90}, {"name": "red hair", "percent": 12}]},
        {"name": "face", "tags": [{"name": "smile", "percent": 80}]},
    ]


def test_nothing_to_report(tmp_path):
    with pytest.raises(DataError, match="nothing to report"):
        write_report(tmp_path, tmp_path / "report.html")


def test_named_folder_without_results(run, tmp_path):
    with pytest.raises(DataError, match=r"predictions\.jsonl"):
        write_report(run, tmp_path / "report.html", [tmp_path])


def test_results_whose_files_are_gone_are_named(run):
    next((run / "predictions/images/overlays").iterdir()).unlink()
    write_report(run, run / "report.html")
    assert "results cannot be shown" in (run / "report.html").read_text()
