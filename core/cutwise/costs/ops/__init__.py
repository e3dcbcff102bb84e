"""Floating-point operations and bytes of every kind of op."""
