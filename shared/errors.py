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
