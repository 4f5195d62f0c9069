"""How a tag is written in a caption; `shared.readers.captions.tag_of_caption` is the way back."""

from __future__ import annotations

#: Tags that are faces drawn with characters: their underscores are part of the face.
KAOMOJI = frozenset(
    ["0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o", "@_@"]
) | {"^_^", "o_o", "u_u", "x_x", "|_|", "||_||"}


def spell(name: str, *, underscores: bool = False, escape_brackets: bool = False) -> str:
    """Returns a tag as a caption has it.

    Args:
        name: with underscores, as in the rulebook.
        underscores: keep them; else they become spaces, except in kaomoji.
        escape_brackets: put a backslash before round brackets, as prompts of web interfaces need.
    """
    text = name if underscores or name in KAOMOJI else name.replace("_", " ")
    return text.replace("(", r"\(").replace(")", r"\)") if escape_brackets else text
