"""Bodies of requests, never more of them in memory than is allowed."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request

from inkpose.filenames import one_line

#: Largest picture file that is taken, in bytes.
UPLOAD_LIMIT = 40_000_000

#: Largest picture that is decoded, in pixels.
UPLOAD_PIXELS = 40_000_000


class TooLarge(Exception):
    """A body is over the limit."""


async def read_body(request: Request, limit: int = UPLOAD_LIMIT) -> bytes:
    """Returns the body of ``request``.

    Raises:
        TooLarge: it has, or says that it has, more than ``limit`` bytes; what came is forgotten.
    """
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def file_name(request: Request) -> str:
    """Returns the name that the page gives with an upload, for showing only: no path of ours is made of it."""
    name = unquote(request.headers.get("x-file-name", "")).replace("\\", "/").rsplit("/", 1)[-1]
    return one_line(name)[:200] or "picture"
