"""Operators that are not ONNX's own: onnxruntime's fused, quantised and packed ones."""
