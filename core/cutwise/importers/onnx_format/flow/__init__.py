"""Branches, loops and sequences of ONNX graphs written out, and sizes that only data decide bounded."""
