"""What hands can hold: the things' names, the tags that are true of them, and what needs both hands."""

from __future__ import annotations

_WEAPONS = ("sword", "polearm", "axe", "scythe", "bow_(weapon)")

#: Things held by one hand, with their Danbooru tags besides ``holding``.
HELD_TAGS: dict[str, tuple[str, ...]] = {
    **{
        name: (name, f"holding_{name}")
        for name in (
            "staff", "umbrella", "book", "wand", "flower", "balloon", "bouquet", "broom", "microphone", "lollipop",
            "shield", "knife", "hammer", "torch", "flag", "fishing_rod", "baseball_bat", "dumbbell", "skateboard",
            "phone", "bottle", "tray", "lantern", "sack", "basket", "suitcase",
        )
    },
    "mug": ("mug", "cup", "holding_cup"),
    "fan": ("hand_fan", "holding_fan"),
    "tennis_racket": ("tennis_racket", "racket", "holding_racket"),
    "basketball": ("basketball", "ball", "holding_ball"),
    "soccer_ball": ("soccer_ball", "ball", "holding_ball"),
    "beachball": ("beachball", "ball", "holding_ball"),
    "ice_cream_cone": ("ice_cream_cone", "ice_cream", "food", "holding_food"),
    "apple": ("apple", "fruit", "food", "holding_fruit", "holding_food"),
    **{name: (name, "weapon", f"holding_{name}", "holding_weapon") for name in _WEAPONS},
    "trident": ("trident", "polearm", "weapon", "holding_polearm", "holding_weapon"),
    "handgun": ("handgun", "gun", "weapon", "holding_gun", "holding_weapon"),
}  # fmt: skip

#: Things held by both hands where the arms are as a pose's tag says, with their Danbooru tags besides ``holding``.
BOTH_HANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "arms_up": {
        "barbell": ("barbell", "weightlifting", "exercising"),
        "beachball": HELD_TAGS["beachball"],
        "box": ("box", "holding_box"),
    },
    "own_hands_together": {
        "teddy_bear": ("teddy_bear", "stuffed_animal", "stuffed_toy", "holding_stuffed_toy"),
        "gift": ("gift", "gift_box", "box", "holding_gift", "holding_box"),
        "box": ("box", "holding_box"),
        "soccer_ball": HELD_TAGS["soccer_ball"],
    },
}

HELD = tuple(HELD_TAGS)
#: Everything there is to hold, with its tags.
TAGS_OF_HELD: dict[str, tuple[str, ...]] = {
    **HELD_TAGS,
    **{name: tags for things in BOTH_HANDS.values() for name, tags in things.items()},
}
#: What is seen before the hand that holds it.
BEFORE_THE_HAND = frozenset({"shield"})
