"""Random and zoo-like graphs for tests and benchmarks."""

from __future__ import annotations

import numpy as np

from core.cuts.split_graph import SplitGraph


def random_graph(rng, ops, *, device=2, peak=0, crossing=1, pins=True, ties=True, signs=True, whole=False):
    """A random DAG with fan-out, several inputs and outputs, and features of any sign on the device."""
    edges = [
        (int(u), v)
        for v in range(1, ops)
        for u in rng.choice(v, size=min(v, int(rng.integers(0, 4))), replace=False)
        if rng.random() < 0.8
    ]
    draw = (lambda *shape: rng.integers(0, 6, shape).astype(float)) if whole else (lambda *s: rng.random(s))
    device_features = draw(ops, device)
    if signs:
        device_features = device_features * rng.choice([-1.0, 1.0], size=(ops, device), p=[0.3, 0.7])
    pinned = rng.random(ops) < 0.12 if pins else np.zeros(ops, dtype=bool)
    groups = (
        [tuple(rng.choice(ops, 2, replace=False)) for _ in range(int(rng.integers(0, 3)))] if ties else []
    )
    return SplitGraph(
        op_count=ops,
        edges=edges,
        device_features=device_features,
        peak_features=draw(ops, peak),
        crossing_features=draw(ops, crossing),
        pinned=pinned,
        ties=tuple(groups),
    )
