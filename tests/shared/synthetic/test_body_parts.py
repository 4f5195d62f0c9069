"""Visible shares of head, torso, arms and legs."""

from __future__ import annotations

import numpy as np

from shared.geometry import scaling
from shared.synthetic.body_parts import PARTS, map_parts
from shared.synthetic.scene import draw_scene


def _square(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def test_shares_by_hand() -> None:
    covers = [
        ("left_leg", _square(20, 60, 40, 99)),
        ("torso", _square(20, 20, 80, 60)),
        ("left_arm", _square(20, 20, 50, 60)),  # half of the torso
        ("cape", _square(20, 80, 40, 99)),  # half of the leg
        ("head", _square(40, -30, 60, 20)),  # partly over the upper edge
    ]
    found = map_parts(covers, scaling(1.0), (100, 100))
    everything = found.seen(np.ones((100, 100), np.bool_))
    assert tuple(everything) == PARTS
    assert everything["torso"] is not None
    assert abs(everything["torso"] - 0.5) < 0.04
    assert everything["left_leg"] is not None
    assert abs(everything["left_leg"] - 0.5) < 0.06
    assert everything["left_arm"] is not None
    assert everything["left_arm"] > 0.98
    assert everything["head"] == 1.0, "what is out of the picture does not count"
    assert everything["right_leg"] is None
    left = np.zeros((100, 100), np.bool_)
    left[:, :35] = True
    half = found.seen(left)
    assert half["torso"] == 0.0
    assert half["left_arm"] is not None
    assert abs(half["left_arm"] - 0.5) < 0.06
    larger = map_parts(covers, scaling(7.0), (700, 700))
    assert larger.labels.shape == (128, 128)
    np.testing.assert_allclose(larger.seen(np.ones((700, 700), np.bool_))["torso"], 0.5, atol=0.04)


def test_drawn_characters_tell_what_is_seen_of_them() -> None:
    scenes = [draw_scene(np.random.default_rng([8, i]), (128, 128), "drawn", (2, 2)) for i in range(12)]
    front = [c.parts_seen for s in scenes for c in s.characters if c.depth_order == 0]
    behind = [c for s in scenes for c in s.characters if c.depth_order == 1 and c.visible_fraction < 0.8]
    for parts in front + [c.parts_seen for c in behind]:
        assert set(parts) == set(PARTS)
        assert all(share is None or 0 <= share <= 1 for share in parts.values())
    assert np.mean([p["head"] for p in front if p["head"] is not None]) > 0.7
    assert behind
    for character in behind:
        shares = [share for share in character.parts_seen.values() if share is not None]
        assert min(shares) < 0.8
