"""The cuts that can be optimal where memory binds: all splits, less those that others make idle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.held import allocated_bytes
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.cuts.pool.pareto import covered, front
from cutwise.cuts.split_graph import SplitGraph, features_of
from cutwise.errors import SolverError
from cutwise.planning.one_device.cut_memory import CutMemory, SideMemory, shared_on
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING

MOST_SPLITS = 1 << 12
"""Splits of a model up to which all are told apart by what they hold."""
BATCH = 64
"""Cuts that are swept before those are dropped that they make idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRules:
    """What devices and servers may be charged: (bytes, share of the largest tensor), each pair once.

    A server holds a model for `clients` at once, weights that are not trained only once. There is more than
    one where scenarios differ in theirs.
    """

    devices: tuple[tuple[float, float], ...]
    servers: tuple[tuple[float, float], ...]
    clients: int

    @classmethod
    def of(cls, problem: SplitProblem, clients: int) -> MemoryRules:
        """The rules of a problem."""
        runtime, server = problem.device_runtime, problem.server_runtime
        charged = np.broadcast_to(_slope(runtime), problem.device_budget_bytes.shape)
        pairs = zip(problem.device_budget_bytes.tolist(), charged.tolist(), strict=True)
        return cls(
            devices=tuple(sorted(set(pairs))),
            servers=((problem.server_budget_bytes, float(_slope(server))),),
            clients=clients,
        )

    @property
    def largest_share(self) -> float:
        """The most of the largest tensor that a server is charged."""
        return max(share for _, share in self.servers)


def binds(rules: MemoryRules, memory: CutMemory, shared_bytes: Floats) -> bool:
    """Whether some of these cuts do not fit some device, or the server for all clients at once."""
    return not bool(_fits_all(rules, memory, shared_bytes).all())


def fitting_masks(cost: GraphCost, plain: SplitGraph, copied: SplitGraph, rules: MemoryRules) -> Mask:
    """Every split that can be optimal for a device under the rules, for what rises in the features.

    `plain` is the graph whose splits they are, `copied` the one with copied weights ahead. A
    split that fits everybody makes those idle that are nowhere smaller; what is left is swept and told apart
    by its bytes too. Raises `PoolTooLarge` for a model with too many splits.
    """
    try:
        masks = all_splits(plain, max_splits=MOST_SPLITS)
    except SolverError as error:
        raise PoolTooLarge(str(error)) from error
    memory, features = CutMemory.of(cost, masks), features_of_splits(cost, copied, masks)
    shared = shared_on(cost, ~masks)
    if rules.clients > 1:  # a cut that leaves the server more room for others may be worth its price
        low = _charged(memory.server, memory.server.lower_bytes, rules.largest_share)
        features = np.column_stack([features, low, shared])
    order = np.argsort((features / (np.abs(features).max(axis=0) + 1e-300)).sum(axis=1), kind="stable")
    short = _short(rules, memory)
    left = order[short[order] <= LIMIT_ROUNDING]
    left = left if len(left) else np.argsort(short, kind="stable")[:BATCH]
    everybody, others = np.zeros((0, features.shape[1])), []
    while len(left):
        now, left = left[:BATCH], left[BATCH:]
        others.append(now)
        fits = now[_fits_all(rules, CutMemory.of(cost, masks[now]), shared[now])]
        rows = features[fits]
        if rules.clients > 1 and len(rows):
            rows[:, -2] = _charged_at_server(cost, rules, masks[fits])
        everybody = np.concatenate([everybody, rows])
        left = left[~covered(features[left], everybody)]
    found = masks[np.concatenate(others)]
    return found[_told_apart(cost, copied, rules, found)]


def _charged_at_server(cost: GraphCost, rules: MemoryRules, masks: Mask) -> Floats:
    side = SideMemory.of(cost, ~masks)
    return _charged(side, allocated_bytes(cost, side.sides), rules.largest_share)


def _short(rules: MemoryRules, memory: CutMemory) -> Floats:
    """By how much each cut exceeds the roomiest device or the roomiest server at least, shape (cuts,)."""
    sides = ((memory.device, rules.devices), (memory.server, rules.servers))
    low = [
        np.min([_charged(side, side.lower_bytes, share) / most for most, share in rule], axis=0)
        for side, rule in sides
    ]
    return np.maximum(*low) - 1


def _fits_all(rules: MemoryRules, memory: CutMemory, shared: Floats) -> Mask:
    """Which cuts fit every device, and every server for all clients at once."""
    fits, slack = np.ones(len(memory.device.sides), dtype=bool), 1 + LIMIT_ROUNDING
    for budget, slope in rules.devices:
        fits &= _settled(memory.device, slope, budget * slack, fits)
    for budget, slope in rules.servers:
        alone = (budget + (rules.clients - 1) * shared) / rules.clients
        fits &= _settled(memory.server, slope, alone * slack, fits)
    return fits


def _settled(side: SideMemory, slope: float, cap: Floats | float, asked: Mask) -> Mask:
    """Which sides charge no more than the cap, swept where `asked` and bounds do not tell."""
    high = _charged(side, side.upper_bytes, slope)
    unsure = asked & (high > cap) & (_charged(side, side.lower_bytes, slope) <= cap)
    held = np.where(high <= cap, side.upper_bytes, side.lower_bytes)
    held[unsure] = allocated_bytes(side.cost, side.sides[unsure])
    return np.asarray(_charged(side, held, slope) <= cap)


def _charged(side: SideMemory, allocated: Floats, slope: float) -> Floats:
    return allocated + slope * side.largest_bytes


def _slope(runtime: RuntimeFigures) -> Floats:
    return np.asarray(runtime.charged_bytes(allocated_bytes=0.0, largest_bytes=1.0))


def _told_apart(cost: GraphCost, graph: SplitGraph, rules: MemoryRules, masks: Mask) -> Ints:
    """The cuts that none undercuts in features and bytes, and all on the device."""
    memory = CutMemory.of(cost, masks)
    columns = [features_of_splits(cost, graph, masks)]
    for side, rule in ((memory.device, rules.devices), (memory.server, rules.servers)):
        budgets, slopes = zip(*rule, strict=True)
        if (_charged(side, side.upper_bytes, max(slopes)) <= min(budgets) / rules.clients).all():
            continue
        held = allocated_bytes(cost, side.sides)
        columns += [_charged(side, held, slope)[:, None] for slope in sorted(set(slopes))]
    if rules.clients > 1:
        columns.append(shared_on(cost, ~masks)[:, None])
    kept = front(np.hstack(columns))
    assert kept is not None
    return kept


def features_of_splits(cost: GraphCost, graph: SplitGraph, masks: Mask) -> Floats:
    """The features of splits of the ops; a copied weight is on the device where one of its readers is."""
    return features_of(graph, np.hstack([cost.shared.read_on(masks), masks]) if len(cost.shared) else masks)
