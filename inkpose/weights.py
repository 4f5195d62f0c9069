"""Where the trained nets lie, and where they run."""

from __future__ import annotations

from pathlib import Path

from shared.errors import UsageError

#: The nets that prediction needs, in the order they run.
SUBSYSTEMS = ("tagger", "segmenter", "pose")

#: What ``--weights`` is when nobody says otherwise.
DEFAULT_WEIGHTS = Path("runs/demo")


def checkpoint_path(run: Path, subsystem: str) -> Path:
    """Returns where run folder ``run`` keeps the best checkpoint of ``subsystem``."""
    return run / subsystem / "checkpoints" / "best.ckpt"


def checkpoint_paths(weights: Path) -> dict[str, Path]:
    """Returns the checkpoint of each subsystem below ``weights``.

    Raises:
        UsageError: the folder or a checkpoint is missing; says what to run.
    """
    paths = {name: checkpoint_path(weights, name) for name in SUBSYSTEMS}
    missing = [name for name, path in paths.items() if not path.is_file()]
    if not missing:
        return paths
    if len(missing) == len(paths):
        raise UsageError(f"{weights}: no trained weights there; run `make demo`, or name a run folder with --weights")
    target = f"make train-{missing[0]}"
    raise UsageError(f"{paths[missing[0]]}: no such checkpoint; run `make demo` or `{target}`")


def pick_device(wanted: str) -> str:
    """Returns ``"cpu"`` or ``"cuda"``.

    Raises:
        UsageError: an unknown name, or a GPU is asked for and there is none.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {wanted}: not known; choose auto, cpu or cuda")
    if wanted == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise UsageError("--device cuda: this machine has no usable GPU; use --device cpu")
    return "cpu"
