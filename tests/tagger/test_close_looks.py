from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from shared.errors import UsageError
from shared.keypoints.close_looks import LOOKS
from tagger.close_looks import CloseHeads, CloseLooks, cut_squares, jittered
from tagger.export import export_tagger
from tagger.net import TaggerNet
from tagger.predict import load
from tagger.square_finder import Found
from tests.tagger.test_module import Squares, SquaresData, make, trainer

SIDE = 64


def coordinates(side: int = SIDE) -> Tensor:
    """A picture whose red is x and whose green is y, in sides of it: what is cut out says where it was."""
    along = (torch.arange(side) + 0.5) / side
    x, y = along.expand(side, side), along[:, None].expand(side, side)
    return torch.stack([x, y, torch.zeros(side, side)])[None]


def test_a_square_shows_its_part_of_the_picture() -> None:
    squares = torch.tensor([[[0.5, 0.5, 0.5], [0.25, 0.75, 0.25], [0.5, 0.5, 1.0]]])
    parts = cut_squares(coordinates(), squares, 16)
    assert parts.shape == (3, 3, 16, 16)
    for part, (x, y, side) in zip(parts, squares[0].tolist(), strict=True):
        torch.testing.assert_close(part[0].mean().item(), x, atol=1e-3, rtol=0)
        torch.testing.assert_close(part[1].mean().item(), y, atol=1e-3, rtol=0)
        reach = part[0, 0, -1] - part[0, 0, 0]
        torch.testing.assert_close(reach.item(), side * 15 / 16, atol=5e-3, rtol=0)


def test_outside_the_picture_is_white_and_pictures_do_not_mix() -> None:
    pictures = torch.cat([torch.zeros(1, 3, SIDE, SIDE), torch.full((1, 3, SIDE, SIDE), 0.5)])
    parts = cut_squares(pictures, torch.tensor([[[0.0, 0.5, 0.5]], [[0.5, 0.5, 0.5]]]), 8)
    assert parts[0, :, :, :3].min() == 1
    assert parts[0, :, :, 5:].max() == 0
    assert parts[1].min() == parts[1].max() == 0.5


def test_jitter_stays_within_its_bounds() -> None:
    squares = torch.tensor([0.5, 0.4, 0.2]).repeat(500, len(LOOKS), 1)
    moved = jittered(squares, 0.1, (-0.2, 0.3))
    assert ((moved - squares)[..., :2].abs().max() / 0.2) <= 0.1
    growth = (moved[..., 2] / 0.2).log()
    assert -0.2 - 1e-5 <= growth.min() < -0.15
    assert 0.25 < growth.max() <= 0.3 + 1e-5


def test_a_head_speaks_of_its_own_classes() -> None:
    names = ["red_eyes", "boots", "solo"]
    heads = CloseHeads(4, names)
    assert heads.spoken.tolist() == [True, True, False]
    for head in heads.heads:
        torch.nn.init.ones_(head.weight)  # type: ignore[arg-type]
    features = torch.zeros(1, len(LOOKS), 4)
    features[0, list(LOOKS).index("face")] = 1.0
    assert heads(features)[0].tolist() == [4.0, 0.0, 0.0]
    features = features.roll(list(LOOKS).index("feet"), 1)
    assert heads(features)[0].tolist() == [0.0, 4.0, 0.0]


def test_both_nets_together() -> None:
    torch.manual_seed(0)
    names = ["red_eyes", "solo", "boots"]
    net = TaggerNet("resnet18", 3, looks=CloseLooks(32, 32), class_names=names).eval()
    rgb = torch.rand(2, 3, 64, 64)
    logits, embedding = net.logits_and_embedding(rgb)
    maps = net.whole_maps(rgb)
    whole = net.resnet.fc(maps["layer4"].mean((2, 3)))
    assert embedding.shape == (2, 512 * (1 + len(LOOKS)))
    torch.testing.assert_close(logits[:, 1], whole[:, 1])
    found = net.find(maps)
    first, second = (net.heads.by_look(net.close_features(rgb, found.squares[:, person])) for person in (0, 1))
    close = torch.where(found.several[:, None, None], torch.maximum(first, second), first).sum(1)
    torch.testing.assert_close(logits, torch.where(net.heads.spoken, (whole + close) / 2, whole))
    plain = TaggerNet("resnet18", 3)
    assert {name for name in net.state_dict() if name.startswith("resnet.")} == set(plain.state_dict())
    with pytest.raises(ValueError, match="2 class names for 3 classes"):
        TaggerNet("resnet18", 3, looks=CloseLooks(), class_names=names[:2])


