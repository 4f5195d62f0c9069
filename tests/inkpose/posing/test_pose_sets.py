"""`inkpose data report` and `inkpose data select`."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from inkpose.cli import main
from inkpose.posing.figures import SegmentedFigures
from inkpose.posing.pack import annotate, gather
from inkpose.posing.run import Poser
from shared.errors import DataError, UsageError
from shared.manifest.pose_selection import BalancedOrder, Candidate, Candidates, find_candidates
from shared.readers.coco import read_coco_keypoints
from shared.readers.keypoint_files import read_keypoints
from shared.readers.places import Place
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A tiny data set and its manifest; every third post is tagged from_behind, every sixth looking_back, too."""
    folder = tmp_path_factory.mktemp("made")
    ids = write_tiny_dataset(folder / "tiny", 24)
    path = folder / "tiny/metadata/posts.jsonl"
    posts = [json.loads(line) for line in path.read_text().splitlines()]
    for number, post in enumerate(posts):
        tags = set(post["tag_string_general"].split()) - {"2girls", "multiple_girls"} | {"1girl", "solo"}
        tags |= {"from_behind"} if number % 3 == 0 else set()
        tags |= {"looking_back"} if number % 6 == 0 else set()
        tags |= {"2girls"} if number == 3 else set()
        post["rating"] = "q" if number == 9 else "g"
        post["tag_string_general"] = " ".join(sorted(tags))
    path.write_text("".join(json.dumps(post) + "\n" for post in posts))
    assert len(ids) == 24
    assert main(["data", "danbooru", str(path), "--images", str(folder / "tiny"), "--out", str(folder / "m.parquet"),
                 "--rating", "general", "--rating", "questionable"]) == 0  # fmt: skip
    return folder


