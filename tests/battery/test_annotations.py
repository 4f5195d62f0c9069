"""Annotation files with wrong types, huge numbers, names that lead out, and bytes at random, through the commands."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from shared.errors import DataError
from shared.images import encode_png, write_png
from shared.keypoints.layouts import ADD_21, HUMAN_ART_21, LAYOUTS, OPENPOSE_25, RELEASE_25
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17
from shared.readers.animated_drawings import write_char_cfg
from shared.readers.keypoint_files import write_keypoints
from tests.battery.faults import ODD_VALUES, Battery, cut_and_flipped, dumped, fault_of, run, twisted
from tests.fixtures_dataset import write_tiny_dataset

pytestmark = pytest.mark.slow

#: Formats of keypoints: name to write, layout, and what each is turned into.
FORMATS = {
    "coco": (COCO_17, "label_studio"),
    "human_art": (HUMAN_ART_21, "cvat"),
    "add": (ADD_21, "coco"),
    "release": (RELEASE_25, "coco"),
    "label_studio": (COCO_17, "coco"),
    "openpose_25": (OPENPOSE_25, "coco_25"),
}


def poses(schema) -> PoseSet:
    rng = np.random.default_rng(1)
    pictures = {n: Picture(n, f"{n}.png", 200, 300) for n in (1, 2, 3)}
    people = [
        Person(
            n,
            n,
            rng.uniform((20, 30), (180, 280), (len(schema), 2)).round(1),
            np.full(len(schema), 2),
            (20.0, 30.0, 160.0, 250.0),
        )
        for n in pictures
    ]
    return PoseSet(schema, pictures, people)


def converted(battery: Battery, name: str, source: Path, target: str, folder: Path, *more: str) -> None:
    """One case: the file turned into another format; refused with a reason and nothing written, or written whole."""
    out = folder / ("out" if target.startswith("openpose") else "out.json")

    def case() -> str | None:
        told = run("data", "keypoints", source, "--to", target, "--out", out, *more)
        wrong = fault_of(told, folder, (0,) if name.endswith("whole") else (0, 2))
        if wrong is None and told.code == 0 and target != "cvat" and out.is_file():
            json.loads(out.read_bytes())
        if wrong is None and told.code == 2 and out.exists():
            wrong = "wrote something all the same"
        if out.is_file():
            out.unlink()
        return wrong

    battery.check(name, case)


@pytest.mark.parametrize("name", FORMATS)
def test_keypoint_files(name, battery, tmp_path) -> None:
    schema, target = FORMATS[name]
    source = tmp_path / "source.json"
    place = tmp_path / "made" if name.startswith("openpose") else source
    write_keypoints(place, poses(schema), name)
    if place.is_dir():
        next(iter(sorted(place.iterdir()))).rename(source)
    whole = source.read_bytes()
    document = json.loads(whole)
    converted(battery, f"{name} whole", source, target, tmp_path)
    for number, (how, text) in enumerate(twisted(document, seed=len(name), count=36)):
        source.write_text(text, "utf-8", "surrogatepass")
        converted(battery, f"{name}: {how}", source, target, tmp_path)
        if number % 3 == 0:
            battery.check(f"{name} counted: {how}", lambda: fault_of(run("data", "report", source), tmp_path))
    for how, data in cut_and_flipped(whole, seed=len(name), cuts=3, flips=4):
        source.write_bytes(data)
        converted(
            battery,
            f"{name}: {how}",
            source,
            target,
            tmp_path,
            "--from",
            name.removesuffix("_25").replace("human_art", "coco"),
        )
    for number, value in enumerate(ODD_VALUES):
        source.write_text(dumped(value), "utf-8", "surrogatepass")
        converted(battery, f"{name}: nothing but odd value {number}", source, target, tmp_path)


def test_keypoints_of_cvat_and_animated_drawings(battery, tmp_path) -> None:
    source = tmp_path / "source.xml"
    write_keypoints(source, poses(COCO_17), "cvat")
    whole = source.read_bytes()
    texts = dict(cut_and_flipped(whole, 5, 6, 14))
    for old, new in (
        (b'width="200"', b'width="0"'),
        (b'width="200"', b'width="9e9"'),
        (b'id="1"', b'id="x"'),
        (b'height="300"', b'height="99999999999999999999"'),
        (b'xtl="', b'xtl="nan'),
        (b",", b""),
        (b'points="', b'points="1e308,'),
        (b'name="1.png"', b'name="../../etc/passwd"'),
        (b"utf-8", b"rot13"),
        (b'label="nose"', b'label=""'),
        (b"<box", b"<cube"),
    ):
        texts[f"{old!r} is {new!r}"] = whole.replace(old, new)
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    texts["a billion laughs"] = f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><annotations>&a11;</annotations>'.encode()
    texts["a file from outside"] = (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotations><image name="&e;"/></annotations>'
    )
    texts["deep"] = b"<annotations>" * 20000
    for how, data in texts.items():
        source.write_bytes(data)
        converted(battery, f"cvat: {how}", source, "coco", tmp_path)
    folder = tmp_path / "figure"
    write_char_cfg(folder / "char_cfg.yaml", np.full((16, 2), 30.0), 60, 60)
    document = yaml.safe_load((folder / "char_cfg.yaml").read_text())
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    merges = "\n".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}], k{n}: 1}}" for n in range(1, 40))
    odd = {
        "code": "!!python/object/apply:os.system ['touch RAN']",
        "a tab": "\tx",
        "deep": "[" * 5000,
        "none": "",
        "a date": "a: 2001-99-99",
        "a billion laughs": f"a0: &a0 [x]\n{laughs}\nskeleton: *a29\nwidth: 1\nheight: 1",
        "merges": f"a0: &a0 {{k: 1}}\n{merges}\nskeleton: []\nwidth: *a39",
        "a ring": "skeleton: &a [*a]\nwidth: 60\nheight: 60",
        "control": "a: \x07",
        "two": "a: 1\n---\nb: 2",
        "infinite": "skeleton: []\nwidth: .inf\nheight: .nan",
        "long number": "width: " + "9" * 5000,
    }
    odd |= dict(twisted(document, 3, 30))
    for how, text in odd.items():
        (folder / "char_cfg.yaml").write_text(text, "utf-8", "surrogatepass")
        converted(battery, f"char_cfg.yaml: {how}", folder, "coco", tmp_path)
    assert not Path("RAN").exists()


def test_names_that_lead_out_are_never_followed(battery, tmp_path) -> None:
    outside = tmp_path / "outside.png"
    write_png(outside, np.zeros((300, 200, 3), np.uint8))
    pictures = tmp_path / "pictures"
    write_png(pictures / "1.png", np.zeros((300, 200, 3), np.uint8))
    for number, name in enumerate(
        ("../outside.png", str(outside), "x/../../outside.png", "../outside", "..", "", "\0")
    ):
        one = poses(COCO_17)
        document = {"images": [{"id": 1, "file_name": name, "width": 200, "height": 300}]}
        write_keypoints(tmp_path / "a.json", one, "coco")
        document = json.loads((tmp_path / "a.json").read_text()) | document
        (tmp_path / "a.json").write_text(json.dumps(document))

        def case() -> str | None:
            told = run(
                "data",
                "keypoints",
                tmp_path / "a.json",
                "--to",
                "add",
                "--out",
                tmp_path / "b.json",
                "--images",
                pictures,
            )
            return fault_of(told, tmp_path, (2,))

        battery.check(f"name {number} of keypoints", case)
        (tmp_path / "c.json").write_text(json.dumps(document | {"annotations": []}))
        battery.check(
            f"name {number} of masks", lambda: fault_of(run("data", "pairs", tmp_path / "c.json"), tmp_path, (2,))
        )
        (pictures / "t.csv").write_text(f'file,tags\n"{name}",1girl solo\n')
        told = ("data", "folder", pictures, "--csv", pictures / "t.csv", "--out", tmp_path / "m.parquet")
        battery.check(f"name {number} of a table", lambda told=told: fault_of(run(*told), tmp_path, (2,)))


def test_coco_masks(battery, tmp_path) -> None:
    write_tiny_dataset(tmp_path / "tiny", count=4, size=32)
    source = tmp_path / "tiny/annotations/person_keypoints_train.json"
    document = json.loads(source.read_text())
    document["annotations"][0]["segmentation"] = [[1, 1, 20, 1, 20, 20.5]]
    document["annotations"].append(
        dict(document["annotations"][0], segmentation={"size": [32, 32], "counts": [24, 1000]})
    )
    cases = list(twisted({key: document[key] for key in ("images", "annotations", "categories")}, 7, 60))
    for name, segmentation in {
        "far point": [[0, 0, 1e9, 0, 1e9, 1e9]],
        "not a number": [[0, 0, float("nan"), 0, 1, 1]],
        "texts": [["a"] * 6],
        "huge": {"size": [10**6, 10**6], "counts": "abc"},
        "huge runs": {"size": [32, 32], "counts": [10**12]},
        "negative runs": {"size": [32, 32], "counts": [-5, 1029]},
        "nonsense": {"size": [32, 32], "counts": "\x7f~~~~~~"},
        "empty": {"size": [32, 32], "counts": ""},
        "odd": [[1, 2, 3, 4, 5, 6, 7]],
        "negative": {"size": [-1, -1], "counts": "0"},
    }.items():
        record = dict(document["annotations"][0], segmentation=segmentation)
        cases.append((name, json.dumps(document | {"annotations": [record]})))
    huge = [dict(row, width=10**7, height=10**7) for row in document["images"]]
    cases.append(("pictures that claim to be huge", json.dumps(document | {"images": huge})))
    for how, text in cases:
        source.write_text(text, "utf-8", "surrogatepass")
        battery.check(f"masks: {how}", lambda: fault_of(run("data", "pairs", source), tmp_path))


_POSTS = {
    "2018": {
        "id": "1",
        "rating": "s",
        "file_ext": "png",
        "image_width": "32",
        "image_height": "32",
        "is_deleted": False,
        "md5": "0" * 32,
        "updated_at": "2018-06-07 21:33:03 UTC",
        "is_banned": False,
        "favs": ["1"],
        "tags": [{"id": "1", "name": "1girl", "category": "0"}, {"id": "5", "name": "highres", "category": "5"}],
    },
    "2021": {
        "id": 1,
        "rating": "s",
        "file_ext": "png",
        "image_width": 32,
        "image_height": 32,
        "is_deleted": False,
        "md5": "0" * 32,
        "created_at": "2008-06-10T03:08:07-04:00",
        "updated_at": "2021-11-19T21:33:03-05:00",
        "tag_string_general": "1girl solo",
        "tag_string_meta": "highres",
    },
    "api": {
        "id": 1,
        "rating": "g",
        "file_ext": "png",
        "image_width": 32,
        "image_height": 32,
        "updated_at": "2024-05-01T08:00:00-04:00",
        "tag_string": "1girl solo",
        "media_asset": {"id": 1, "variants": [{"type": "180x180"}]},
    },
}


@pytest.fixture
def rules(tmp_path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "group: body\nclasses:\n- {name: girl, any: [1girl]}\n- {name: hair, any: [long_hair, short_hair]}\n"
    )
    return path


def manifest_case(metadata: Path, images: Path, rules: Path, folder: Path, *more: str) -> str | None:
    out = folder / "m.parquet"
    told = run("data", "danbooru", metadata, "--images", images, "--rulebook", rules, "--out", out, *more)
    wrong = fault_of(told, folder) or ("wrote half of it" if out.exists() != (told.code == 0) else None)
    wrong = wrong or ("left its parts" if list(folder.glob(".m.parquet*")) else None)
    out.unlink(missing_ok=True)
    return wrong


@pytest.mark.parametrize("era", _POSTS)
def test_posts_of_every_era(era, battery, tmp_path, rules) -> None:
    images = tmp_path / "images"
    for number in (1, 2, 3):
        write_png(images / f"{number}.png", np.zeros((32, 32, 3), np.uint8))
    rows = [dict(_POSTS[era], id=type(_POSTS[era]["id"])(n)) for n in (1, 2, 3)]
    source = tmp_path / "posts.json"
    texts = {}
    for how, text in twisted({"row": rows[1]}, len(era), 40):
        try:
            row = json.dumps(json.loads(text).get("row", {}))
        except (ValueError, RecursionError):
            row = text
        texts[how] = f"{json.dumps(rows[0])}\n{row}\n{json.dumps(rows[2])}\n".encode()
    whole = "".join(json.dumps(row) + "\n" for row in rows).encode()
    texts |= dict(cut_and_flipped(whole, 1, 5, 10))
    texts |= {f"zipped, {how}": data for how, data in cut_and_flipped(gzip.compress(whole), 2, 6, 14)}
    texts |= {f"an array, {how}": data for how, data in cut_and_flipped(json.dumps(rows).encode(), 3, 3, 4)}
    texts |= {
        "mark": b"\xef\xbb\xbf" + whole,
        "nothing": b"",
        "blank": b"\n \n",
        "a number": b"1\n",
        "utf-16": whole.decode().encode("utf-16"),
        "a line without end, zipped": gzip.compress(b" " * (100 << 20)),
    }
    for how, data in texts.items():
        source.write_bytes(data)
        battery.check(f"{era}: {how}", lambda: manifest_case(source, images, rules, tmp_path))


def test_tars(battery, tmp_path, rules) -> None:
    images = tmp_path / "images"
    images.mkdir()
    png = encode_png(np.zeros((32, 32, 3), np.uint8))
    (tmp_path / "posts.json").write_text("".join(json.dumps(dict(_POSTS["api"], id=n)) + "\n" for n in (1, 2)))
    file = io.BytesIO()
    index = {"files": {}}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("1.png", "2.png", "../../3.png", "/4.png", "é" * 120 + "/5.png"):
            info = tarfile.TarInfo(name)
            info.size = len(png)
            index["files"][name] = {"offset": file.tell() + 512, "size": len(png)}
            tar.addfile(info, io.BytesIO(png))
        for kind, name in (
            (tarfile.SYMTYPE, "6.png"),
            (tarfile.LNKTYPE, "7.png"),
            (tarfile.FIFOTYPE, "8.png"),
            (tarfile.CHRTYPE, "9.png"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    whole = file.getvalue()
    cases = dict(cut_and_flipped(whole, 4, 10, 24))
    for field, start, value in (
        ("size", 124, b"\xff" * 12),
        ("size", 124, b"\x80" + b"\x7f" * 11),
        ("size", 124, b"77777777777\0"),
        ("kind", 156, b"L"),
        ("kind", 156, b"x"),
        ("kind", 156, b"S"),
        ("sum", 148, b"        "),
    ):
        wrong = bytearray(whole)
        wrong[start : start + len(value)] = value
        wrong[148:156] = b" " * 8
        wrong[148:156] = f"{sum(wrong[:512]):06o}\0 ".encode()
        cases[f"{field} {value[:2]!r}"] = bytes(wrong)
    for how, data in cases.items():
        (images / "0.tar").write_bytes(data)
        battery.check(f"tar: {how}", lambda: manifest_case(tmp_path / "posts.json", images, rules, tmp_path))
    (images / "0.tar").write_bytes(whole)
    texts = dict(twisted(index, 9, 30))
    texts["number without end"] = json.dumps({"files": {"9" * 6000 + ".png": {"offset": 0, "size": 5}}})
    for how, text in texts.items():
        (images / "0.json").write_text(text, "utf-8", "surrogatepass")
        battery.check(f"index: {how}", lambda: manifest_case(tmp_path / "posts.json", images, rules, tmp_path))


def test_damaged_manifests(battery, tmp_path, rules) -> None:
    from inkpose.index.plan import wanted_pictures
    from shared.manifest.pose_selection import find_candidates

    images = tmp_path / "images"
    for number in (1, 2, 3):
        write_png(images / f"{number}.png", np.zeros((32, 32, 3), np.uint8))
    (tmp_path / "posts.json").write_text("".join(json.dumps(dict(_POSTS["api"], id=n)) + "\n" for n in (1, 2, 3)))
    path = tmp_path / "m.parquet"
    command = ("data", "danbooru", tmp_path / "posts.json", "--images", images, "--rulebook", rules, "--out", path)
    assert run(*command).code == 0
    for how, data in cut_and_flipped(path.read_bytes(), 12, 8, 24):
        path.write_bytes(data)
        for name, read in (
            ("index", lambda: wanted_pictures([path], [])),
            ("select", lambda: find_candidates(path, ["1girl"], ["general"])),
        ):

            def case(read=read) -> str | None:
                with contextlib.suppress(DataError):
                    read()
                return None

            battery.check(f"manifest for {name}: {how}", case)


def test_tables_and_captions(battery, tmp_path, rules) -> None:
    pictures = tmp_path / "pictures"
    for name in ("1.png", "2.png"):
        write_png(pictures / name, np.zeros((32, 32, 3), np.uint8))
    table = pictures / "t.csv"
    header, cells = (
        ["file", "tags", "id", "split", "rating", "repeats"],
        ["1.png", "1girl, solo", "7", "train", "safe", "2"],
    )
    texts: dict[str, bytes] = {}
    for column in range(6):
        for number, value in enumerate(ODD_VALUES):
            if number % 3 == column % 3:
                row = [*cells[:column], str(value), *cells[column + 1 :]]
                text = io.StringIO()
                csv.writer(text).writerows([header, row, ["2.png", "solo", "", "", "", ""]])
                texts[f"{header[column]} = {str(value)[:30]!a}"] = text.getvalue().encode("utf-8", "surrogatepass")
    whole = b'file,tags\n1.png,"1girl, solo"\n2.png,solo\n'
    texts |= dict(cut_and_flipped(whole, 6, 4, 10))
    texts |= {
        "long field": b"file,tags\n1.png," + b"a" * 200_000,
        "open quote": b'file,tags\n"1.png',
        "nul": b"file,tags\n\0,\0\n",
        "none": b"",
    }
    for how, data in texts.items():
        table.write_bytes(data)
        told = ("data", "folder", pictures, "--csv", table, "--rulebook", rules, "--out", tmp_path / "m.parquet")
        battery.check(f"table: {how}", lambda told=told: fault_of(run(*told), tmp_path))
        told = ("data", "cutouts", pictures, "--ids", table, "--out", tmp_path / "l.txt")
        battery.check(f"ids: {how}", lambda told=told: fault_of(run(*told), tmp_path, (2,)))
    caption = pictures / "1.txt"
    for how, data in {
        "latin-1": b"caf\xe9",
        "utf-16": "a, b".encode("utf-16"),
        "nul": b"\0" * 9,
        "long": b"a," * 2_000_000,
        "empty": b"",
        "surrogate": b"\xed\xa0\x80",
        "control": b"a\x1b[2J, b",
    }.items():
        caption.write_bytes(data)
        told = ("data", "folder", pictures, "--rulebook", rules, "--out", tmp_path / "m.parquet")
        battery.check(f"caption: {how}", lambda told=told: fault_of(run(*told), tmp_path))


def test_rulebooks(battery, tmp_path) -> None:
    source = tmp_path / "rules.yaml"
    whole = (
        "group: body\nclasses:\n- {name: girl, any: [1girl], none: [1boy]}\n"
        "- {name: hair, any: [long_hair], implies: [girl]}\n"
    )
    doubled = ", ".join(f"&a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))
    laughs = "\n".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    texts = {
        "code": "!!python/object/apply:os.system ['touch RAN']",
        "laughs": f"group: body\nclasses:\n- &a0 [x]\n{laughs}\n",
        "number": "9" * 6000,
        "laughing name": f"group: body\nclasses:\n- name: [&a0 [x], {doubled}]",
        "merges": "group: body\nclasses:\n- {<<: {name: a}}",
        "unhashable": "? [a]\n: b\n",
        "deep": "[" * 9000,
        "ring": "&a [*a]",
    }
    texts |= dict(twisted(yaml.safe_load(whole), 11, 40))
    cases = {how: text.encode("utf-8", "surrogatepass") for how, text in texts.items()}
    cases |= dict(cut_and_flipped(whole.encode(), 8, 6, 20))
    for how, data in cases.items():
        source.write_bytes(data)
        battery.check(f"rules: {how}", lambda: fault_of(run("rulebook", "check", "--rulebook", source), tmp_path))
    assert not Path("RAN").exists()


def test_every_layout_is_written_somewhere() -> None:
    assert {schema.name for schema, _ in FORMATS.values()} <= set(LAYOUTS)