@pytest.mark.parametrize("several", [(True, False, True), (False, False, False)])
def test_the_second_character_is_looked_at_where_there_is_one(
    several: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    names = ["red_eyes", "solo", "boots"]
    net = TaggerNet("resnet18", 3, looks=CloseLooks(32, 32), class_names=names).eval()
    for head in net.heads.heads:
        torch.nn.init.normal_(head.weight)  # type: ignore[arg-type]
    rgb = torch.rand(3, 3, 64, 64)
    places = torch.rand(3, 2, len(LOOKS), 3) * 0.5 + 0.25

    def found(squares: Tensor, several: tuple[bool, ...]) -> Tensor:
        monkeypatch.setattr(net, "find", lambda _: Found(squares, torch.tensor(several)))
        with torch.no_grad():
            return net(rgb)

    one, other = found(places, (False,) * 3), found(places.flip(1), (False,) * 3)
    both = found(places, several)
    # Each class is spoken of by one look here, so the greater logit is that of one of the two.
    expected = torch.where(torch.tensor(several)[:, None], torch.maximum(one, other), one)
    torch.testing.assert_close(both[:, [0, 1]], expected[:, [0, 1]], atol=1e-5, rtol=1e-4)
    assert not one[:, 0].allclose(other[:, 0])


class Looked(Squares):
    """All looks are at the middle of the picture."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return super().__getitem__(index) | {"squares": torch.tensor([0.5, 0.5, 0.5]).repeat(len(LOOKS), 1)}


class CloseData(SquaresData):
    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.parts["train"] = Looked(64, 0)


def begun(rulebook: Path, folder: Path, **changes: Any) -> Any:
    torch.manual_seed(1)
    source = folder / "whole.pth"
    torch.save(TaggerNet("resnet18", 11).state_dict(), source)
    settings = {"init": str(source), "close_looks": True, "whole_size": 32, "close_size": 32} | changes
    return make(rulebook, **settings)


def test_training_leaves_the_finished_tagger_and_is_saved_whole(small_rulebook: Path, tmp_path: Path) -> None:
    module = begun(small_rulebook, tmp_path)
    before = {name: value.clone() for name, value in module.net.state_dict().items()}
    assert before["close.conv1.weight"].equal(before["resnet.conv1.weight"])
    run = trainer(tmp_path, 3)
    run.fit(module, datamodule=CloseData(module.class_names))
    after = module.net.state_dict()
    for name, value in before.items():
        if name.startswith("resnet."):
            assert after[name].equal(value), name
    hair = f"heads.heads.{list(LOOKS).index('head')}.weight"  # none of the rulebook's classes is of the face
    for part in ("close.layer4.1.conv2.weight", "finder.told.weight", hair, "close.bn1.running_mean"):
        assert not after[part].equal(before[part]), part
    run.save_checkpoint(tmp_path / "close.ckpt")
    predictor = load(tmp_path / "close.ckpt", precision="float32")
    pictures = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    module.eval()
    with torch.no_grad():
        told = module(pictures / 255)
    supported = module.supported
    torch.testing.assert_close(predictor.logits(pictures)[:, supported], told[:, supported], atol=1e-5, rtol=1e-4)
    export_tagger(tmp_path / "close.ckpt", tmp_path / "out", onnx=True)
    for backend in ("torch", "onnx", "openvino"):
        exported = load(tmp_path / "out", precision="float32", backend=backend)  # type: ignore[arg-type]
        torch.testing.assert_close(exported.logits(pictures)[:, supported], told[:, supported], atol=2e-4, rtol=1e-3)
    again = begun(small_rulebook, tmp_path, init=str(tmp_path / "close.ckpt"))
    assert again.net.state_dict()["close.bn1.running_mean"].equal(after["close.bn1.running_mean"])


def test_what_the_finished_tagger_was_not_taught(
    small_rulebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a look speaks of it, the look alone tells it; else nobody does, however often the new data have it."""
    first = make(small_rulebook)
    data = SquaresData(first.class_names)
    solo, hair = first.class_names.index("solo"), first.class_names.index("red_hair")
    data.parts["train"].labels[:, [solo, hair]] = False
    run = trainer(tmp_path, 1)
    run.fit(first, datamodule=data)
    run.save_checkpoint(tmp_path / "whole.ckpt")
    module = begun(small_rulebook, tmp_path, init=str(tmp_path / "whole.ckpt"))
    trainer(tmp_path, 1).fit(module, datamodule=CloseData(module.class_names))
    assert not module.supported[solo]
    assert module.supported[hair]
    shares = dict(zip(module.class_names, module.net.heads.share.tolist(), strict=True))
    assert (shares["solo"], shares["red_hair"], shares["blue_hair"]) == (0.0, 1.0, 0.5)
    rgb = torch.rand(1, 3, 32, 32)
    module.eval()
    found = module.net.find(module.net.whole_maps(rgb))
    found = found._replace(several=torch.tensor([False]))
    monkeypatch.setattr(module.net, "find", lambda _: found)
    close = module.net.heads(module.net.close_features(rgb, found.squares[:, 0]))
    torch.testing.assert_close(module(rgb)[0, hair], close[0, hair])


def test_wrong_settings_are_named(small_rulebook: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a finished tagger"):
        begun(small_rulebook, tmp_path, init="random")
    with pytest.raises(UsageError, match=r"no multiple of model\.whole_size=24"):
        begun(small_rulebook, tmp_path, whole_size=24)
    torch.save(TaggerNet("resnet18", 7).state_dict(), tmp_path / "other.pth")
    with pytest.raises(UsageError, match="no tagger of these classes"):
        begun(small_rulebook, tmp_path, init=str(tmp_path / "other.pth"))
    module = begun(small_rulebook, tmp_path)
    with pytest.raises(UsageError, match=r"set data\.close_looks to true"):
        trainer(tmp_path, 1).fit(module, datamodule=SquaresData(module.class_names))
