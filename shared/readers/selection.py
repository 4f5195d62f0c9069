"""Which usable posts a user wants: ratings, deleted posts, few tags, one character, drawings only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.readers.dump import PICTURE_SUFFIXES, DumpPost
from shared.readers.ratings import SAFE_FOR_WORK, Rating

_PERSON = frozenset(("1girl", "1boy", "1other"))
_MORE_THAN_ONE = frozenset(
    f"{count}{plural}" for count in ("2", "3", "4", "5", "6+", "multiple_") for plural in ("girls", "boys", "others")
) | {"multiple_views", "comic", "4koma"}
#: Tags (general or meta, by era) of files that are no drawing to learn from.
_NO_DRAWING = {
    "photo_(medium)": "a photo",
    "cosplay_photo": "a photo",
    "reference_photo": "a photo",
    "text-only_page": "a page of text",
    "animated": "animated",
    "animated_gif": "animated",
    "animated_png": "animated",
    "video": "animated",
    "ugoira": "animated",
    "duplicate": "a duplicate",
    "pixel-perfect_duplicate": "a duplicate",
    "corrupted_file": "a corrupted file",
}
_NO_DRAWING_TAGS = frozenset(_NO_DRAWING)


@dataclass(frozen=True)
class Selection:
    """What to keep of the usable posts (banned posts and restricted tags never come this far).

    Attributes:
        ratings: by meaning; safe for work.
        keep_deleted: keep posts that were deleted on the site.
        file_types: suffixes of the originals, lower case, no dot.
        min_tags: least number of general tags: pictures with few are tagged badly, not poor in content.
        single_person: one character and no more, by its tags.
        drawings_only: no photos, pages of text, animations, duplicates and corrupted files.
    """

    ratings: tuple[Rating, ...] = SAFE_FOR_WORK
    keep_deleted: bool = False
    file_types: frozenset[str] = PICTURE_SUFFIXES
    min_tags: int = 0
    single_person: bool = False
    drawings_only: bool = False

    def paper_subset(self) -> Selection:
        """Returns this selection narrowed to the kind of pictures of the paper's tagger.

        Source: Chen & Zwicker 2022: single-person, safe-for-work pictures with enough tags.
        Deviation: its minimum is not published; 10 general tags (or what was asked for, if more) is ours.
        """
        return replace(self, min_tags=max(10, self.min_tags), single_person=True, drawings_only=True)

    def reason_against(self, post: DumpPost) -> str | None:
        """Returns why a post is not wanted, in a few words that are the same for like posts; None: it is wanted."""
        if post.rating not in self.ratings:
            return f"rating {post.rating}"
        if post.is_deleted and not self.keep_deleted:
            return "deleted"
        if post.file_ext not in self.file_types:
            return f"file type {post.file_ext}"
        if len(post.tags) < self.min_tags:
            return f"fewer than {self.min_tags} tags"
        if self.single_person and not shows_one_person(post.tags):
            return "not a single person"
        if self.drawings_only:
            for tags in (post.meta_tags, post.tags):
                if not _NO_DRAWING_TAGS.isdisjoint(tags):
                    return next(_NO_DRAWING[tag] for tag in tags if tag in _NO_DRAWING)
        return None


def shows_one_person(tags: tuple[str, ...]) -> bool:
    """Returns whether tags say one character: exactly one of 1girl, 1boy, 1other, or solo and none of several.

    A character drawn several times over (``multiple_views``, a comic) is more than one.
    """
    if not _MORE_THAN_ONE.isdisjoint(tags):
        return False
    persons = len(_PERSON.intersection(tags))
    return persons == 1 or (persons == 0 and "solo" in tags)
