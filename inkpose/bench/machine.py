"""What a reader needs to judge a rate: the processor, its cores and instructions, the GPU, versions."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

from shared.precision import has_fast_bfloat16


def machine() -> dict[str, Any]:
    """Returns this machine in words; ``gpu`` is None where there is none."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": has_fast_bfloat16("cpu"),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    """Returns the processor's name; ``platform`` knows only its kind on Linux."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
