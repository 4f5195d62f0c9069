"""`inkpose gallery`: the local web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.commands.options import Device, Weights
from inkpose.weights import DEFAULT_WEIGHTS


def gallery(
    index: Annotated[Path, typer.Option(help="Folder of the index; the page can make one.")] = Path("runs/index"),
    weights: Weights = DEFAULT_WEIGHTS,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8017,
    host: Annotated[str, typer.Option(help="Address to listen at. Others than this machine: --network.")] = "127.0.0.1",
    network: Annotated[
        bool, typer.Option("--network", help="Let other machines in: everybody who reaches it sees the index.")
    ] = False,
    device: Device = "auto",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Look at pictures, find poses and keep the index in the browser.

    Example: inkpose gallery --index runs/index --open

    Runs on this machine alone: no picture leaves it, and the page loads nothing from elsewhere. Ctrl-C ends it.
    """
    from inkpose.weights import net_paths, pick_device
    from shared.errors import UsageError

    net_paths(weights)
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise UsageError("the gallery needs more packages; install them with: pip install 'inkpose[gallery]'") from None
    from inkpose.gallery.collection import Collection
    from inkpose.gallery.guard import is_loopback
    from inkpose.gallery.server import listen, make_server
    from inkpose.index.connection import check_place
    from inkpose.pipeline import Pipeline

    if not is_loopback(host) and not network:
        raise UsageError(f"--host {host}: would let other machines in; add --network if that is what you want")
    if Collection(index).open() is None:  # what is wrong with the place is told now, not in the browser
        check_place(index)
    place = pick_device(device)
    with listen(host, port) as listening:
        number = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{number}/"
        typer.echo(f"inkpose gallery: {address}  (Ctrl-C ends it)")
        if browser:
            typer.launch(address)
        try:
            make_server(lambda: Pipeline.load(weights, place), index, host).run(sockets=[listening])
        except KeyboardInterrupt:
            typer.echo("gallery closed")
