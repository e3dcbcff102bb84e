"""Sizes that an ONNX file leaves open, and which axis is the batch: decided by what the graph shows."""
