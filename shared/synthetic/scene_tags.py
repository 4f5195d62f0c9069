"""Which raw tags are true of the picture, given what of each character is in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import COCO_17
from shared.synthetic.things import bears_out

_COLOURS = (
    "red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "aqua", "beige", "blonde", "light_brown",
    "light_blue", "dark_blue", "dark_green", "light_purple", "multicolored", "two-tone", "gradient", "streaked",
    "colored", "gold", "tan", "dark-skinned", "dark", "lavender", "turquoise",
)  # fmt: skip
_HAS_COLOUR = re.compile(rf"^(?:{'|'.join(_COLOURS)})_")
#: Any colour may look grey in a picture without colours; black and white still are.
_UNTOLD_COLOURLESS = re.compile(rf"^(?:{'|'.join((*_COLOURS, 'grey'))})_")
_PLAIN_COLOUR = re.compile(rf"^(?:{'|'.join((*_COLOURS, 'white', 'grey', 'black'))})_background$")


_joints = COCO_17.ending_in
_HEAD = _joints("nose", "eye", "ear")
_FACE = _joints("nose", "eye")
#: What must be seen of a character for a tag to be true: the first pattern found in the tag decides, any one of
#: the joints is enough. Tags that match nothing speak of the whole and stay.
_NEEDS: tuple[tuple[re.Pattern[str], NDArray[np.int64]], ...] = tuple(
    (re.compile(pattern), joints)
    for pattern, joints in (
        (r"shoe|boots|sneakers|sandals|loafers|slippers|heels|footwear|barefoot|feet|foot|toe|soles|geta|mary_janes|"
         r"flats|anklet|uwabaki|ankle_", _joints("ankle")),
        (r"socks|kneehighs|thighhigh|pantyhose|tights|legwear|leggings|legs|_leg$|leg_|thigh|knee|zettai|pants|jeans|"
         r"running|walking|jumping|kicking|seiza|wariza|indian_style|squatting|kneeling", _joints("knee")),
        (r"skirt|shorts|panties|bloomers|buruma|hakama|belt|sash|obi$|sitting|standing|lying|(?<!pony)tail$|on_back|"
         r"on_side|on_stomach", _joints("hip")),
        (r"hoodie|turtleneck", _joints("shoulder", "hip")),
        (r"eyes|eye$|eye_closed|mouth|smile|blush|frown|glasses|eyewear|eyebrows|fang|teeth|tongue|expressionless|"
         r"tears|freckles|mole|makeup|lips|facial|grin|crying|looking_at|eyepatch|mask|wink|nose|beard|surprised|"
         r"angry|profile|[:;][\w]|\^_\^", _FACE),
        (r"hair|bangs|tails$|ponytail|braid|bun$|buns$|ahoge|hat$|hat_|cap$|headwear|beret|beanie|helmet|hood|horns|"
         r"ears$|headphones|crown|tiara|halo|bob_cut|drills|sidelocks|headband|bald|earrings|headdress|head_tilt|"
         r"looking_back|jewelry", _HEAD),
        (r"glove|gauntlets|hand|holding|fingers|fist|weapon|sword|staff|waving|reaching|pointing|umbrella|bracelet|"
         r"ring$|arms_up|arm_up|v$|polearm|gun|book|bag$|axe|balloon|broom|bouquet|cup$|mug|lollipop|microphone|wand|"
         r"^flower$", _joints("wrist")),
        (r"sleeve|arms|_arm$|arm_|elbow|armband|shoulder|armpits", _joints("shoulder", "elbow")),
        (r"shirt|jacket|sweater|vest|coat|cardigan|tie$|scarf|necklace|choker|collar|cape|apron|bow$|neckerchief|"
         r"suspenders|midriff|navel|top$|serafuku|dress|suit|bikini|breasts|cleavage|kimono|robe|tunic|armor|gown|"
         r"uniform|gakuran|overalls|pajamas|blazer|buttons|striped|plaid|polka_dot|stripes|wings|backpack|clothes|maid|"
         r"miko|formal", _joints("shoulder", "hip")),
    )
)  # fmt: skip
#: Height of a head in pixels under which nothing of its face is told: an eye would be two pixels wide.
FACE_PX = 28
_TOO_FINE = re.compile(
    r"eyes|eye$|mouth|smile|blush|frown|grin|teeth|fang|freckles|mole|expressionless|wink|nose|^[:;^]"
)


def seen_tags(
    tags: Iterable[str], shown: NDArray[np.bool_], things: Collection[str], head_px: float, colourless: bool
) -> set[str]:
    """Returns the character's tags that the picture bears out.

    Args:
        tags: what is true of the whole character.
        shown: ``(17,)`` whether each joint's place is in the picture and uncovered by others.
        things: what of its clothes, belongings and features can be seen, by the names of :mod:`things`.
        head_px: size of its head in pixels; on a tiny head no eyes can be told.
        colourless: whether the picture shows no colours.
    """
    return {
        tag
        for tag in tags
        if _is_shown(tag, shown)
        and bears_out(tag, things)
        and not (head_px < FACE_PX and _TOO_FINE.search(tag))
        and not (colourless and _UNTOLD_COLOURLESS.match(tag))
    }


def _is_shown(tag: str, shown: NDArray[np.bool_]) -> bool:
    for pattern, joints in _NEEDS:
        if pattern.search(tag):
            return bool(shown[joints].any())
    return True


def count_tags(genders: Collection[str]) -> set[str]:
    """Returns how many of whom: ``1girl``, ``2boys``, ``multiple_girls``, ``solo``, ``no_humans`` …"""
    if not genders:
        return {"no_humans"}
    tags = {"solo"} if len(genders) == 1 else set()
    for one, many in (("girl", "girls"), ("boy", "boys")):
        count = sum(gender == one for gender in genders)
        if count == 1:
            tags.add(f"1{one}")
        elif count > 1:
            tags |= {f"{min(count, 6)}{'+' if count >= 6 else ''}{many}", f"multiple_{many}"}
    return tags


def background_tags(tags: Iterable[str], look_tags: Collection[str], keeps_colour: bool) -> set[str]:
    """Returns the background's tags after the whole-picture look.

    ``keeps_colour`` is false where the look changes colours, so that names such as ``blue_background`` go.
    """
    kept = {tag for tag in tags if keeps_colour or not (_PLAIN_COLOUR.match(tag) or _HAS_COLOUR.match(tag))}
    return kept | set(look_tags)


_NAMES = """
    1girl 2girls 3girls 4girls multiple_girls 1boy 2boys 3boys 4boys multiple_boys solo no_humans full_body
    cowboy_shot upper_body portrait feet_out_of_frame head_out_of_frame white_background simple_background
    gradient_background two-tone_background red_background orange_background yellow_background green_background
    aqua_background blue_background purple_background pink_background brown_background grey_background
    black_background striped_background checkered_background plaid_background halftone_background halftone
    patterned_background polka_dot_background heart_background star_(symbol) diamond_(shape) abstract_background
    paint_splatter outdoors sky blue_sky day sunset night night_sky cloud cloudy_sky sun moon full_moon star_(sky)
    starry_sky mountain hill ocean water horizon beach palm_tree tree forest grass snow path flower flower_field
    bush snowing rain petals leaf building city cityscape road street lamppost motor_vehicle utility_pole
    power_lines indoors wooden_floor tiles tile_floor checkered_floor rug brick_wall window curtains bookshelf
    book picture_frame door chalkboard chair table couch lamp vase potted_plant box ball cat bottle bird umbrella
    snowman blurry blurry_background speech_bubble english_text signature watermark border white_border
    black_border sparkle heart light_particles light_rays bokeh monochrome greyscale sepia limited_palette
    watercolor_(medium) painting_(medium) traditional_media faux_traditional_media pixel_art sketch lineart
    white_outline drop_shadow comic 4koma
"""


def all_tags() -> frozenset[str]:
    """Returns every raw tag that a picture can bear, its characters' included."""
    from shared.synthetic import figure_tags

    return SCENE_TAGS | figure_tags.all_tags()


#: Tags that scenes themselves can bear, beside what characters bring.
SCENE_TAGS: frozenset[str] = frozenset(_NAMES.split())
