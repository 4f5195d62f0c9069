"""What a tar holds, by its headers: only plain files below it count, and a tar cut off gives what is whole."""

from __future__ import annotations

import logging
import tarfile
from typing import IO, NamedTuple

from shared.errors import DataError
from shared.readers.places import checked_path

logger = logging.getLogger(__name__)


class TarMember(NamedTuple):
    """A file in a tar: its name, and where its bytes are."""

    name: str
    offset: int
    size: int


def walk_tar(stream: IO[bytes], where: str) -> list[TarMember]:
    """Returns the files of a plain tar; links, devices and folders are passed over.

    Where the tar is cut off or damaged, the member is named in the log, and it and what follows are skipped.

    Args:
        stream: the tar, open for reading and seeking.
        where: its name, for messages.

    Raises:
        DataError: not a tar, or a member's name leads out of its folder.
    """
    there, found = stream.seek(0, 2), list[TarMember]()
    stream.seek(0)
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            for member in tar:
                name = checked_path(member.name, where)
                if member.size < 0 or member.offset_data + member.size > there:
                    logger.warning("%s: ends inside of %s; it is skipped", where, name)
                    break
                if member.isreg() and not member.issparse():
                    found.append(TarMember(name, member.offset_data, member.size))
                tar.members = []  # type: ignore[attr-defined]  # the list would grow with the tar
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        if not found:
            raise DataError(f"{where}: not a plain tar, or damaged ({error}); make it again") from None
        logger.warning("%s: damaged after %s (%s); what follows is skipped", where, found[-1].name, error)
    return found
