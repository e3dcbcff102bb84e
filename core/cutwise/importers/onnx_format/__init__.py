"""ONNX files, without their weights."""
