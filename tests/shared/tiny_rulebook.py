"""Stands in for the shipped rulebook, so that these tests ask only what the datamodule does."""

from collections.abc import Iterable

import numpy as np


class TinyRulebook:
    class_names = ("red_hair", "blue_hair", "1girl", "2girls", "short_hair", "red_shirt", "blue_shirt", "standing", "x")
    class_groups = ("body",) * 5 + ("clothing",) * 2 + ("misc",) * 2

    def label_indices(self, tags: Iterable[str]) -> list[int]:
        held = set(tags)
        return [index for index, name in enumerate(self.class_names) if name in held]

    def label(self, tags: Iterable[str]) -> np.ndarray:
        labels = np.zeros(len(self.class_names), np.uint8)
        labels[self.label_indices(tags)] = 1
        return labels

    def digest(self) -> str:
        return "tiny"
