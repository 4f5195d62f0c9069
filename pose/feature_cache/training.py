"""From a pose training's settings to its cache."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from pose.feature_cache.cache import FeatureCache, prepare
from pose.feature_cache.kinds import FeatureKind, domain_kind, trunk_kind
from shared.errors import UsageError

if TYPE_CHECKING:
    from pose.module import PoseModule

#: Precisions in which the sources keep their own weights, so that their digest says what ran.
_PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


def cache_of(module: PoseModule) -> FeatureCache:
    """Fills the cache for a fit that is about to begin.

    Raises:
        UsageError: the method, the data or the precision cannot be cached, or there is no room.
        DataError: a file cannot be read or written.
    """
    trainer: Any = module.trainer
    data: Any = trainer.datamodule
    views = data.fixed_views() if hasattr(data, "fixed_views") else None
    if module.judge is not None or not module.automatic_optimization:
        raise UsageError(f"model.init_args.feature_cache: {module.recipe.method} cannot use it; set it to null")
    if views is None:
        raise UsageError(
            "model.init_args.feature_cache: each training picture is new; set data.views, e.g. 4 (that many augmented "
            "views of each), or data.augment to false"
        )
    if trainer.precision not in _PRECISIONS:
        raise UsageError(
            f"trainer.precision={trainer.precision}: cannot be used with feature_cache; choose {', '.join(_PRECISIONS)}"
        )
    device = trainer.strategy.root_device
    return prepare(
        Path(module.hparams["feature_cache"]),
        module.hparams["feature_cache_gb"],
        views,
        [_moved(kind, device) for kind in _kinds(module, f"{trainer.precision} {device.type} {torch.__version__}")],
        device=device,
        context=trainer.precision_plugin.forward_context,
        workers=data.num_workers,
    )


def _kinds(module: PoseModule, machine: str) -> list[FeatureKind]:
    net: Any = module.net
    kinds = []
    if hasattr(net, "domain"):
        kinds.append(domain_kind(net.domain.source, net.domain_converter.side, machine))
    task = module.teacher if module.teacher is not None else getattr(net, "task", None)
    if task is not None:
        kinds.append(trunk_kind(task.source, machine))
    return kinds


def _moved(kind: FeatureKind, device: Any) -> FeatureKind:
    kind.source.to(device)
    return kind
