"""Priced graphs of five structures and any size, made from a seed: what solvers are timed on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from cutwise.cuts.split_graph import SplitGraph

SEED = 11
BRANCHES, BRANCH_OPS = 4, 3
TRANSFORMER_OPS = 12
DENSE_LAYERS = 6
READ_BEFORE = 3


def chain(count: int) -> list[tuple[int, int]]:
    """Every op reads the one before."""
    return [(op, op + 1) for op in range(count - 1)]


def inception(count: int) -> list[tuple[int, int]]:
    """Blocks of four branches that meet again."""
    size, edges, first = BRANCHES * BRANCH_OPS + 1, [], 0
    while first + size < count:
        last = first + size
        for branch in range(BRANCHES):
            ops = [
                first,
                *range(first + 1 + branch * BRANCH_OPS, first + 1 + (branch + 1) * BRANCH_OPS),
                last,
            ]
            edges += pairwise(ops)
        first = last
    return edges + [(op, op + 1) for op in range(first, count - 1)]


def transformer(count: int) -> list[tuple[int, int]]:
    """Blocks with two residual sums, and queries, keys and values read off one norm."""
    block = [(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (5, 6), (4, 6), (6, 7), (0, 7), (7, 8), (8, 9),
             (9, 10), (10, 11), (7, 11), (11, 12)]  # fmt: skip
    edges = [
        (first + a, first + b)
        for first in range(0, count - TRANSFORMER_OPS, TRANSFORMER_OPS)
        for a, b in block
    ]
    last = max((b for _, b in edges), default=0)
    return edges + [(op, op + 1) for op in range(last, count - 1)]


def dense(count: int) -> list[tuple[int, int]]:
    """Blocks in which every layer reads all layers before it."""
    edges = []
    for first in range(0, count - 1, DENSE_LAYERS):
        ops = range(first, min(first + DENSE_LAYERS + 1, count))
        edges += [(a, b) for a in ops for b in ops if a < b]
    return edges


def structureless(count: int) -> list[tuple[int, int]]:
    """Every op reads up to three ops, drawn from the 30 before it."""
    draw = np.random.default_rng(SEED)
    return [
        (int(producer), op)
        for op in range(1, count)
        for producer in np.unique(draw.integers(max(0, op - 30), op, READ_BEFORE))
    ]


STRUCTURES: dict[str, Callable[[int], list[tuple[int, int]]]] = {
    "chain": chain,
    "inception": inception,
    "transformer": transformer,
    "dense": dense,
    "structureless": structureless,
}


def drawn_graph(structure: str, count: int) -> SplitGraph:
    """A graph of this structure with one feature of work and one of bytes an op; the first op is pinned.

    What is sent falls about as fast as what was worked grows, so that the best cut lies anywhere.
    """
    draw = np.random.default_rng(SEED)
    work = draw.lognormal(0.0, 1.0, (count, 1))
    sent = work.mean() * np.linspace(count, 1, count) * draw.lognormal(0.0, 0.5, count)
    return SplitGraph(
        op_count=count,
        edges=STRUCTURES[structure](count),
        device_features=work,
        crossing_features=sent[:, None],
        pinned=np.arange(count) == 0,
    )
