from __future__ import annotations

import pytest
import torch

from shared.precision import affordable_precision, has_fast_bfloat16


@pytest.mark.parametrize("has", [False, True])
def test_a_processor_without_bfloat16_trains_in_float32(monkeypatch: pytest.MonkeyPatch, has: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert has_fast_bfloat16("cpu") == has
    expected = None if has else "32-true"
    assert affordable_precision("bf16-mixed", "cpu") == expected
    assert affordable_precision("bf16-mixed", "auto") == expected
    assert affordable_precision("32-true", "cpu") is None
    assert affordable_precision("16-mixed", "cpu") is None
    assert affordable_precision(None, "cpu") is None


def test_a_gpu_keeps_its_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert affordable_precision("bf16-mixed", "auto") is None
    assert affordable_precision("bf16-mixed", "gpu") is None


def test_other_devices_are_not_taken_for_fast() -> None:
    assert not has_fast_bfloat16("meta")
