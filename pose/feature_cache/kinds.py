"""The kinds of frozen features that nets read, and the digest that says which net made them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pose.blocks import resize
from pose.methods.settings import SourceFeatures
from pose.sources.domain import DomainSource
from pose.sources.named import TaskSource, describe_task_source
from shared.files import digest

#: Raise it when what is stored changes its meaning.
_FORMAT = 1


@dataclass(frozen=True)
class FeatureKind:
    """One kind: what a source gives at one size.

    Attributes:
        name: of the folder.
        source: the frozen net.
        compute: maps RGB ``(B, 3, S, S)`` in [0, 1] to named maps.
    """

    name: str
    source: nn.Module
    compute: Callable[[Tensor], dict[str, Tensor]]


def domain_kind(source: DomainSource, side: int, machine: str) -> FeatureKind:
    """Returns the picture and the domain maps at ``side`` cells; ``machine``: precision and device that compute."""

    def compute(rgb: Tensor) -> dict[str, Tensor]:
        levels = {f"level{i}": level for i, level in enumerate(source.maps(rgb, side))}
        return {"picture": resize(rgb, side), **levels}

    told = digest(_FORMAT, "domain", side, source.describe(), weights_digest(source), machine)
    return FeatureKind(f"domain-{told}", source, compute)


def trunk_kind(source: TaskSource, machine: str) -> FeatureKind:
    """Returns the task source's map before its head. The head may have been taken out: it does not matter here."""

    def compute(rgb: Tensor) -> dict[str, Tensor]:
        return {"trunk": source.trunk(rgb)}

    told = digest(_FORMAT, "trunk", describe_task_source(source), weights_digest(source), machine)
    return FeatureKind(f"trunk-{told}", source, compute)


def as_features(maps: dict[str, Tensor]) -> SourceFeatures:
    """Returns stored maps as a net reads them."""
    levels = [maps[name] for name in sorted(maps) if name.startswith("level")]
    return SourceFeatures(maps.get("picture"), tuple(levels) or None, maps.get("trunk"))


def weights_digest(source: nn.Module) -> str:
    """Returns a digest of all tensors of a source but its head's."""
    made = hashlib.sha256()
    for name, value in sorted(source.state_dict().items()):
        if not name.startswith(("convs.", "deconv.")):
            made.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            made.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return made.hexdigest()
