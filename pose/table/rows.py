"""The rows of the table: a method, the weights of its domain source, and how much data it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torchvision

from shared.errors import UsageError

DomainWeights = Literal["ours", "imagenet", "rf5", "random"]


@dataclass(frozen=True)
class TableRow:
    """One row.

    Attributes:
        name: of its folder.
        title: in the table.
        method: one of ``pose.build.METHODS``.
        domain: weights of the domain source.
        hard_data: learns from the hard extra data too.
        changes: settings of the YAML that differ for this row, as command line arguments.
    """

    name: str
    title: str
    method: str
    domain: DomainWeights = "ours"
    hard_data: bool = True
    changes: tuple[str, ...] = ()


#: Constant rate: the release trains matching so.
_MATCH = ("--model.init_args.schedule", "constant")
#: One batch that trains nothing, then the validation that chooses gates.
_UNTRAINED = (
    "--trainer.max_epochs", "1", "--trainer.max_steps", "-1", "--trainer.limit_train_batches", "1",
    "--trainer.check_val_every_n_epoch", "1", "--trainer.val_check_interval", "1.0",
    "--model.init_args.start_probability", "null",
)  # fmt: skip

#: In the paper's order: ours with and without the new data, the baselines, the backbones.
ROWS: tuple[TableRow, ...] = (
    TableRow("feature_concat", "Feature concatenation", "feature_concat"),
    TableRow("feature_concat_without", "Feature concatenation", "feature_concat", hard_data=False),
    TableRow("feature_match", "Feature matching", "feature_match", changes=_MATCH),
    TableRow("feature_match_without", "Feature matching", "feature_match", hard_data=False, changes=_MATCH),
    TableRow("task_with_domain", "Task fine-tuning with domain features", "task_with_domain"),
    TableRow("domain_only", "Domain features only", "domain_only"),
    TableRow("task_finetune", "Task fine-tuning only", "task_finetune"),
    TableRow("adversarial", "Adversarial", "adversarial"),
    TableRow("task_pretrained", "Task-pretrained", "task_pretrained", changes=_UNTRAINED),
    TableRow("backbone_imagenet", "Concatenation over ImageNet", "feature_concat", domain="imagenet"),
    TableRow("backbone_rf5", "Concatenation over RF5", "feature_concat", domain="rf5"),
    TableRow("backbone_random", "Concatenation over random weights", "feature_concat", domain="random"),
)


def rows_named(names: str | None) -> tuple[TableRow, ...]:
    """Returns the rows of a comma-separated list, all for None.

    Raises:
        UsageError: an unknown name.
    """
    if names is None:
        return ROWS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {row.name: row for row in ROWS}
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise UsageError(f"--rows {names}: {unknown[0] if unknown else 'empty'}; choose from {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def domain_source(weights: DomainWeights, ours: str, backbone: str, rf5: Path | None, download: bool) -> str | None:
    """Returns what ``model.init_args.domain_source`` must be, or None when these weights are not on this machine.

    Args:
        weights: which.
        ours: the tagger that the preset's YAML names.
        backbone: ResNet of that tagger, so that the ablation changes nothing else.
        rf5: a file of RF5/danbooru-pretrained, or None.
        download: let torchvision fetch ImageNet weights.
    """
    if weights == "rf5":
        return f"rf5:{rf5}" if rf5 is not None and rf5.is_file() else None
    if weights == "imagenet":
        url: str = torchvision.models.get_model_weights(backbone)["DEFAULT"].url
        cached = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
        return f"imagenet:{backbone}" if download or cached.is_file() else None
    return f"random:{backbone}" if weights == "random" else ours
