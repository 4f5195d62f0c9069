"""What a rating letter means, which depends on when the metadata were written.

Until January 2022 there were three: ``s`` safe, ``q`` questionable, ``e`` explicit. Since then ``g`` is general and
``s`` is **sensitive**. A letter alone cannot tell; the scheme is found out, or said by the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from shared.errors import DataError, UsageError

Rating = Literal["safe", "general", "sensitive", "questionable", "explicit"]
Scheme = Literal["before_2022", "since_2022"]
SAFE_FOR_WORK: tuple[Rating, ...] = ("safe", "general", "sensitive")

LETTERS: dict[Scheme, dict[str, Rating]] = {
    "before_2022": {"s": "safe", "q": "questionable", "e": "explicit"},
    "since_2022": {"g": "general", "s": "sensitive", "q": "questionable", "e": "explicit"},
}
_CHANGE = "2022-01"


def meaning(letter: Any, scheme: Scheme, where: str) -> Rating:
    """Returns what a rating letter means.

    Raises:
        DataError: not a letter of the scheme (a number of a re-packaged set, a ``g`` in metadata said to be older).
    """
    rating = LETTERS[scheme].get(letter) if isinstance(letter, str) else None
    if rating is None:
        letters = ", ".join(LETTERS[scheme])
        raise DataError(f"{where}: rating {letter!r} is unknown, {scheme} has {letters}; check the rating scheme")
    return rating


def find_scheme(rows: Iterable[dict[str, Any]], where: str) -> Scheme:
    """Finds out the scheme from a sample of rows of one file.

    A ``g`` is proof of the new scheme. A list ``tags`` is a dump of 2018–2020. Else the latest change of a post
    decides; a change after the letters changed, without a single ``g``, is left to the user.

    Raises:
        DataError: the rows do not tell.
    """
    latest = ""
    for row in rows:
        if row.get("rating") == "g":
            return "since_2022"
        if isinstance(row.get("tags"), list):
            return "before_2022"
        for key in ("updated_at", "created_at"):
            latest = max(latest, str(row.get(key) or ""))
    if latest and latest < _CHANGE:
        return "before_2022"
    raise DataError(
        f"{where}: the meaning of rating 's' cannot be told ({'changed ' + latest[:10] if latest else 'no dates'}, "
        "no post rated 'g'); say --rating-scheme before_2022 (safe) or since_2022 (sensitive)"
    )


def as_ratings(names: Sequence[str]) -> tuple[Rating, ...]:
    """Returns the ratings a user named. Raises UsageError for a name that is none (a bare letter is none)."""
    known: tuple[Rating, ...] = get_args(Rating)
    ratings = tuple(rating for name in names for rating in known if rating == name)
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(f"rating {unknown[0]!r} is unknown; use {', '.join(known)}")
    return ratings


def as_scheme(name: str) -> Scheme | Literal["auto"]:
    """Returns the rating scheme a user named. Raises UsageError for a name that is none."""
    if name == "auto":
        return "auto"
    for scheme in LETTERS:
        if scheme == name:
            return scheme
    raise UsageError(f"rating scheme {name!r} is unknown; use auto, {', '.join(LETTERS)}")
