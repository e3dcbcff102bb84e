"""Autograd functions with a backward pass of their own: what they keep is not what their forward ops keep."""
