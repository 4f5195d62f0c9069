"""The errors that a user can cause, each one clear line."""

from __future__ import annotations


class InkposeError(Exception):
    """Base of every error whose message is meant for the user: commands print it and exit with 2."""


class DataError(InkposeError):
    """A file or record is not usable.

    The message reads ``"<path or path:line or record>: <what is wrong>; <what to do>"``.
    """


class UsageError(InkposeError):
    """A command was asked for something it cannot do (an option, a missing checkpoint, a wrong path)."""


#: What taking apart a record of somebody's file can raise: anything may stand where a number or a list should be.
BAD_RECORD = (AttributeError, LookupError, OverflowError, TypeError, ValueError)


def reason_of(error: Exception) -> str:
    """Returns what is wrong with a record, in a few words, from one of :data:`BAD_RECORD`."""
    return f"no field {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:200]
