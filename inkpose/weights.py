"""Where the trained nets lie, and where they run."""

from __future__ import annotations

from pathlib import Path

from shared.errors import UsageError
from shared.exporting.names import CONFIG, TENSORS, is_exported

#: The nets that prediction needs, in the order they run.
SUBSYSTEMS = ("tagger", "segmenter", "pose")

#: The trained nets that come with the installation: preset ``small``.
SHIPPED = Path(__file__).resolve().parent / "pretrained" / "small"

#: The run folder of ``make demo``.
DEMO_RUN = Path("runs/demo")


def is_whole(folder: Path) -> bool:
    """Returns whether ``folder`` holds the exported folders of all three nets."""
    return all((folder / name / file).is_file() for name in SUBSYSTEMS for file in (CONFIG, TENSORS))


def default_weights(shipped: Path = SHIPPED) -> Path:
    """Returns the shipped weights; where an installation has none, the run folder of ``make demo``."""
    return shipped if is_whole(shipped) else DEMO_RUN


#: What ``--weights`` is when nobody says otherwise, and how the help names it.
DEFAULT_WEIGHTS = default_weights()
SHOWN_DEFAULT = f"the weights that come with inkpose, or else {DEMO_RUN}"


def checkpoint_path(run: Path, subsystem: str) -> Path:
    """Returns where run folder ``run`` keeps the best checkpoint of ``subsystem``."""
    return run / subsystem / "checkpoints" / "best.ckpt"


def net_path(weights: Path, subsystem: str) -> Path:
    """Returns the file or exported folder of one net: what ``load`` of its package reads.

    Args:
        weights: a checkpoint file; an exported folder, or a file of it; a folder of exported folders ``tagger/``,
            ``segmenter/``, ``pose/``; or a run folder with ``{tagger,segmenter,pose}/checkpoints/best.ckpt``.
        subsystem: one of ``SUBSYSTEMS``.

    Raises:
        UsageError: it is none of them, or lacks this net; says what to do.
    """
    for path in (weights, weights / subsystem):
        if path.is_file() or is_exported(path):
            return path
    path = checkpoint_path(weights, subsystem)
    if path.is_file():
        return path
    named = "pose net" if subsystem == "pose" else subsystem
    if not weights.exists():
        raise UsageError(f"{weights}: no trained {named} there; run `make demo`, or name a run folder with --weights")
    raise UsageError(
        f"{path}: no trained {named} there; run `make demo` or `make train-{subsystem}`, or name another folder "
        "with --weights"
    )


def net_paths(weights: Path) -> dict[str, Path]:
    """Returns :func:`net_path` of all three nets.

    Raises:
        UsageError: one of them is missing, or ``weights`` is a single net.
    """
    if weights.is_file() or is_exported(weights):
        raise UsageError(
            f"{weights}: is a single net, and {len(SUBSYSTEMS)} are needed; name a folder with "
            f"{', '.join(f'{name}/' for name in SUBSYSTEMS)}"
        )
    if not any((weights / name).is_dir() for name in SUBSYSTEMS):
        raise UsageError(f"{weights}: no trained weights there; run `make demo`, or name a run folder with --weights")
    return {name: net_path(weights, name) for name in SUBSYSTEMS}


def net_digest(path: Path) -> str:
    """Returns hex digits that change with the weights or settings at ``path``, which :func:`net_path` returned."""
    from inkpose.stages import file_digest
    from shared.files import digest

    folder = path if path.is_dir() else path.parent
    if not is_exported(path):
        return file_digest(path)
    # What is borrowed from another folder stands in the config with its digest.
    return digest(file_digest(folder / CONFIG), file_digest(folder / TENSORS))


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
