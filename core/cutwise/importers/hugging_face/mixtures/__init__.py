"""Decoders with mixtures of experts: experts and their routers, residual branches, what they send."""
