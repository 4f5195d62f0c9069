"""The artist, against the bare encoding of what it draws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inkpose.bench.row import Row, compare
from shared.images import encode_jpeg, encode_png
from shared.synthetic.dataset import Plan
from shared.synthetic.truth import cut_out
from shared.synthetic.writer import draw_sample, write_sample

_COUNT = 40


def rows(folder: Path) -> Iterator[Row]:
    """Yields complete 256 px samples per core-second: drawn, with truth, encoded and written."""
    for style in ("drawn", "photo"):
        plan = Plan(count=_COUNT, seed=5, size=256, characters=(1, 2), style=style)
        root = folder / style
        scenes = [draw_sample(plan, image_id) for image_id in range(1, _COUNT + 1)]

        def ours(plan: Plan = plan, root: Path = root) -> int:
            for image_id in range(1, _COUNT + 1):
                write_sample(root, image_id, draw_sample(plan, image_id))
            return _COUNT

        def encoding(scenes: list = scenes) -> int:  # type: ignore[type-arg]
            for scene in scenes:
                encode_jpeg(scene.image), encode_jpeg(scene.background), encode_png(scene.instances)
                for foreground in scene.foregrounds:
                    encode_png(cut_out(foreground))
            return _COUNT

        yield compare(
            f"drawing: {style} samples", "samples/s on one core", ours, encoding, "encoding the same pictures only",
            rounds=3, cpu_time=True,
        )  # fmt: skip
