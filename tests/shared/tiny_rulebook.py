"""Stands in for the shipped rulebook, so that these tests ask only what the datamodule does."""

from collections.abc import Iterable

import numpy as np


class TinyRulebook:
    class_names = ("red_hair", "blue_hair", "1girl", "2girls", "short_hair", "red_shirt", "blue_shirt", "standing", "x")
    class_groups = ("body",) * 5 + ("clothing",) * 2 + ("misc",) * 2

    def label(self, tags: Iterable[str]) -> np.ndarray:
        held = set(tags)
        return np.array([name in held for name in self.class_names], np.uint8)
