"""The command `inkpose`: it mounts the commands and turns every error into one line and an exit code.

Nothing here imports torch: ``inkpose --help`` answers at once, and each command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from inkpose.commands import (
    bench,
    data,
    demo,
    evaluations,
    export,
    gallery,
    import_weights,
    index,
    join,
    keypoints,
    masks,
    pose,
    pose_sets,
    predict,
    report,
    rig,
    rulebook,
    search,
    segment,
    shards,
    synth,
    tag,
)
from inkpose.filenames import one_line
from shared.errors import InkposeError

app = typer.Typer(
    name="inkpose",
    help="Sees illustrated characters: tags them, cuts them out, finds their pose.",
    epilog="Start with: inkpose predict drawings/ --out out/",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("predict")(predict.predict)
app.command("join")(join.join)
app.command("tag")(tag.tag)
app.command("pose")(pose.pose)
app.command("rig")(rig.rig)
app.command("segment")(segment.segment)
app.command("search")(search.search)
app.command("synth")(synth.synth)
app.command("demo")(demo.demo)
app.command("gallery")(gallery.gallery)
app.command("report")(report.report)
app.command("bench")(bench.bench)
app.add_typer(evaluations.app, name="eval")
app.add_typer(index.app, name="index")
app.add_typer(rulebook.app, name="rulebook")
data.app.command("keypoints")(keypoints.keypoints)
data.app.command("cutouts")(masks.cutouts)
data.app.command("pairs")(masks.pairs)
data.app.command("composites")(masks.composites)
data.app.command("shards")(shards.shards)
data.app.command("report")(pose_sets.report)
data.app.command("select")(pose_sets.select)
app.add_typer(data.app, name="data")
app.add_typer(import_weights.app, name="import")
app.add_typer(export.app, name="export")


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose (also: INKPOSE_DEBUG=1).")] = False,
) -> None:
    """Sees illustrated characters: tags them, cuts them out, finds their pose."""
    if debug:
        os.environ["INKPOSE_DEBUG"] = "1"


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        args: command line after the program name; None takes ``sys.argv[1:]``.

    Returns:
        0 done; 2 bad input or usage (one line on stderr); 130 interrupted; 1 an error of ours (one line).
        With INKPOSE_DEBUG set, errors are raised instead of told.
    """
    for stream in (sys.stdout, sys.stderr):
        # A file name that is not valid text must not stop the line that names it.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=None if args is None else list(args), prog_name="inkpose", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    except InkposeError as error:
        if _debugging():
            raise
        return _fail(str(error), 2)
    except BrokenPipeError:
        # The reader of our output (head, less) has left: nothing to say, and nothing to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if _debugging():
            raise
        # A full disk, a name that is too long, a folder that is closed to us: the system says it, the user can mend it.
        where = f"{error.filename}: " if error.filename is not None else ""
        return _fail(f"{where}{error.strerror or error}; check the path, its permissions and the room on the disk", 2)
    except MemoryError:
        if _debugging():
            raise
        return _fail("not enough memory; give smaller files, a smaller --batch-size or a lower --pixel-limit", 2)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # `inkpose` alone: the message is the whole help
            typer.echo(str(error.format_message()))  # type: ignore[attr-defined]
            return 0
        if hasattr(error, "format_message"):  # typer's own: unknown option, missing argument, …
            return _fail(str(error.format_message()), int(getattr(error, "exit_code", 2)))
        if _debugging():
            raise
        told = f"{type(error).__name__}: {error}".strip()
        return _fail(f"{told} (this is a bug; INKPOSE_DEBUG=1 shows where)", 1)
    if code == 130:  # typer turns Ctrl-C into an exit code of its own
        return _fail("interrupted", 130)
    return code if isinstance(code, int) else 0


def _debugging() -> bool:
    return os.environ.get("INKPOSE_DEBUG", "") not in ("", "0")


def _fail(message: str, code: int) -> int:
    typer.echo(f"error: {' '.join(one_line(message).split())}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
