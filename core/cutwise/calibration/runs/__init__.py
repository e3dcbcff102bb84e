"""Ops run on this machine with random numbers of their shapes; only PyTorch's own functions are called."""
