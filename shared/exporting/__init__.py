"""Finished nets as folders that others can read: safetensors, ONNX, a model card; whole or not at all."""
