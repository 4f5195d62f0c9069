"""Dumps of every era to a manifest, against a plain loop; and the memory of a dump ten times as long."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from inkpose.bench.row import Row, compare
from shared.manifest.danbooru import DanbooruSource, danbooru_manifest
from shared.rulebook.rulebook import Rulebook, load_rulebook

_POSTS, _LONG, _DISTINCT, _TAGS = 65_536, 1_000_000, 4_096, 30
ERAS = ("2018-2020", "2021", "API")


def rows(folder: Path) -> Iterator[Row]:
    """Yields posts per core-second of each era, and the peak memory of 100 000 posts beside that of a million."""
    rulebook = load_rulebook()
    images = _write_images(folder / "images", _POSTS)
    for era in ERAS:
        dump = folder / f"{era}.json"
        write_dump(dump, _POSTS, era, rulebook)
        yield compare(
            f"manifest: dump of {era}",
            "posts/s on one core",
            partial(_ours, dump, images, folder / f"{era}.parquet", rulebook),
            partial(_plain, dump, rulebook),
            "json.loads and rulebook alone",
            rounds=3,
            cpu_time=True,
        )
    images = _write_images(folder / "many", _LONG)
    peaks: list[float] = []
    for posts in (_LONG // 10, _LONG):
        dump = folder / "long.json"
        write_dump(dump, posts, "2021", rulebook)
        peaks.append(_peak_mib(dump, images, folder / "long.parquet"))
    yield Row(
        f"manifest: peak memory, {_LONG // 10:,} posts", "MiB (1.00× is flat)", peaks[0], peaks[1], f"{_LONG:,} posts",
        "inkpose bench --only manifest",
    )  # fmt: skip


def write_dump(path: Path, posts: int, era: str, rulebook: Rulebook) -> None:
    """Writes a dump of ids 1…posts with 30 real tags each, frequent ones more often; the same posts in every era."""
    rng = np.random.default_rng(0)
    names = np.array(list(rulebook.vocabulary))
    weight = 1.0 / np.arange(1, len(names) + 1)
    draws = rng.choice(names, size=(_DISTINCT, _TAGS), p=weight / weight.sum())
    ends = [json.dumps(_post(list(dict.fromkeys(draw.tolist())), era))[1:] + "\n" for draw in draws]
    quote = '"' if era == "2018-2020" else ""
    with path.open("w", encoding="utf-8") as out:
        for number in range(posts):
            out.write(f'{{"id": {quote}{number + 1}{quote}, {ends[number % _DISTINCT]}')


def _post(tags: list[str], era: str) -> dict[str, Any]:
    """Returns a post but for its id, with the fields that lines of that era have."""
    common: dict[str, Any] = {
        "created_at": "2008-06-10 03:08:07.34205 UTC", "updated_at": "2018-06-07 21:33:03.2375 UTC",
        "source": "https://example.org/pictures/2008/06/10/123456_p0.jpg", "md5": "9a0f0b2b1c9a0f0b2b1c9a0f0b2b1c00",
        "rating": "g" if era == "API" else "s", "file_ext": "jpg", "is_deleted": False, "is_banned": False,
        "is_pending": False, "is_flagged": False, "has_children": False,
    }  # fmt: skip
    numbers = {"uploader_id": 65792, "score": 1, "image_width": 797, "image_height": 794, "file_size": 110256,
               "up_score": 1, "down_score": 0, "parent_id": 0, "pixiv_id": 0}  # fmt: skip
    if era == "2018-2020":
        records = [{"id": str(400_000 + number), "name": name, "category": "0"} for number, name in enumerate(tags)]
        return common | {key: str(value) for key, value in numbers.items()} | {"tags": records, "pools": [], "favs": []}
    strings = {f"tag_string_{group}": f"some_{group}" for group in ("character", "copyright", "artist", "meta")}
    strings |= {"tag_string_general": " ".join(tags), "tag_string": " ".join([*tags, *strings.values()])}
    more = {"bit_flags": 0, "media_asset": {"id": 1, "file_ext": "jpg", "variants": [{"type": "180x180"}]}}
    return common | numbers | strings | (more if era == "API" else {})


def _write_images(folder: Path, count: int) -> Path:
    """Makes indexed tars of pictures 1…count without content: a manifest needs no pixels."""
    folder.mkdir()
    for shard in range(-(-count // 10_000)):
        ids = range(shard * 10_000 + 1, (shard + 1) * 10_000 + 1)
        files = {f"{image_id}.jpg": {"offset": 512 + index * 1024, "size": 512} for index, image_id in enumerate(ids)}
        size = 512 + len(ids) * 1024
        with (folder / f"{shard:04d}.tar").open("wb") as tar:
            tar.truncate(size)
        (folder / f"{shard:04d}.json").write_text(json.dumps({"filesize": size, "files": files}))
    return folder


def _ours(dump: Path, images: Path, out: Path, rulebook: Rulebook) -> int:
    return danbooru_manifest(DanbooruSource([dump], images, scheme=_scheme(dump)), out, rulebook).kept


def _scheme(dump: Path) -> Literal["before_2022", "since_2022"]:
    return "since_2022" if dump.stem == "API" else "before_2022"


def _plain(dump: Path, rulebook: Rulebook) -> int:
    count = 0
    with dump.open("rb") as lines:
        for line in lines:
            count += 1
            post = json.loads(line)
            tags = post["tag_string_general"].split() if "tags" not in post else [tag["name"] for tag in post["tags"]]
            rulebook.label_indices(tags)
    return count


def _peak_mib(dump: Path, images: Path, out: Path) -> float:
    """Returns the peak memory of a process of its own that makes the manifest, MiB."""
    code = "from inkpose.bench.manifest import tell_peak; tell_peak()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(dump), str(images), str(out)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def tell_peak() -> None:
    """Makes the manifest of the paths on the command line and writes this process's peak memory, MiB, to stdout."""
    dump, images, out = map(Path, sys.argv[1:])
    _ours(dump, images, out, load_rulebook())
    status = Path("/proc/self/status")
    if status.exists():  # the other figure begins with the parent's peak
        peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(f"{peak}\n")
