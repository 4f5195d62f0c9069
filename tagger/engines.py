"""What runs the net: PyTorch, ONNX Runtime or OpenVINO; the same tags, at different speeds."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.batches import to_float
from shared.errors import DataError, UsageError
from shared.exporting.names import is_exported
from shared.exporting.onnx_model import extra_module, onnx_session
from shared.precision import has_fast_bfloat16
from tagger.net import TaggerNet
from tagger.onnx_net import INPUT, tagger_onnx
from tagger.saved import SavedTagger

log = logging.getLogger(__name__)

Precision = Literal["auto", "float32", "bfloat16"]
Backend = Literal["torch", "onnx", "openvino"]
BACKENDS: tuple[str, ...] = get_args(Backend)

#: The file beside ``model.safetensors`` in an exported folder.
ONNX_FILE = "model.onnx"


class Output(NamedTuple):
    """Of a batch: logits ``(B, C)`` and the pooled features before the last layer ``(B, D)``, float32 on the CPU."""

    logits: Tensor
    embedding: Tensor


class Engine(Protocol):
    """Runs the net on a batch."""

    def __call__(self, batch: Tensor) -> Output:
        """Returns the output of a batch uint8 RGB ``(B, 3, S, S)``."""
        ...


class TorchEngine:
    """PyTorch, on any device; bfloat16 where the processor computes in it."""

    def __init__(self, net: TaggerNet, device: torch.device, precision: Precision = "auto") -> None:
        self.net = net.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.device = device
        self.bfloat16 = precision == "bfloat16" or (precision == "auto" and has_fast_bfloat16(device))

    def __call__(self, batch: Tensor) -> Output:
        """See ``Engine``."""
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits, embedding = self.net.logits_and_embedding(to_float(batch.to(self.device)))
        return Output(logits.float().cpu(), embedding.float().cpu())


class OnnxEngine:
    """ONNX Runtime on the CPU, float32."""

    def __init__(self, model: bytes | str) -> None:
        self.session = onnx_session(model, torch.get_num_threads())

    def __call__(self, batch: Tensor) -> Output:
        """See ``Engine``."""
        logits, embedding = self.session.run(["logits", "embedding"], {INPUT: _pixels_last(batch)})
        return Output(torch.from_numpy(logits), torch.from_numpy(embedding))


class OpenVinoEngine:
    """OpenVINO on the CPU; bfloat16 where the processor computes in it."""

    def __init__(self, model: bytes | str, precision: Precision = "auto") -> None:
        os.environ.setdefault("OPENVINO_TELEMETRY_OPT_OUT", "1")
        openvino = extra_module("openvino")
        half = precision == "bfloat16" or (precision == "auto" and has_fast_bfloat16("cpu"))
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",  # one request with all threads: we wait for each batch
        }
        core = openvino.Core()
        self.compiled = core.compile_model(core.read_model(model=model), "CPU", options)

    def __call__(self, batch: Tensor) -> Output:
        """See ``Engine``."""
        found = self.compiled([_pixels_last(batch)])
        return Output(*(torch.from_numpy(np.array(found[name])) for name in ("logits", "embedding")))


def make_engine(saved: SavedTagger, path: Path, backend: Backend, device: str, precision: Precision) -> Engine:
    """Returns the engine of a finished tagger.

    Args:
        saved: the tagger.
        path: where it was read; an exported folder's ``model.onnx`` is used, else one is made in memory (seconds).
        backend: which.
        device: of PyTorch; the others run on the CPU.
        precision: of PyTorch and OpenVINO.

    Raises:
        UsageError: unknown backend, an extra is missing, or a GPU was asked of a CPU backend.
        DataError: ``model.onnx`` is not of this tagger.
    """
    if backend not in BACKENDS:
        raise UsageError(f"backend {backend}: not known; choose {', '.join(BACKENDS)}")
    if backend == "torch":
        return TorchEngine(saved.build(), torch.device(device), precision)
    if torch.device(device).type != "cpu":
        raise UsageError(f"backend {backend} runs on the CPU here; use --device cpu, or --backend torch")
    folder = path if path.is_dir() else path.parent
    file = folder / ONNX_FILE
    model: bytes | str
    if is_exported(path) and file.is_file():
        _check_classes(file, saved)
        model = str(file)
    else:
        log.info("%s: no %s there; one is made for this run (`inkpose export tagger --onnx` keeps it)", path, ONNX_FILE)
        model = tagger_onnx(saved)
    return OnnxEngine(model) if backend == "onnx" else OpenVinoEngine(model, precision)


def _check_classes(file: Path, saved: SavedTagger) -> None:
    """Refuses a model.onnx that was put beside other weights."""
    try:
        metadata = onnx_session(str(file), 1).get_modelmeta().custom_metadata_map
        names = json.loads(metadata["inkpose.class_names"])
    except UsageError:
        raise
    except Exception as error:  # ONNX Runtime has many kinds for damaged files
        raise DataError(
            f"{file}: not a model of `inkpose export tagger` ({type(error).__name__}); export again"
        ) from error
    if tuple(names) != saved.class_names:
        raise DataError(f"{file}: its classes are not those of the folder; export the tagger again with --onnx")


def _pixels_last(batch: Tensor) -> NDArray[np.uint8]:
    return np.ascontiguousarray(batch.permute(0, 2, 3, 1).numpy())
