"""Progress on the terminal: on standard error, and only where somebody watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@dataclass
class Bar:
    """One progress bar; does nothing visible when standard error is no terminal."""

    progress: Progress
    task: TaskID

    def start(self, total: int) -> None:
        """Sets how many steps there are."""
        self.progress.update(self.task, total=total)

    def advance(self) -> None:
        """Counts one step."""
        self.progress.advance(self.task)


@contextmanager
def picture_progress(label: str) -> Iterator[Bar]:
    """Yields a bar that counts pictures."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress, progress.add_task(label, total=None))
