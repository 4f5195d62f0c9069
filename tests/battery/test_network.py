"""No command asks anything of the network: every attempt to reach another machine is refused and noted."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.images import write_png
from tests.battery.faults import Battery, fault_of, run
from tests.battery.test_commands import commands
from tests.fixtures_dataset import write_tiny_dataset

pytestmark = pytest.mark.slow


def stays_here(address: Any) -> bool:
    """Whether a socket's address is this machine's own; a name that must be looked up is not."""
    if not isinstance(address, tuple):
        return True  # a Unix socket
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were asked for; attempts fail as they do without a network."""
    found: list[str] = []

    def guarded(original: Callable[..., Any], place: int) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            address = arguments[place] if len(arguments) > place else None
            wanted = address if isinstance(address, tuple | bytes) or place else (address,)
            if not stays_here(wanted):
                found.append(str(address))
                raise OSError(101, "Network is unreachable")
            return original(*arguments, **options)

        return call

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name), 1))
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, guarded(getattr(socket, name), 0))
    return found


def test_the_guard_itself(asked: list[str]) -> None:
    for attempt in (
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.socket().connect(("198.51.100.7", 53)),
    ):
        with pytest.raises(OSError, match="unreachable"):
            attempt()
    assert len(asked) == 3
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        assert len(asked) == 3, "this machine may be asked"


def other_commands(picture: Path, data: Path, weights: Path, out: Path) -> dict[str, tuple[object, ...]]:
    """Commands that make data, indexes and exports, or read them."""
    use = ("--weights", weights, "--device", "cpu")
    checkpoint = weights / "tagger/checkpoints/best.ckpt"
    return {
        "synth": ("synth", "--out", out / "synth", "--count", "3", "--size", "64", "--workers", "1"),
        "rulebook": ("rulebook", "explain", "long_hair"),
        "keypoints": (
            "data", "keypoints", data / "annotations/person_keypoints_train.json", "--to", "label_studio",
            "--out", out / "studio.json",
        ),
        "report of poses": ("data", "report", data / "annotations/person_keypoints_train.json"),
        "index": ("index", "add", picture, "--index", out / "index", *use),
        "search": ("search", "--tags", "solo", "--index", out / "index", *use),
        "export": ("export", "tagger", "--checkpoint", checkpoint, "--out", out / "exported"),
        "eval": ("eval", "tagger", "--checkpoint", checkpoint, "--data", data, "--device", "cpu"),
    }  # fmt: skip


def test_nothing_is_asked_of_the_network(battery: Battery, tmp_path: Path, weights: Path, asked: list[str]) -> None:
    picture, data = tmp_path / "pics/good.png", tmp_path / "data"
    drawing = np.full((64, 48, 3), 255, np.uint8)
    drawing[10:60, 15:35] = 40
    write_png(picture, drawing)
    write_tiny_dataset(data, count=12)
    out = tmp_path / "out"
    todo = commands(picture, weights, out) | other_commands(picture, data, weights, tmp_path / "more")
    for name, command in todo.items():

        def case(name: str = name, command: tuple[object, ...] = command) -> str | None:
            # What sees nobody in the picture, or has no such example, may say so: here only the network matters.
            wrong = fault_of(run(*command, seconds=120), tmp_path)
            return f"asked for {asked}" if asked else wrong

        battery.check(f"{name} without a network", case)
    battery.check("training without a network", lambda: trained(data, tmp_path / "run", asked))


def trained(data: Path, root: Path, asked: list[str]) -> str | None:
    """Returns what is wrong with a training of two steps."""
    from tagger.__main__ import main

    code = main([
        "fit", "--config", "configs/tagger/demo.yaml", "--data.root", str(data), "--data.num_workers=0",
        "--data.batch_size=2", "--data.samples_per_epoch=null", "--trainer.max_steps=2",
        "--trainer.val_check_interval=2", f"--trainer.default_root_dir={root}", "--trainer.accelerator=cpu",
        "--trainer.enable_progress_bar=false",
    ])  # fmt: skip
    return f"asked for {asked}" if asked else None if code == 0 else f"exit code {code}"
