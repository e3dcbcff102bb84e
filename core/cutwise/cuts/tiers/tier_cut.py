"""The best cut into K tiers in a row (device, edge, cloud) for any additive costs, by one minimum s-t cut."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.cuts.network_flow import FlowNetwork, network_of, solve_network
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.split_graph import SplitGraph, crossing_ops
from cutwise.cuts.tiers.tier_labels import (
    by_level,
    label_costs,
    labels_of,
    level_masks,
    level_units,
)
from cutwise.digests import freeze
from cutwise.errors import SolverError
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, kw_only=True)
class TierProblem(Frozen):
    """Which tier 0 … K-1 each op of `graph` gets, tiers never falling along an edge.

    Pinned ops, with all before them, are on tier 0, the ops of a tie on one tier; the graph's features
    are not used. `tier_costs` (n, K), of any sign, are paid for the tier an op is on; `hop_costs`
    (n, K-1), not negative, for each hop k its output crosses: from a tier up to k to some reader beyond
    k, once however many readers. A tensor relayed over several hops pays each of them.

    Raises `SolverError` for a wrong shape, a number that is not finite, or a negative hop cost.
    """

    graph: SplitGraph
    tier_costs: Floats
    hop_costs: Floats

    def __post_init__(self) -> None:
        ops = self.graph.op_count
        costs, hops = np.array(self.tier_costs, dtype=float), np.array(self.hop_costs, dtype=float)
        if costs.ndim != 2 or len(costs) != ops or costs.shape[1] < 2:
            raise SolverError(f"tier_costs has shape {costs.shape}; give {ops} ops two or more tiers")
        if hops.shape != (ops, costs.shape[1] - 1):
            raise SolverError(f"hop_costs has shape {hops.shape}; give {(ops, costs.shape[1] - 1)}")
        for name, table in (("tier_costs", costs), ("hop_costs", hops)):
            if not np.isfinite(table).all():
                op = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
                raise SolverError(f"{name} of op {op} are {table[op].tolist()}; every cost must be finite")
        if (hops < 0).any():
            op = int(np.argmin(hops.min(axis=1)))
            raise SolverError(f"hop_costs of op {op} are {hops[op].tolist()}; a tensor sent cannot earn")
        freeze(self, "tier_costs", costs)
        freeze(self, "hop_costs", hops)

    @property
    def tiers(self) -> int:
        """K."""
        return int(self.tier_costs.shape[1])


@dataclass(frozen=True, eq=False, kw_only=True)
class TierCut(Frozen):
    """The cheapest tier of each op: `labels` (n,), their cost priced in float64, the flow that bounds it.

    Nothing costs less than `bound` - `bound_error`: the flow through capacities that were rounded to
    integers. `vertices` and `arcs` are the size of the network; `runtime_s` includes building it.
    """

    value: float
    labels: Ints
    bound: float
    bound_error: float
    vertices: int
    arcs: int
    runtime_s: float = field(compare=False)


def tier_cut(problem: TierProblem) -> TierCut:
    """The tiers of least cost, exactly. Of several optima (in the scaled integers) the highest tiers.

    One minimum s-t cut of K-1 copies of the two-tier network, after H. Ishikawa, "Exact optimization
    for Markov random fields with convex priors", IEEE TPAMI 25(10), 2003: op v in copy j is on the
    source side iff its tier is at most j. An uncuttable arc from each copy to the next makes these
    splits nested, one from reader to producer in each copy keeps tiers from falling, and an auxiliary
    vertex for each tensor and hop sends it once. A tier is paid on the arc from its copy to the one
    before, the first and the last on the arcs to the sink and from the source, each less what the op pays
    at least: no sum cancels. For K = 2 it is the network of `minimum_cut`.

    >>> chain = SplitGraph(op_count=3, edges=[[0, 1], [1, 2]], device_features=[], crossing_features=[],
    ...                    pinned=[True, False, False])
    >>> cut = tier_cut(TierProblem(graph=chain, tier_costs=[[1, 1, 1], [9, 2, 1], [9, 8, 1]],
    ...                            hop_costs=[[3, 5], [3, 2], [0, 0]]))
    >>> cut.value, cut.labels.tolist()
    (9.0, [0, 1, 2])
    """
    began = time.perf_counter()
    units, network = tier_network(problem.graph, problem.tiers - 1)
    weights = _tier_weights(problem)
    mask, flow, error = solve_network(
        network,
        device=weights.device,
        server=weights.server,
        crossing=np.concatenate([by_level(problem.hop_costs)[units.sender_op], weights.between]),
        on_device=np.arange(units.count) == 0,
    )
    labels = labels_of(mask[units.unit_of], problem.graph.op_count)
    return TierCut(
        value=tier_cost(problem, labels),
        labels=labels,
        bound=flow + weights.constant,
        bound_error=error + _sum_error(problem.tier_costs),
        vertices=network.node_count,
        arcs=len(network.tail),
        runtime_s=time.perf_counter() - began,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _TierWeights(Frozen):
    """What units of `level_units` pay: the first tier, the last, each between, beyond their cheapest."""

    device: Floats
    server: Floats
    between: Floats
    constant: float


def _tier_weights(problem: TierProblem) -> _TierWeights:
    levels = problem.tiers - 1
    costs = contract(problem.graph).sums(problem.tier_costs)
    least = costs.min(axis=1)
    least[0] = costs[0, 0]
    beyond = (costs - least[:, None])[1:]
    nothing = np.zeros(len(beyond) * (levels - 1))
    return _TierWeights(
        device=np.concatenate([[0.0], nothing, beyond[:, 0]]),
        server=np.concatenate([[0.0], beyond[:, -1], nothing]),
        between=beyond[:, -2:0:-1].T.ravel(),
        constant=math.fsum(least.tolist()),
    )


@kept
def tier_network(graph: SplitGraph, levels: int) -> tuple[Units, FlowNetwork]:
    """The units of all levels and their network; the same objects for equal graphs.

    A unit on a tier between the first and the last pays on the arc from its copy to the one before.
    """
    units = level_units(graph, levels)
    inner = (units.count - 1) // levels
    higher = np.arange(1, inner * (levels - 1) + 1)
    network = network_of(
        vertex_count=units.count,
        sender_unit=np.concatenate([units.sender_unit, higher]),
        read_sender=np.concatenate([units.read_sender, len(units.sender_unit) + higher - 1]),
        read_unit=np.concatenate([units.read_unit, higher + inner]),
        orders=units.arcs[len(units.read_sender) :],
    )
    return units, network


def tier_cost(problem: TierProblem, labels: npt.ArrayLike) -> float:
    """What tiers `labels` (n,) cost, straight from the definition."""
    tiers = np.asarray(labels, dtype=np.int64)
    hops = problem.hop_costs[crossing_hops(problem.graph, tiers, problem.tiers)]
    return math.fsum(label_costs(problem.tier_costs, tiers) + hops.tolist())


def crossing_hops(graph: SplitGraph, labels: npt.ArrayLike, tiers: int) -> Mask:
    """Which hops (n, K-1) the output of each op crosses.

    >>> chain = SplitGraph(op_count=2, edges=[[0, 1]], device_features=[], crossing_features=[])
    >>> crossing_hops(chain, [0, 2], 3).tolist()
    [[True, True], [False, False]]
    """
    return crossing_ops(graph, level_masks(np.asarray(labels), tiers - 1)).T


def _sum_error(table: Floats) -> float:
    """What float64 may have lost in the sums of n ops' costs."""
    return float(np.finfo(float).eps * len(table) * np.abs(table).sum())
