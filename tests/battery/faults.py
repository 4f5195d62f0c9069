"""Ways to damage a file, the same ones for the same seed, and a command run under watch."""

from __future__ import annotations

import io
import json
import random
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import typer.main

from inkpose.cli import main

#: What stands where a number, a text, a list should be. ``RAW`` ones are put into the file as they are.
INF, HUGE_INT = "RAW:1e999", f"RAW:{'9' * 5000}"
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    3.7,
    10**12,
    10**30,
    10**400,
    1e300,
    -1e300,
    float("nan"),
    INF,
    HUGE_INT,
    "",
    "x",
    "12",
    "\ud800",
    "a\x00b",
    "a\nb",
    "a" * 300,
    "../../../../etc/passwd",
    "/etc/passwd",
    "..",
    "C:\\x",
    [],
    {},
    [[]],
    [None],
    [1, 2, 3],
    ["x"] * 51,
    {"a": {"b": []}},
    [[1e308, 1e308]],
    "RAW:" + "[" * 3000 + "]" * 3000,
)


#: The commands, put together once: it takes longer than most cases.
_built = cache(typer.main.get_command)


class TookTooLong(BaseException):
    """A case that hangs; no command catches it."""


class Told(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str


@contextmanager
def watched(seconds: int = 20, more_memory: int = 3 << 30) -> Iterator[None]:
    """Lets nothing take longer than ``seconds``, or ask for ``more_memory`` bytes beyond what is in use."""

    def ring(*_: object) -> None:
        raise TookTooLong

    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else None
    limits = resource.getrlimit(resource.RLIMIT_AS)
    former = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        if pages is not None:
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_memory, limits[1]))
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def run(*arguments: object, seconds: int = 20) -> Told:
    """Runs a command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    built_once = patch("typer.main.get_command", _built)
    with built_once, redirect_stdout(out), redirect_stderr(err), watched(seconds):
        code = main([str(argument) for argument in arguments])
    texts = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]  # type: ignore[attr-defined]
    return Told(code, *texts)


def fault_of(told: Told, folder: Path, codes: Sequence[int] = (0, 2)) -> str | None:
    """Returns what a command did wrong, or None: its exit code, a traceback, no reason given, litter in ``folder``."""
    last = told.err.strip().splitlines()[-1:] or [""]
    if told.code not in codes:
        return f"exit code {told.code}: {last[0][:300]}"
    if "Traceback" in told.err or "this is a bug" in told.err:
        return f"traceback: {told.err[-500:]}"
    if "not enough memory" in told.err:
        return f"asked for gigabytes: {last[0][:300]}"
    if told.code == 2 and not last[0].startswith("error: "):
        return f"refused without a reason: {last[0][:300]}"
    litter = [path.name for path in folder.rglob("*") if path.name.endswith((".part", ".former"))]
    return f"left {litter[0]} behind" if litter else None


class Battery:
    """Counts the cases of one test and gathers those that failed."""

    def __init__(self) -> None:
        self.count = 0
        self.failures: list[str] = []

    def check(self, name: str, case: Callable[[], str | None]) -> None:
        """Runs one case, which returns what is wrong or None; an exception is wrong, too."""
        self.count += 1
        try:
            wrong = case()
        except TookTooLong:
            wrong = "hangs"
        except MemoryError:
            wrong = "asked for gigabytes"
        except Exception as error:
            wrong = f"raises {type(error).__name__}: {error}"[:400]
        if wrong:
            self.failures.append(f"{name}: {wrong}")


def cut_and_flipped(data: bytes, seed: int, cuts: int = 6, flips: int = 8) -> Iterator[tuple[str, bytes]]:
    """Yields a file cut off and with wrong bits, at places by chance; every other time in its first bytes."""
    rng = random.Random(seed)
    for _ in range(cuts):
        place = rng.randrange(len(data))
        yield f"cut at {place}", data[:place]
    for number in range(flips):
        wrong = bytearray(data)
        reach = min(len(data), 64) if number % 2 else len(data)
        for _ in range(rng.choice((1, 1, 3, 20))):
            wrong[rng.randrange(reach)] ^= 1 << rng.randrange(8)
        yield f"flips {seed}.{number}", bytes(wrong)
    start = rng.randrange(len(data))
    yield "a piece twice", data[:start] + data[max(0, start - 40) :]
    yield "zeros inside", data[:start] + bytes(64) + data[start + 64 :]


def dumped(value: Any) -> str:
    """Returns JSON text in which ``RAW:…`` stands bare."""

    def bare(item: Any, marks: dict[str, str]) -> Any:
        if isinstance(item, str) and item.startswith("RAW:"):
            mark = f"@@{len(marks)}@@"
            marks[f'"{mark}"'] = item[4:]
            return mark
        if isinstance(item, dict):
            return {key: bare(inner, marks) for key, inner in item.items()}
        return [bare(inner, marks) for inner in item] if isinstance(item, list) else item

    marks: dict[str, str] = {}
    text = json.dumps(bare(value, marks))
    for mark, raw in marks.items():
        text = text.replace(mark, raw)
    return text


def twisted(document: Any, seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yields JSON texts of a document with one value (or, now and then, three) replaced, removed or doubled."""
    rng = random.Random(seed)
    for number in range(count):
        copy = json.loads(json.dumps(document))
        told = []
        for _ in range(1 if number % 4 else 3):
            parent, key = rng.choice(list(_places(copy)) or [(None, None)])
            if parent is None:
                break
            kind = rng.random()
            if kind < 0.1 and isinstance(parent, dict):
                del parent[key]
                told.append(f"no {key}")
            elif kind < 0.2 and isinstance(parent, list):
                parent.insert(key, parent[key])
                told.append(f"[{key}] twice")
            else:
                parent[key] = rng.choice(ODD_VALUES)
                told.append(f"{key} = {str(parent[key])[:40]!a}")
        yield f"{number} {', '.join(told)}", dumped(copy)


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every place of a document; those near its top as often as all below them together, for they matter most."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in items:
        below = list(_places(inner, depth + 1))
        yield from [(value, key)] * max(1, min(len(below), 12))
        yield from below
