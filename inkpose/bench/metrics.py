"""The tagger's streaming metrics, against torchmetrics."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torchmetrics.classification import MultilabelFBetaScore

from inkpose.bench.row import Row, compare
from tagger.metrics import LogitHistogram

_PICTURES, _CLASSES, _BATCH = 4096, 1062, 64


def rows() -> Iterator[Row]:
    """Yields scored pictures per second; ours keeps every threshold, the baseline one."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(_PICTURES, _CLASSES, generator=generator) * 2
    labels = (torch.rand(_PICTURES, _CLASSES, generator=generator) < 0.02).long()
    batches = list(zip(torch.split(logits, _BATCH), torch.split(labels, _BATCH), strict=True))
    histogram = LogitHistogram(_CLASSES)
    plain = MultilabelFBetaScore(beta=2.0, num_labels=_CLASSES, average="macro", validate_args=False)

    def ours() -> int:
        histogram.reset()
        for some_logits, some_labels in batches:
            histogram.update(some_logits, some_labels)
        histogram.compute()
        return _PICTURES

    def baseline() -> int:
        plain.reset()
        for some_logits, some_labels in batches:
            plain.update(some_logits, some_labels)
        plain.compute()
        return _PICTURES

    yield compare(
        "metrics: macro F2 of 1062 classes", "pictures/s", ours, baseline, "torchmetrics F-beta, one threshold"
    )
