"""The pose methods, and nets built from plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pose.methods.adversarial.net import AdversarialNet
from pose.methods.domain_only.net import DomainOnlyNet
from pose.methods.feature_concat.net import FeatureConcatNet
from pose.methods.feature_match.net import FeatureMatchNet
from pose.methods.settings import HeadSettings
from pose.methods.task_finetune.net import TaskFinetuneNet
from pose.methods.task_pretrained.net import TaskPretrainedNet
from pose.methods.task_with_domain.net import TaskWithDomainNet
from pose.sources.domain import DomainSource
from pose.sources.named import TaskSource, build_task_source, describe_task_source
from shared.errors import UsageError

PoseNet = (
    FeatureConcatNet
    | FeatureMatchNet
    | DomainOnlyNet
    | TaskFinetuneNet
    | TaskWithDomainNet
    | AdversarialNet
    | TaskPretrainedNet
)


@dataclass(frozen=True)
class Recipe:
    """All that says how a net is built, as plain data; a checkpoint carries it.

    Attributes:
        method: name of one of ``METHODS``.
        crop_side: side of the square crop in pixels.
        domain: arguments of :class:`DomainSource`, or None for a method without it.
        task: name and arguments of the task source, or None for a method that does not run it.
        imitated: channels and side of the features to imitate, or None.
        head: arguments of :class:`HeadSettings`.
    """

    method: str
    crop_side: int
    domain: dict[str, Any] | None
    task: dict[str, Any] | None
    imitated: dict[str, int] | None
    head: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """Returns the recipe as a dict that a checkpoint can hold."""
        return asdict(self)

    def settings(self) -> HeadSettings:
        """Returns the sizes of the trainable part."""
        return HeadSettings(**{**self.head, "head_widths": tuple(self.head["head_widths"])})


@dataclass(frozen=True)
class Method:
    """A published way to use the sources.

    Attributes:
        name: as in files and in ``model.init_args.method``.
        uses_domain: the net runs the domain source.
        runs_task: the net runs the task source.
        imitates_task: the training compares features with the task source's.
        make: builds the net; a source is None where the net does not run it.
        trains: False for a method that takes its source as it is.
    """

    name: str
    uses_domain: bool
    runs_task: bool
    imitates_task: bool
    make: Callable[[Recipe, DomainSource | None, TaskSource | None], PoseNet]
    trains: bool = True


def _feature_concat(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert domain is not None
    assert task is not None
    return FeatureConcatNet(domain, task, recipe.settings())


def _feature_match(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert domain is not None
    assert recipe.imitated is not None
    return FeatureMatchNet(domain, recipe.imitated["channels"], recipe.imitated["side"], recipe.settings())


def _domain_only(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert domain is not None
    return DomainOnlyNet(domain, recipe.settings())


def _task_finetune(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert task is not None
    return TaskFinetuneNet(task, recipe.settings())


def _task_with_domain(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert domain is not None
    assert task is not None
    return TaskWithDomainNet(domain, task, recipe.crop_side, recipe.settings())


def _adversarial(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert task is not None
    return AdversarialNet(task, recipe.settings())


def _task_pretrained(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    assert task is not None
    return TaskPretrainedNet(task, recipe.settings())


#: To add a method: a folder under pose/methods, a YAML under configs/pose, an entry here.
METHODS: tuple[Method, ...] = (
    Method("feature_concat", uses_domain=True, runs_task=True, imitates_task=False, make=_feature_concat),
    Method("feature_match", uses_domain=True, runs_task=False, imitates_task=True, make=_feature_match),
    Method("domain_only", uses_domain=True, runs_task=False, imitates_task=False, make=_domain_only),
    Method("task_finetune", uses_domain=False, runs_task=True, imitates_task=False, make=_task_finetune),
    Method("task_with_domain", uses_domain=True, runs_task=True, imitates_task=False, make=_task_with_domain),
    Method("adversarial", uses_domain=False, runs_task=True, imitates_task=False, make=_adversarial),
    Method(
        "task_pretrained", uses_domain=False, runs_task=True, imitates_task=False, make=_task_pretrained, trains=False
    ),
)


def method_named(name: str) -> Method:
    """Returns the method of that name.

    Raises:
        UsageError: there is none.
    """
    for method in METHODS:
        if method.name == name:
            return method
    raise UsageError(f"pose method {name!r} is unknown; accepted: {', '.join(method.name for method in METHODS)}")


def write_recipe(
    method: Method, crop_side: int, domain: DomainSource | None, task: TaskSource | None, head: HeadSettings
) -> Recipe:
    """Writes down the net that these parts make; a source that the method does not use may be None.

    Raises:
        UsageError: a source that the method uses is missing.
    """
    if method.uses_domain and domain is None:
        raise UsageError(f"pose method {method.name}: domain_source is not set; give a tagger checkpoint")
    if (method.runs_task or method.imitates_task) and task is None:
        raise UsageError(f"pose method {method.name}: task_source is not set; give a task source checkpoint")
    imitated = None
    if method.imitates_task and task is not None:
        imitated = {"channels": task.feature_channels, "side": task.feature_side(crop_side)}
    return Recipe(
        method=method.name,
        crop_side=crop_side,
        domain=domain.describe() if method.uses_domain and domain is not None else None,
        task=describe_task_source(task) if method.runs_task and task is not None else None,
        imitated=imitated,
        head={**asdict(head), "head_widths": list(head.head_widths)},
    )


def build_method(recipe: Recipe, domain: DomainSource | None, task: TaskSource | None) -> PoseNet:
    """Builds the net around loaded sources."""
    method = method_named(recipe.method)
    return method.make(recipe, domain, task if method.runs_task else None)


def build_net(recipe: Recipe) -> PoseNet:
    """Builds the net with random weights; no file is read and no source is built that the net does not run."""
    domain = DomainSource(**recipe.domain) if recipe.domain else None
    task = build_task_source(recipe.task["name"], recipe.task["arguments"]) if recipe.task else None
    return method_named(recipe.method).make(recipe, domain, task)
