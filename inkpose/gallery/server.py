"""Runs the gallery: takes the port, loads the nets, serves until Ctrl-C."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import uvicorn

from inkpose.gallery.app import create_app
from inkpose.gallery.guard import is_loopback
from inkpose.gallery.worker import NetWorker
from inkpose.pipeline import Pipeline
from shared.errors import UsageError


def listen(host: str, port: int) -> socket.socket:
    """Takes the port.

    Raises:
        UsageError: it is taken, not allowed, or the host is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise UsageError(
            f"{host}:{port}: cannot be served ({error.strerror or error}); choose another --port or --host"
        ) from None


def make_server(
    load: Callable[[], Pipeline], index: Path, host: str = "127.0.0.1", names: Iterable[str] = ()
) -> uvicorn.Server:
    """Returns the gallery's server; ``run(sockets=[listen(…)])`` serves until Ctrl-C or ``should_exit``.

    Args:
        load: makes the pipeline.
        index: folder of the index.
        host: where it will listen; anything but loopback makes it a gallery for the network.
        names: further host names it answers to.
    """
    app = create_app(NetWorker(load), index, names=names, network=not is_loopback(host))
    config = uvicorn.Config(
        app, log_level=logging.WARNING, access_log=False, server_header=False, date_header=False, ws="none",
        timeout_graceful_shutdown=3,
    )  # fmt: skip
    return uvicorn.Server(config)
