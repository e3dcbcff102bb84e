"""The widest tensor at work on the server, as levels of pins: what a limit on server memory turns on.

Sums over a side are features of a cut, and so is the device's widest tensor; the server's is not, because
it falls as ops move to the device. But "no op at the server is wider than t" says which ops must be on
the device: those with a wider op among what they lead to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.problem.split_problem import SplitProblem

MOST_LEVELS = 64
"""Beyond this many, a limit on server memory is searched for without proof."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ServerLevel(Frozen):
    """`pinned` (ops,) on the device leave no op at the server with a wider tensor, per sample."""

    pinned: Mask
    transient_bytes: float


def server_levels(problem: SplitProblem) -> tuple[ServerLevel, ...]:
    """A level for every different set of pins, from what must stay anyway to all on the device.

    Every split keeps the pins of the level that equals its own widest tensor at the server.
    """
    reach = _widest_reached(problem)
    widths = np.unique(reach[~problem.pinned])[::-1]
    levels = [ServerLevel(pinned=problem.pinned | (reach > w), transient_bytes=float(w)) for w in widths]
    return (*levels, ServerLevel(pinned=np.ones(len(reach), dtype=bool), transient_bytes=0.0))


def _widest_reached(problem: SplitProblem) -> Floats:
    """The widest tensor among each op, what is tied to it, and all that depends on these."""
    reach = problem.cost.transient_bytes.copy()
    edges = problem.cost.graph.edge_array
    backwards = edges[np.argsort(edges[:, 0], kind="stable")[::-1]].tolist()
    while True:
        before = reach.copy()
        for producer, reader in backwards:
            reach[producer] = max(reach[producer], reach[reader])
        for tie in problem.ties:
            reach[list(tie)] = reach[list(tie)].max()
        if np.array_equal(before, reach):
            return reach
