"""A cut device–server–device as numbers: what each part costs, and which labels are such a cut."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Mask
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.tiers.tier_labels import label_costs
from cutwise.digests import freeze
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

BOTTOM, SERVER, TOP = 0, 1, 2


@dataclass(frozen=True, eq=False, kw_only=True)
class UShapeProblem(Frozen):
    """Which part each op of `graph` is in: 0 bottom, on the device; 1 on the server; 2 top, on the device.

    Parts never fall along an edge. Pinned ops, with all before them, are in the bottom; ops in
    `pinned_top` (n,), with all after them, in the top; the ops of a tie are all on the server or all on
    the device, in either part of it. The graph's features are not used. `device_costs` and
    `server_costs` (n,), of any sign, are paid for where an op is. `up_costs` (n,), not negative, are
    paid once where a bottom op has a reader on the server, `down_costs` (n,) once where a server op has
    one in the top; what the top reads from the bottom is there already.

    Raises `SolverError` for a wrong shape, a number that is not finite, or a tensor that earns.
    """

    graph: SplitGraph
    device_costs: Floats
    server_costs: Floats
    up_costs: Floats
    down_costs: Floats
    pinned_top: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        count = self.graph.op_count
        for name in ("device_costs", "server_costs", "up_costs", "down_costs"):
            array: Floats = np.array(getattr(self, name), dtype=float)
            if array.shape != (count,) or not np.isfinite(array).all():
                raise SolverError(f"{name}: give a finite number for each of {count} ops")
            if name in ("up_costs", "down_costs") and (array < 0).any():
                raise SolverError(f"{name} of op {int(np.argmin(array))} is negative; no tensor sent earns")
            freeze(self, name, array)
        top = np.array(self.pinned_top, dtype=bool)
        top = top if top.size else np.zeros(count, dtype=bool)
        if top.shape != (count,):
            raise SolverError(f"pinned_top has shape {top.shape}; give one flag for each of {count} ops")
        freeze(self, "pinned_top", top)

    @property
    def label_costs(self) -> Floats:
        """What each op costs in each of the three parts (n, 3)."""
        return np.stack([self.device_costs, self.server_costs, self.device_costs], axis=1)

    @property
    def untied(self) -> SplitGraph:
        """The graph without ties, which here bind sides and not labels."""
        return replace(self.graph, ties=()) if self.graph.ties else self.graph


def forced_top(problem: UShapeProblem) -> Mask:
    """Which ops (n,) are in `pinned_top` or after one that is."""
    top: list[bool] = problem.pinned_top.tolist()
    edges: list[list[int]] = problem.graph.edges.tolist()
    for producer, reader in edges:
        top[reader] |= top[producer]
    return np.array(top, dtype=bool)


def u_shape_cost(problem: UShapeProblem, labels: npt.ArrayLike) -> float:
    """What parts `labels` (n,) cost, straight from the definition.

    >>> skip = SplitGraph(op_count=3, edges=[[0, 1], [1, 2], [0, 2]], device_features=[],
    ...                   crossing_features=[])
    >>> u_shape_cost(UShapeProblem(graph=skip, device_costs=[1, 9, 1], server_costs=[0, 2, 0],
    ...                            up_costs=[10, 0, 0], down_costs=[0, 20, 0]), [0, 1, 2])
    34.0
    """
    parts = np.asarray(labels, dtype=np.int64)
    producer, reader = problem.graph.edges[:, 0], problem.graph.edges[:, 1]
    sent_up, sent_down = (np.zeros(problem.graph.op_count, dtype=bool) for _ in range(2))
    sent_up[producer[(parts[producer] == BOTTOM) & (parts[reader] == SERVER)]] = True
    sent_down[producer[(parts[producer] == SERVER) & (parts[reader] == TOP)]] = True
    return math.fsum(
        label_costs(problem.label_costs, parts)
        + problem.up_costs[sent_up].tolist()
        + problem.down_costs[sent_down].tolist()
    )
