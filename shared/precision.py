"""Which devices compute in bfloat16, and which would only imitate it."""

from __future__ import annotations

import torch


def has_fast_bfloat16(device: torch.device | str) -> bool:
    """Whether ``device`` multiplies bfloat16 in hardware.

    A processor without these instructions imitates them, which takes many times as long as float32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return device.type == "cpu" and any(bool(getattr(torch.cpu, name, bool)()) for name in names)


def affordable_precision(precision: str | int | None, accelerator: str) -> str | None:
    """Returns the precision to train in instead of ``precision``, or None when it is fine as it is.

    Args:
        precision: of Lightning's Trainer.
        accelerator: of Lightning's Trainer, ``"auto"`` included.
    """
    if not str(precision).startswith("bf16"):
        return None
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not torch.cuda.is_available())
    return "32-true" if on_cpu and not has_fast_bfloat16("cpu") else None
