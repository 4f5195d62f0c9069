"""Who may speak to the server: this machine's browser, from the gallery's own page.

A local server is reached by every page that the user's browser shows. Three things keep strangers out: the Host header
must be a name of this machine (so that a foreign name that is made to point here is refused), a request that changes
something must come from the page itself, and nothing answers with headers that let other origins read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: No script, style, picture or connection from anywhere but here; nothing inline, nothing evaluated.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

#: Names under which this machine's own browser knows it.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware that refuses strangers and sets the headers of every answer.

    Args:
        app: what is guarded.
        names: further host names that are ours, when the gallery is served to a network.
        network: also accept addresses (never other names) in the Host header: whoever types an address cannot have
            been sent here by a foreign name.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), network: bool = False) -> None:
        self.app = app
        self.names = _LOOPBACK | {name.lower() for name in names}
        self.network = network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websockets here

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self.app(scope, receive, send_with_headers)
        else:
            await JSONResponse({"error": refusal}, status_code=403)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> str | None:
        host = _name_of(headers.get("host", ""))
        if not (host in self.names or (self.network and _is_address(host))):
            return "this gallery answers to its own address only; open it as http://127.0.0.1 with its port"
        if method in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") or (origin is not None and not _same(origin, headers.get("host", ""))):
            return "requests from other pages are refused"
        return None


def _name_of(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    return origin.partition("://")[2].lower() == host.strip().lower()