def test_report_of_a_folder_a_split_and_a_file(made, tmp_path, capsys):
    assert main(["data", "report", str(made / "tiny"), "--json", str(tmp_path / "r.json")]) == 0
    printed = capsys.readouterr().out
    assert "full body" in printed
    assert "worth collecting" in printed
    assert "--tags from_behind,back,looking_back" in printed
    told = json.loads((tmp_path / "r.json").read_text())
    counts = {}
    for split in ("train", "val", "test"):
        args = ["data", "report", str(made / "tiny"), "--split", split, "--json", str(tmp_path / "s.json")]
        assert main(args) == 0
        counts[split] = json.loads((tmp_path / "s.json").read_text())["characters"]
    assert told["characters"] == sum(counts.values())
    assert sum(told["aspects"]["view"].values()) == told["characters"]
    file = made / "tiny/annotations/person_keypoints_val.json"
    assert main(["data", "report", str(file), "--json", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text())["characters"] == counts["val"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere"], "no such file"),
        (["tiny", "--split", "all"], "--split all"),
        (["tiny", "--json", "."], "--json is a folder"),
        (["empty.json"], "no record with keypoints"),
    ],
)
def test_report_refuses_in_one_line(made, monkeypatch, capsys, args, told):
    monkeypatch.chdir(made)
    Path("empty.json").write_text('{"images": [], "annotations": []}')
    assert main(["data", "report", *args]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_candidates_are_single_persons_of_the_ratings_not_yet_labelled(made):
    found = find_candidates(made / "m.parquet", ("from_behind", "looking_back"), ("general",))
    assert len(found.posts) == 6
    assert found.dropped == {"not a single person": 1, "rating questionable": 1}
    first = found.posts[0]
    assert first.tags == ("from_behind", "looking_back")
    less = find_candidates(made / "m.parquet", ("from_behind",), ("general", "questionable"), {first.id}, several=True)
    assert len(less.posts) == 7
    assert less.dropped == {"labelled already": 1}
    with pytest.raises(DataError, match="no post to select"):
        find_candidates(made / "m.parquet", ("handstand",), ("general",))
    with pytest.raises(DataError, match="no such file"):
        find_candidates(made / "x.parquet", ("handstand",), ("general",))


def _posts(counts):
    posts, number = [], 0
    for tag, count in counts.items():
        for _ in range(count):
            number += 1
            posts.append(Candidate(number, Place(f"{number}.png"), tuple(tag.split("+"))))
    return posts


def test_tags_are_balanced_until_the_rare_ones_run_out():
    posts = _posts({"a": 1000, "b": 50, "c": 5})
    order = BalancedOrder(posts, ("a", "b", "c"), seed=3)
    dealt = [order.deal() for _ in range(60)]
    assert len({post.id for post in dealt}) == 60
    counts = Counter(tag for post in dealt for tag in post.tags)
    assert counts["c"] == 5
    assert abs(counts["a"] - counts["b"]) <= 1
    again = BalancedOrder(posts, ("a", "b", "c"), seed=3)
    assert [again.deal().id for _ in range(60)] == [post.id for post in dealt]
    other = BalancedOrder(posts, ("a", "b", "c"), seed=4)
    assert [other.deal().id for _ in range(60)] != [post.id for post in dealt]


def test_posts_count_for_all_their_tags_and_end():
    order = BalancedOrder(_posts({"a+b": 10, "a": 10, "b": 10}), ("a", "b"))
    dealt = []
    while (post := order.deal()) is not None:
        dealt.append(post)
    assert len(dealt) == 30
    assert order.counts == {"a": 20, "b": 20}
    order.refuse(dealt[0])
    assert sum(order.counts.values()) == 40 - len(dealt[0].tags)


def test_pack_is_read_by_cvat_label_studio_and_the_training(made, pipeline, tmp_path):
    found = find_candidates(made / "m.parquet", ("from_behind", "looking_back"), ("general",))
    order = BalancedOrder(found.posts, ("from_behind", "looking_back"))
    pack = gather(found, order, 4, tmp_path / "pack")
    assert len(pack.posts) == 4
    poser = Poser(pipeline.pose, SegmentedFigures(pipeline.segmenter, 0.5, "s"), largest_only=True)
    poses = annotate(tmp_path / "pack", poser)
    with (tmp_path / "pack/selection.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    names = {row["file"] for row in rows}
    assert names == {path.name for path in (tmp_path / "pack/images").iterdir()}
    assert all("from_behind" in row["tags"] for row in rows)
    source = made / "tiny/images" / f"{int(rows[0]['id']) % 1000:04d}" / f"{rows[0]['id']}.jpg"
    assert (tmp_path / "pack/images" / rows[0]["file"]).read_bytes() == source.read_bytes()
    coco = read_coco_keypoints(tmp_path / "pack/annotations/person_keypoints_default.json")
    assert {image.file_name for image in coco.images.values()} == names
    assert {image.id for image in coco.images.values()} == {int(row["id"]) for row in rows}
    tasks = read_keypoints(tmp_path / "pack/label_studio.json")
    assert len(tasks.people) == len(poses.people) == len(coco.annotations) > 0
    assert {picture.file_name for picture in tasks.pictures.values()} == {f"images/{name}" for name in names}
    assert "left_wrist" in (tmp_path / "pack/label_studio.xml").read_text()
    with pytest.raises(UsageError, match="finished pack"):
        gather(found, order, 4, tmp_path / "pack")


def test_missing_pictures_are_replaced_by_others(made, tmp_path):
    found = find_candidates(made / "m.parquet", ("from_behind",), ("general",))
    gone = Candidate(77, Place("0077/77.jpg"), ("from_behind",))
    pack = gather(
        Candidates(found.images, [gone, *found.posts]), BalancedOrder([gone, *found.posts], ("from_behind",)), 6,
        tmp_path / "pack",
    )  # fmt: skip
    assert len(pack.posts) == 6
    assert "post 77" in pack.failures[0]
    assert pack.counts["from_behind"] == 6
    with pytest.raises(DataError, match="name the folder with --images"):
        gather(Candidates(found.images, [gone]), BalancedOrder([gone], ("from_behind",)), 2, tmp_path / "p2")


def test_a_folder_of_other_things_is_left_alone(made, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    found = find_candidates(made / "m.parquet", ("from_behind",), ("general",))
    with pytest.raises(UsageError, match=r"notes\.txt"):
        gather(found, BalancedOrder(found.posts, ("from_behind",)), 2, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_select_command(made, tmp_path, capsys):
    base = ["data", "select", str(made / "m.parquet"), "--out", str(tmp_path / "pack"), "--no-predict"]
    assert main([*base, "--tags", "from behind, looking_back", "--count", "3", "--rating", "general"]) == 0
    printed = capsys.readouterr().out
    assert "3 pictures, 0 characters" in printed
    assert "1 not a single person" in printed
    labelled = tmp_path / "pack/annotations/person_keypoints_default.json"
    assert len(json.loads(labelled.read_text())["images"]) == 3
    base[4] = str(tmp_path / "more")
    assert main([*base, "--tags", "from_behind", "--rating", "general", "--exclude", str(labelled)]) == 0
    assert "3 labelled already" in capsys.readouterr().out
    first = {path.name for path in (tmp_path / "pack/images").iterdir()}
    assert not first & {path.name for path in (tmp_path / "more/images").iterdir()}
    assert main([*base, "--tags", " , "]) == 2
    assert "names no tag" in capsys.readouterr().err
