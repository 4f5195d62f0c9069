"""A net as an ONNX model with a dynamic batch, what it means in its metadata, and proof that it computes the same."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shared.errors import UsageError

#: Read by ONNX Runtime since 1.14 and by OpenVINO since 2023.
OPSET = 18

#: Largest difference between ONNX Runtime and PyTorch, both float32, that an export may have.
TOLERANCE = 1e-4


def to_onnx(
    net: nn.Module,
    example: Tensor,
    input_name: str,
    output_names: Sequence[str],
    metadata: Mapping[str, str],
) -> bytes:
    """Returns ``net`` as an ONNX file; the first axis of the input and of every output is the batch, of any size.

    Args:
        net: in eval mode, on the CPU, with one input and a tuple of outputs.
        example: an input with a batch of at least two.
        input_name: of the input.
        output_names: of the outputs.
        metadata: written into the file's ``metadata_props``.

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    onnx = extra_module("onnx")
    extra_module("onnxscript")  # torch's exporter needs it
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)  # rewriting passes and opset conversions are no news to a user
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program: Any = torch.onnx.export(
                net,
                (example,),
                dynamo=True,
                input_names=[input_name],
                output_names=list(output_names),
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                opset_version=OPSET,
                verbose=False,
            )
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    model = program.model_proto
    _forget_sources(model)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    model.doc_string, model.producer_name = "", "inkpose"
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _forget_sources(model: Any) -> None:
    """Takes the exporter's notes out: they name the files and folders of this machine."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]


def onnx_difference(model: bytes, net: nn.Module, example: Tensor) -> float:
    """Returns the largest difference of any output between ONNX Runtime and ``net`` on ``example``.

    Also run with a batch of one, which the exporter has not seen.

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    session = onnx_session(model, threads=torch.get_num_threads())
    name = session.get_inputs()[0].name
    worst = 0.0
    for batch in (example, example[:1]):
        with torch.inference_mode():
            expected = net(batch)
        for found, wanted in zip(session.run(None, {name: batch.numpy()}), expected, strict=True):
            worst = max(worst, float(np.abs(found - wanted.numpy()).max()))
    return worst


def onnx_session(model: bytes | str, threads: int) -> Any:
    """Returns an ONNX Runtime session on the CPU of a file (path or bytes).

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    onnxruntime = extra_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def extra_module(name: str) -> Any:
    """Imports a module of the extra ``export``.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"{name}: not installed; install the extra: pip install 'inkpose[export]'") from error
