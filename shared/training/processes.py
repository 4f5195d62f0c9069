"""What several processes, and those who start them, can get wrong: said before the training begins."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

from shared.errors import UsageError


def check_processes(trainer: pl.Trainer) -> None:
    """Compares the processes that the trainer counts on with those that were started.

    Too many would each train alone and write the same files; too few would wait for ever.

    Raises:
        UsageError: their numbers differ, or torchrun could not start them a second time.
    """
    _check_restarts()
    devices, nodes = trainer.num_devices, trainer.num_nodes
    started = _started_processes()
    for count in (trainer.world_size, started):
        if count is not None and count != devices * nodes:
            raise UsageError(
                f"trainer.devices={devices} on trainer.num_nodes={nodes}: {devices * nodes} processes, but {count} "
                "were started; give torchrun or srun as many as there are devices (docs/cluster.md)"
            )
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if environment is not None and environment.creates_processes_externally:
        try:
            environment.validate_settings(devices, nodes)
        except ValueError as error:
            raise UsageError(" ".join(str(error).split())) from None


def _check_restarts() -> None:
    """Looks for the store that torchrun shares with its processes, where it may have to start them again.

    It outlives them, and the addresses of dead processes with it: those started again take these for their own, and
    fail or wait for each other until the time-out (pytorch/pytorch#135712).

    Raises:
        UsageError: it is shared, and torchrun has been told to start again what dies.
    """
    shared = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    if shared and int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0")) > 0:
        raise UsageError(
            "--max-restarts: PyTorch's torchrun does this safely only with TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 "
            "in its environment; set it before torchrun (docs/cluster.md)"
        )


def _started_processes() -> int | None:
    """Returns how many processes torchrun or srun started, None where neither did."""
    if torch.distributed.is_available() and torch.distributed.is_torchelastic_launched():
        return int(os.environ["WORLD_SIZE"])
    # SLURM_NTASKS is set in every shell of a job, this one in the processes of srun only.
    tasks = os.environ.get("SLURM_STEP_NUM_TASKS")
    return int(tasks) if tasks is not None and SLURMEnvironment.job_name() not in ("bash", "interactive") else None


def is_child() -> bool:
    """Returns whether this process was started by another one of the training, not by torchrun, srun or the user."""
    return int(os.environ.get("LOCAL_RANK", "0")) > 0 and _started_processes() is None


def let_parent_end() -> None:
    """Waits until the process that started this one has ended, ten seconds at most.

    Lightning kills a process as soon as one that it started ends with an error, also while it is ending by itself.
    """
    parent, limit_s = os.getppid(), time.monotonic() + 10
    while os.getppid() == parent and time.monotonic() < limit_s:
        time.sleep(0.05)


def check_no_hpc_checkpoint(run_folder: Path) -> None:
    """Looks for files that Lightning would silently go on from under SLURM, past every check of ours.

    Raises:
        UsageError: there is one.
    """
    for path in run_folder.glob("*hpc_ckpt_*"):
        raise UsageError(f"{path}: Lightning would take this up under SLURM; move it away, or give it as --ckpt_path")
