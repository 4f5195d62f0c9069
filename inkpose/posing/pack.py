"""An annotation pack: chosen pictures with poses to be corrected in CVAT or Label Studio, and trained on."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from inkpose.posing.results import COCO_FILE
from inkpose.posing.run import Poser, pose_to_folder
from inkpose.writing import prepare_folder
from shared.errors import DataError, UsageError
from shared.files import write_bytes, write_text
from shared.image_headers import suffix_of
from shared.images import read_rgb
from shared.keypoints.records import Picture, PoseSet
from shared.keypoints.schema import COCO_17
from shared.manifest.pose_selection import BalancedOrder, Candidate, Candidates
from shared.readers.coco_people_writer import write_coco_people
from shared.readers.keypoint_files import read_keypoints
from shared.readers.label_studio import labeling_config, write_label_studio
from shared.readers.places import bytes_of

#: The name that CVAT's import of COCO keypoints expects.
ANNOTATIONS = "annotations/person_keypoints_default.json"


@dataclass
class Pack:
    """What was chosen: posts, pictures that could not be used, and how often each tag is in the pack."""

    posts: list[Candidate] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def gather(
    candidates: Candidates, order: BalancedOrder, count: int, out: Path, images: Path | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Pack:  # fmt: skip
    """Copies ``count`` chosen pictures, bytes unchanged, to ``out/images/<id>.<suffix>`` and lists them.

    ``out/selection.csv`` has the columns id, file, tags. A picture that is missing or damaged is passed over and
    another one takes its place.

    Args:
        candidates: the posts.
        order: deals them out.
        count: how many; fewer when there are no more.
        out: the pack; new, empty, or begun.
        images: where the pictures are now; None is where the manifest says.
        on_picture: is called after each picture.

    Raises:
        UsageError: ``out`` holds other things, or a finished pack.
        DataError: no picture could be used.
    """
    prepare_folder(out)
    if (out / ANNOTATIONS).exists():
        raise UsageError(f"{out}: is a finished pack, perhaps corrected since; name another folder with --out")
    if not (out / "selection.csv").is_file():
        foreign = [path.name for path in out.iterdir() if path.name != "images" and not path.name.startswith(".")]
        if foreign:
            raise UsageError(f"{out}: holds {foreign[0]} and is no annotation pack; name another folder with --out")
    pack, root, names = Pack(), images or candidates.images, {}
    while len(pack.posts) < count and (post := order.deal()) is not None:
        try:
            data = bytes_of(root, post.place)
            read_rgb(data)
        except DataError as error:
            pack.failures.append(f"post {post.id}: {error}")
            order.refuse(post)
            continue
        names[post.id] = f"{post.id}{suffix_of(data)}"
        write_bytes(out / "images" / names[post.id], data)
        pack.posts.append(post)
        if on_picture is not None:
            on_picture()
    if not pack.posts:
        raise DataError(f"{root}: no picture of {len(candidates.posts)} posts is there; name the folder with --images")
    # What an earlier choice left would be annotated, too.
    for old in (out / "images").iterdir():
        if old.name not in names.values():
            old.unlink()
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("id", "file", "tags"))
    writer.writerows((post.id, names[post.id], " ".join(post.tags)) for post in pack.posts)
    write_text(out / "selection.csv", table.getvalue())
    pack.counts = order.counts
    return pack


def annotate(out: Path, poser: Poser | None, on_picture: Callable[[], None] | None = None) -> PoseSet:
    """Writes the annotation files of a pack's pictures, with the poses that ``poser`` finds or none.

    ``annotations/person_keypoints_default.json`` for CVAT and for training, ``label_studio.json`` with its labeling
    set-up ``label_studio.xml``, and ``poses/`` with overlays. Run again, it goes on where it was stopped.

    Returns:
        The poses.
    """
    files = sorted((out / "images").iterdir())
    if poser is None:
        pictures = {}
        for number, path in enumerate(files, start=1):
            height, width = read_rgb(path).shape[:2]
            stem = int(path.stem) if path.stem.isdigit() else number
            pictures[stem] = Picture(stem, path.name, width, height)
        poses = PoseSet(COCO_17, pictures, [], has_visibility=False)
    else:
        pose_to_folder(poser, [out / "images"], out / "poses", ("json", "coco", "overlay"), on_picture=on_picture)
        poses = read_keypoints(out / "poses" / COCO_FILE, "coco", "size")
    write_coco_people(out / ANNOTATIONS, poses)
    shown = {i: replace(picture, file_name=f"images/{picture.file_name}") for i, picture in poses.pictures.items()}
    write_label_studio(out / "label_studio.json", replace(poses, pictures=shown))
    write_text(out / "label_studio.xml", labeling_config(poses.schema))
    return poses
