"""Every command of docs/cluster.md: taken by torchrun's parser, by SLURM's script and by the training it starts."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from torch.distributed.run import get_args_parser

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cluster.md").read_text()
LINES = [line for block in re.findall(r"```\n(.*?)```", PAGE, flags=re.DOTALL) for line in block.splitlines() if line]


def test_the_page_has_commands_of_each_kind() -> None:
    assert {split(line)[1][0] for line in LINES} == {"torchrun", "python", "sbatch"}


@pytest.mark.parametrize("line", LINES)
def test_a_command_is_understood(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variables, words = split(line)
    processes = None
    if words[0] == "torchrun":
        launch = get_args_parser().parse_args(words[1:])
        assert launch.max_restarts == 0 or variables == ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"]
        processes = int(launch.nproc_per_node) * int(launch.nnodes.split(":")[-1])
        module, words = launch.training_script, launch.training_script_args
        assert launch.module
    elif words[0] == "python":
        module, words = words[2], words[3:]
    else:
        module, words = through_slurm(words[1:], tmp_path)
    main = __import__(f"{module}.__main__", fromlist=["main"]).main
    with pytest.raises(SystemExit) as stop:
        main([*words, "--print_config"])
    assert stop.value.code in (0, None)
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["save_every_n_steps"] == 500  # the overlay is laid over
    assert printed["trainer"]["strategy"] == "ddp"
    devices, nodes = printed["trainer"]["devices"], printed["trainer"]["num_nodes"]
    assert processes is None or devices == "auto" or int(devices) * nodes == processes
    assert words[0] == "fit"


def split(line: str) -> tuple[list[str], list[str]]:
    """Returns the variables that a command line sets, and its words."""
    words = shlex.split(line)
    variables = list(itertools.takewhile(lambda word: "=" in word, words))
    return variables, words[len(variables) :]


def through_slurm(words: list[str], folder: Path) -> tuple[str, list[str]]:
    """Returns what the script makes ``srun`` start, for the job that ``sbatch`` would make of its options."""
    script = words.index("configs/cluster/slurm.sbatch")
    options = dict(zip(words[0:script:2], words[1:script:2], strict=True))
    text = (ROOT / words[script]).read_text()

    def option(name: str) -> str:
        return options.get(name) or re.findall(rf"^#SBATCH {name}=(\S+)", text, flags=re.MULTILINE)[0]

    srun = folder / "srun"
    srun.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{folder}/started"\n')
    srun.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}", "SLURM_JOB_ID": "1", "SLURM_NNODES": option("--nodes"),
        "SLURM_NTASKS_PER_NODE": option("--ntasks-per-node"),
    }  # fmt: skip
    assert option("--gpus-per-node") == option("--ntasks-per-node")
    subprocess.run(["bash", *words[script:]], cwd=ROOT, env=environment, check=True, timeout=30)
    started = (folder / "started").read_text().splitlines()
    assert started[1:3] == [".venv/bin/python", "-m"]
    return started[3], started[4:]
