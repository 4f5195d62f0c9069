"""Sizes and wiring of the nets against the published facts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from pose.blocks import DomainConverter, KeypointHead, ResBlock, conv3, resize
from pose.build import METHODS, PoseNet, Recipe, build_method, build_net, method_named, write_recipe
from pose.codecs.heatmap import HeatmapCodec
from pose.methods.adversarial.judge import DomainJudge, reversal_strength
from pose.methods.feature_concat.net import FeatureConcatNet
from pose.methods.feature_match.net import FeatureMatchNet
from pose.methods.settings import HeadSettings
from pose.sources.domain import DomainSource
from pose.sources.keypoint_resnet import KeypointResNet
from pose.sources.mask_rcnn import MaskRcnnBranch
from shared.errors import UsageError
from shared.keypoints.schema import MIDPOINT_INDICES

SMALL = HeadSettings(head_side=16, level_width=8, domain_width=12, task_width=4, head_widths=(16, 12, 8))


def count(module: nn.Module, trainable: bool = False) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable)


def small_net(method: str) -> PoseNet:
    torch.manual_seed(0)
    domain, task = DomainSource("resnet18"), KeypointResNet(task_width=16, task_depth=1)
    return build_method(write_recipe(method_named(method), 64, domain, task, SMALL), domain, task)


@pytest.fixture(scope="module")
def paper_sources() -> tuple[DomainSource, MaskRcnnBranch]:
    with torch.device("meta"):
        return DomainSource("resnet50"), MaskRcnnBranch()


def paper_net(method: str, sources: tuple[DomainSource, MaskRcnnBranch]) -> nn.Module:
    recipe = write_recipe(method_named(method), 256, *sources, HeadSettings())
    with torch.device("meta"):
        return build_method(recipe, *sources)


def test_concat_has_the_papers_size(paper_sources: tuple[DomainSource, MaskRcnnBranch]) -> None:
    net = paper_net("feature_concat", paper_sources)
    assert count(net, trainable=True) == 795_929
    assert count(net) == 70_686_762  # the paper's 86.8 M without proposals, box head and unused levels


def test_match_has_the_papers_size(paper_sources: tuple[DomainSource, MaskRcnnBranch]) -> None:
    net = paper_net("feature_match", paper_sources)
    assert count(net, trainable=True) == 1_403_129
    assert count(net) == 9_946_425  # the paper's 9.9 M
    assert not any(isinstance(module, MaskRcnnBranch) for module in net.modules())


def test_branch_has_the_needed_parameters(paper_sources: tuple[DomainSource, MaskRcnnBranch]) -> None:
    assert count(paper_sources[1]) == pytest.approx(61.35e6, rel=1e-3)
    assert count(paper_sources[1].resnet) == pytest.approx(42.39e6, rel=1e-3)
    assert count(paper_sources[0]) == 8_543_296


def test_head_of_the_paper_joins_163_channels(paper_sources: tuple[DomainSource, MaskRcnnBranch]) -> None:
    net = paper_net("feature_concat", paper_sources)
    assert isinstance(net, FeatureConcatNet)
    first = net.head.layers[0]
    assert isinstance(first, nn.Conv2d)
    assert first.in_channels == 163
    assert [conv.in_channels for conv in net.domain_converter.levels] == [64, 256, 512, 1024]
    assert all(
        conv.padding_mode == "replicate"
        for part in (net.head, net.domain_converter)
        for conv in part.modules()
        if isinstance(conv, nn.Conv2d) and conv.kernel_size == (3, 3)
    )


def test_res_block_follows_the_formula() -> None:
    torch.manual_seed(0)
    block = ResBlock(5, 4).eval()
    for norm in [*block.norms, block.tail_norm]:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        norm.running_mean.normal_()
    x = torch.randn(2, 5, 6, 7)

    def conv(i: int, value: Tensor) -> Tensor:
        layer = block.convs[i]
        return functional.conv2d(functional.pad(value, (1,) * 4, mode="replicate"), layer.weight, layer.bias)

    a = conv(0, x)
    t = block.norms[0](a.relu())
    t = block.norms[1](conv(1, t).relu())
    t = block.norms[2](conv(2, t).relu())
    assert torch.allclose(block(x), block.tail_norm((a + t).relu()), atol=1e-5)


def test_converter_and_head_keep_non_square_out_but_any_level_sizes() -> None:
    converter = DomainConverter([3, 5], side=8, level_width=4, out_channels=6)
    assert converter([torch.randn(2, 3, 16, 16), torch.randn(2, 5, 4, 4)]).shape == (2, 6, 8, 8)
    assert KeypointHead(7, (6, 5, 4), 25)(torch.randn(2, 7, 8, 10)).shape == (2, 25, 8, 10)


def test_resize_samples_cell_centres() -> None:
    # Halving averages pairs, doubling puts new centres a quarter of a cell beside the old ones.
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    assert resize(ramp, 2)[0, 0, 0].tolist() == [0.5, 2.5]
    assert resize(ramp, 8)[0, 0, 0].tolist() == [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]


def test_concat_order_is_picture_domain_task() -> None:
    net = small_net("feature_concat").eval()
    seen: list[Tensor] = []
    net.head.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    rgb = torch.rand(2, 3, 64, 64)
    net(rgb)
    assert isinstance(net, FeatureConcatNet)
    features = net.frozen_features(rgb)
    maps, task_logits = net.domain.source(rgb), net.task.source(rgb)
    assert [tuple(m.shape[1:]) for m in maps] == [(64, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4)]
    # What the head reads of a level is never finer than its heatmaps.
    assert [tuple(m.shape[1:]) for m in features.domain] == [(64, 16, 16), (64, 16, 16), (128, 8, 8), (256, 4, 4)]
    assert torch.equal(seen[0][:, :3], resize(rgb, 16))
    assert torch.allclose(seen[0][:, 3:15], net.domain_converter(maps))
    assert torch.allclose(seen[0][:, 15:], net.task_converter(task_logits))


TRAINED = [method.name for method in METHODS if method.trains]


@pytest.mark.parametrize("method", TRAINED)
def test_frozen_parts_stay_frozen_and_the_rest_moves(method: str) -> None:
    net = small_net(method)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        net.from_features(net.frozen_features(torch.rand(4, 3, 64, 64))).logits.square().mean().backward()
        optimizer.step()
    after = net.state_dict()
    frozen = [name for name in before if name.startswith(("domain.", "task."))]
    assert any("running_mean" in name for name in frozen)
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    trained = [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    assert not set(trained) & set(frozen)
    # A bias in front of a BatchNorm has no gradient, so only the filters are asked to move.
    assert all(not torch.equal(before[name], after[name]) for name in trained if before[name].ndim > 1)
    norms = {name: module for name, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert {name for name, norm in norms.items() if norm.training} == {
        name for name in norms if not name.startswith(("domain.", "task."))
    }


def test_matching_reaches_the_matcher_through_the_head() -> None:
    net = small_net("feature_match").train()
    output = net.from_features(net.frozen_features(torch.rand(2, 3, 64, 64)))
    assert output.imitation is not None
    assert output.imitation.shape == (2, 16, 8, 8)
    output.logits.square().mean().backward()
    assert isinstance(net, FeatureMatchNet)
    assert net.matcher[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_a_recipe_rebuilds_the_net(method: str) -> None:
    domain, task = DomainSource("resnet18"), KeypointResNet(task_width=16, task_depth=1)
    recipe = write_recipe(method_named(method), 64, domain, task, SMALL)
    net = build_method(recipe, domain, task).eval()
    again = build_net(Recipe(**recipe.plain())).eval()
    again.load_state_dict(net.state_dict())
    rgb = torch.rand(1, 3, 64, 64)
    assert torch.equal(net(rgb), again(rgb))
    assert again(rgb).shape == (1, 25, 16, 16)


@pytest.mark.parametrize("method", TRAINED)
def test_start_at_probability(method: str) -> None:
    net = small_net(method).eval()
    net.start_at_probability(0.01)
    last = net.deconv if hasattr(net, "deconv") else net.head.last
    nn.init.zeros_(last.weight)
    assert net(torch.rand(1, 3, 64, 64)).sigmoid().mean().item() == pytest.approx(0.01)


def test_fine_tuning_starts_at_the_task_source() -> None:
    torch.manual_seed(0)
    task = KeypointResNet(task_width=16, task_depth=2).eval()
    rgb = torch.rand(2, 3, 64, 64)
    features = task.features(rgb).detach()
    domain = DomainSource("resnet18")
    for name in ("task_finetune", "task_with_domain", "adversarial"):
        copy = KeypointResNet(task_width=16, task_depth=2)
        copy.load_state_dict(task.state_dict())
        net = build_method(write_recipe(method_named(name), 64, domain, copy, SMALL), domain, copy).eval()
        seen: list[Tensor] = []
        net.deconv.register_forward_pre_hook(lambda module, args, seen=seen: seen.append(args[0]))
        assert net(rgb).shape == (2, 25, 16, 16)
        # The domain features enter through a convolution that starts at zero.
        assert torch.allclose(seen[0], features, atol=1e-5)
    assert count(task.convs) > 0


def test_a_method_says_which_source_it_misses() -> None:
    domain, task = DomainSource("resnet18"), KeypointResNet(task_width=16, task_depth=1)
    for method in METHODS:
        if method.uses_domain:
            with pytest.raises(UsageError, match="domain_source is not set"):
                write_recipe(method, 64, None, task, SMALL)
        if method.runs_task or method.imitates_task:
            with pytest.raises(UsageError, match="task_source is not set"):
                write_recipe(method, 64, domain, None, SMALL)
    assert write_recipe(method_named("domain_only"), 64, domain, None, SMALL).task is None
    assert write_recipe(method_named("task_finetune"), 64, None, task, SMALL).domain is None


def test_the_cheaper_order_of_resize_and_convolution_is_the_same() -> None:
    converter = DomainConverter([3], side=8, level_width=4, out_channels=6).eval()
    level = torch.randn(2, 3, 16, 16)
    plain = converter.fuse(resize(converter.levels[0](level), 8))
    assert torch.allclose(converter([level]), plain, atol=1e-5)


def test_batch_is_a_loop() -> None:
    net, rgb = small_net("feature_concat").eval(), torch.rand(3, 3, 64, 64)
    assert torch.allclose(net(rgb), torch.cat([net(one[None]) for one in rgb]), atol=1e-4)


def test_unknown_method_and_nonsense_sizes() -> None:
    with pytest.raises(UsageError, match="feature_concat, feature_match, domain_only"):
        method_named("feature_add")
    with pytest.raises(ValueError, match="at least 1"):
        HeadSettings(head_side=0)
    assert conv3(2, 3)(torch.zeros(1, 2, 4, 5)).shape == (1, 3, 4, 5)


def test_task_pretrained_is_the_source_with_midpoints_between() -> None:
    torch.manual_seed(0)
    task = KeypointResNet(task_width=16, task_depth=1).eval()
    net = build_method(write_recipe(method_named("task_pretrained"), 64, None, task, SMALL), None, task).eval()
    assert not any(parameter.requires_grad for parameter in net.parameters())
    rgb = torch.rand(3, 3, 64, 64)
    logits = net(rgb)
    assert logits.shape == (3, 25, 16, 16)
    # The probabilities of a joint over the cells sum to 1, and are the softmax of the source's logits.
    share = functional.softmax(resize(task(rgb), 16).flatten(2), dim=-1)
    assert torch.allclose(logits[:, :17].sigmoid().flatten(2), share, atol=1e-5)
    codec = HeatmapCodec((64, 64), (16, 16), 1.0)
    points, score = codec.decode(logits)
    for k, (a, b) in enumerate(MIDPOINT_INDICES, start=17):
        assert torch.allclose(points[:, k], (points[:, a] + points[:, b]) / 2, atol=0.1)
        assert (score[:, k] <= torch.minimum(score[:, a], score[:, b]) + 1e-5).all()


def test_the_judges_gradient_is_reversed_for_the_features_only() -> None:
    torch.manual_seed(0)
    judge = DomainJudge(5)
    features = torch.randn(6, 5, 3, 3, requires_grad=True)
    judge.loss(features, 2, 1.0).backward()
    towards, of_judge = features.grad.clone(), judge.layers[0].weight.grad.clone()
    features.grad, judge.layers[0].weight.grad = None, None
    judge.loss(features, 2, 0.25).backward()
    assert torch.allclose(features.grad, towards / 4, atol=1e-7)
    assert torch.allclose(judge.layers[0].weight.grad, of_judge)
    # A step of the features along their reversed gradient makes the judge worse.
    with torch.no_grad():
        worse = judge.loss(features - 10 * towards, 2, 1.0)
        assert worse > judge.loss(features, 2, 1.0)
    assert reversal_strength(0) == 0
    assert reversal_strength(1) == pytest.approx(0.9999, abs=1e-4)
    # Both looks count half: 2 and 4 samples that the judge is equally sure of.
    nn.init.zeros_(judge.layers[2].weight)
    nn.init.constant_(judge.layers[2].bias, 2.0)
    wrong, right = functional.softplus(torch.tensor(2.0)), functional.softplus(torch.tensor(-2.0))
    assert torch.allclose(judge.loss(features, 2, 1.0), (wrong + right) / 2)


def test_every_method_has_a_config() -> None:
    configs = Path(__file__).parents[2] / "configs" / "pose"
    told = [yaml.safe_load(path.read_text())["model"]["init_args"].get("method") for path in configs.glob("*.yaml")]
    assert {method.name for method in METHODS} <= set(told)
