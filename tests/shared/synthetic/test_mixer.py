"""The style mixer's YAML: what it changes, what it leaves, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shared.errors import DataError, UsageError
from shared.synthetic.character import sample_character
from shared.synthetic.cli import synth
from shared.synthetic.dataset import Plan
from shared.synthetic.mixer import FACTORS, NUMBERS, WEIGHTS, Mixer, mixer_of, read_mixer
from shared.synthetic.mixes import MIXES, RICH, SIMPLE
from shared.synthetic.writer import draw_sample

EXAMPLE = Path(__file__).parents[3] / "configs" / "synth" / "mixer.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_named_weights_replace_and_others_scale_the_rest(tmp_path: Path) -> None:
    mixer = read_mixer(
        written(
            tmp_path,
            "base: simple\nlooks: {pixelated: 0.5, others: 0.5}\nviews: {back: 1, others: 0}\n"
            "hair: {bob: 2}\nextras: 2\nmanners: {chalk: 0.1}\n",
        )
    )
    mix = mixer.mix
    assert mix.looks["pixelated"] == 0.5
    assert mix.looks["plain"] == SIMPLE.looks["plain"] / 2
    assert mix.looks["sepia"] == 0, "not in the simple mix"
    assert mix.views == (0, 0, 0, 1)
    assert SIMPLE.hair is not None
    assert mix.hair is not None
    assert mix.hair["bob"] == 2
    assert mix.hair["spiky"] == SIMPLE.hair["spiky"]
    assert mix.hair["drills"] == 0
    assert (mix.extras, mix.adornments) == (2, SIMPLE.adornments)
    assert mix.manners["chalk"] == 0.1
    assert mix.manners["cel"] == SIMPLE.manners["cel"]
    assert mix.poses is SIMPLE.poses


def test_a_mixer_without_changes_draws_what_its_base_draws(tmp_path: Path) -> None:
    plain = Plan(3, 1, 64, "drawn", (1, 2), "simple")
    mixed = Plan(3, 1, 64, "drawn", (1, 2), read_mixer(written(tmp_path, "base: simple\n")))
    factors = "".join(f"{key}: {{{next(iter(names))}: 1}}\n" for key, names in FACTORS.items())
    ones = Plan(3, 1, 64, "drawn", (1, 2), read_mixer(written(tmp_path, f"base: rich\n{factors}")))
    assert mixed.description() == plain.description()
    assert np.array_equal(draw_sample(mixed, 1).image, draw_sample(plain, 1).image)
    rich = Plan(3, 1, 64, "drawn", (1, 2))
    assert np.array_equal(draw_sample(ones, 1).image, draw_sample(rich, 1).image), "factors of 1 change nothing"


def test_what_a_mixer_names_is_what_is_drawn(tmp_path: Path) -> None:
    mix = read_mixer(
        written(
            tmp_path,
            "manners: {cel: 1, others: 0}\nposes: {walking: 1, others: 0}\nbuilds: {boy: 1, others: 0}\n"
            "bodies: {chibi: 1, others: 0}\nhair: {spiky: 1, others: 0}\noutfits: {suit: 1, others: 0}\n"
            "expressions: {angry: 1, others: 0}\nviews: {side: 1, others: 0}\nadornments: 0\n",
        )
    ).mix
    for seed in range(20):
        spec = sample_character(np.random.default_rng(seed), "drawn", mix)
        assert (spec.rendering.style, spec.pose.family, spec.sex) == ("cel", "walking", "boy")
        assert (spec.hair.style, spec.outfit.name, spec.face.expression) == ("spiky", "suit", "angry")
        assert 2 <= spec.size.heads <= 3.4
        assert 60 <= abs(spec.camera.yaw) <= 120
        assert not spec.wear.hat


def test_the_example_names_every_kind_of_key() -> None:
    mixer = read_mixer(EXAMPLE)
    assert set(mixer.changes) == {*WEIGHTS, *FACTORS, *NUMBERS}
    assert mixer.mix.looks["pixelated"] == 0.5
    assert {key for mix in MIXES.values() for key in mix.looks} <= set(WEIGHTS["looks"])
    assert {key for mix in MIXES.values() for key in mix.backgrounds} <= set(WEIGHTS["backgrounds"])
    assert {key for mix in MIXES.values() for key in mix.poses} <= set(WEIGHTS["poses"])


def test_content_is_part_of_the_data_set(tmp_path: Path) -> None:
    path = written(tmp_path, "poses: {lying: 1}\nextras: 0\n")
    found = synth(tmp_path / "data", 2, size=64, characters="1", workers=1, mix=str(path))
    told = json.loads((tmp_path / "data" / "dataset.json").read_text())
    assert told["mix"] == {"base": "rich", "poses": {"lying": 1.0}, "extras": 0.0}
    assert told["content_hash"] == found
    # The same content in another file and order is the same data set; other content is another one.
    other = tmp_path / "other.yml"
    other.write_text("extras: 0\nbase: rich\nposes:\n  lying: 1.0\n")
    assert synth(tmp_path / "data", 2, size=64, characters="1", workers=1, mix=str(other)) == found
    other.write_text("extras: 1\nposes: {lying: 1}\n")
    with pytest.raises(UsageError, match="holds another data set"):
        synth(tmp_path / "data", 2, size=64, characters="1", workers=1, mix=str(other))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "not a mixer"), ("1: 2", "not a mixer"), ("base: poor", "base poor: must be one of rich"),
        ("manner: {cel: 1}", "'manner' is not known; did you mean manners"),
        ("manners: {cell: 1}", "manners: 'cell' is not known; did you mean cel"),
        ("poses: {no: 1}", "poses: False is not known; use some of standing"),
        ("looks: pixelated", "looks: must hold names and weights"), ("looks: {}", "looks: must hold"),
        ("looks: {plain: -1}", "looks: plain: -1 is not a number from 0"),
        ("looks: {plain: yes}", "looks: plain: True is not"), ("looks: {plain: .nan}", "nan is not a number"),
        ("looks: {others: 0}", "looks: nothing is left"), ("views: {others: 0}", "views: nothing is left"),
        ("outfits: {others: 0}", "outfits: nothing is left"),
        ("extras: 9", "extras: 9 is not a number from 0 to 5"), ("adornments: many", "'many' is not a number"),
        ("bvh: {share: 1}", "bvh: must be written as"), ("bvh: {files: [], share: 1}", "names of files"),
        ("bvh: {files: [a.bvh], share: 2}", "bvh: share: 2 is not"), ("bvh: nothing.bvh", "nothing.bvh"),
        ("looks: {plain", "cannot be read as YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as failure:
        read_mixer(written(tmp_path, text))
    assert "\n" not in str(failure.value)
    assert "mine.yaml" in str(failure.value) or "nothing.bvh" in str(failure.value)


def test_a_mix_is_a_name_or_a_file(tmp_path: Path) -> None:
    assert mixer_of("rich") == Mixer("rich")
    assert mixer_of("rich").mix == RICH
    with pytest.raises(UsageError, match="--mix rch: must be one of rich"):
        mixer_of("rch")
    with pytest.raises(DataError, match="no such file"):
        mixer_of(str(tmp_path / "none.yaml"))
