"""Schemes: who trains what where and when, and how the cut is chosen. One file each."""

from __future__ import annotations

from cutwise.schemes import (
    baselines,
    card,
    cluster_parallel,
    fast_split,
    federated,
    gsfl,
    sft,
    split_federated,
    split_learning,
    split_llm,
    u_shape,
)
from cutwise.schemes.base import SCHEMES, Scheme, baseline_names, rival_names

__all__ = [
    "SCHEMES",
    "Scheme",
    "baseline_names",
    "baselines",
    "card",
    "cluster_parallel",
    "fast_split",
    "federated",
    "gsfl",
    "rival_names",
    "sft",
    "split_federated",
    "split_learning",
    "split_llm",
    "u_shape",
]
