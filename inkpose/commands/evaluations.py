"""`inkpose eval` as a whole: a checkpoint of a subsystem, or retrieval by pose."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from inkpose.commands import eval_retrieval, evaluate

_CHECKPOINT = "tagger|segmenter|pose"


class _Evaluations(TyperGroup):
    """What is not the name of a command here is a subsystem's, and goes to the scoring of checkpoints whole."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            return _CHECKPOINT, self.commands[_CHECKPOINT], args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Evaluations,
    help="""Score a checkpoint on a data set, or retrieval by pose on pose groups.

    Example: inkpose eval tagger --checkpoint runs/demo/tagger/checkpoints/best.ckpt --data data/demo/drawn

    Example: inkpose eval retrieval
    """,
    epilog="Example: inkpose eval tagger --checkpoint best.ckpt --data data/demo/drawn",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command(_CHECKPOINT)(evaluate.evaluate)
app.command("retrieval")(eval_retrieval.retrieval)
