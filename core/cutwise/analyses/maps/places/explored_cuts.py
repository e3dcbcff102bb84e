"""The cuts that can be best for one device somewhere between points, and those along its curve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.maps.places.as_planned import AsPlanned, RowsMet
from cutwise.arrays import Mask
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.planning.one_device.candidates import Candidates, candidates_from, candidates_within
from cutwise.planning.one_device.curve_sides import CurveSides, curve_sides
from cutwise.planning.one_device.fitting_cuts import MemoryRules
from cutwise.planning.one_device.objective import Score, device_energy
from cutwise.planning.one_device.work.compute_features import Features, compute_features
from cutwise.schemes.base import comes_back

ENDLESS = ((float("inf"), 0.0),)
"""Memories that hold whatever is put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploredCuts:
    """Device sides `masks` (cuts, ops); `curve` where an edge or what comes back stands beside each of them.

    `complete` is true where no cut outside can be better between the points.
    """

    masks: Mask
    cuts: Candidates
    curve: CurveSides | None
    complete: bool


def explored_cuts(planned: AsPlanned, device: int, score: Score, corners: RowsMet) -> ExploredCuts:
    """The cuts of one device, all else as planned; complete for what lies between the corners."""
    problem, decision = planned.problem, planned.plan.decisions[device]
    back = comes_back(planned.plan.scheme)
    sides = curve_sides(problem, decision, "device", comes_back=back)
    if sides.has_edge or back or sides.returned.any():
        cuts = candidates_from(problem.cost, sides.bottoms, complete=False)
        return ExploredCuts(masks=sides.masks, cuts=cuts, curve=sides, complete=False)
    pool, complete = _pool(planned, score, corners)
    packed = [np.packbits(masks).tobytes() for masks in (sides.masks, pool)]
    cuts = _together(problem.cost, len(sides.masks), packed[0], len(pool), packed[1])
    return ExploredCuts(masks=cuts.masks, cuts=cuts, curve=None, complete=complete)


def _pool(planned: AsPlanned, score: Score, corners: RowsMet) -> tuple[Mask, bool]:
    """All cuts that can be optimal; of a model with too many those that memory leaves out of account."""
    rules = MemoryRules.of(corners.problem, planned.plan.active)
    share = rules.servers[0][1]
    budgets = sorted(set(corners.server_budget_bytes.tolist()))
    rules = MemoryRules(
        devices=rules.devices, servers=tuple((budget, share) for budget in budgets), clients=rules.clients
    )
    features = _features(score, corners)
    costs = dict.fromkeys(corners.costs or (planned.problem.cost,))
    for tried in (rules, MemoryRules(devices=ENDLESS, servers=ENDLESS, clients=rules.clients)):
        try:
            problems = [replace(corners.problem, cost=cost) for cost in costs]
            pools = [candidates_within(problem, features, tried) for problem in problems]
        except PoolTooLarge:
            continue
        alike = tried is rules and all(np.array_equal(pool.masks, pools[0].masks) for pool in pools)
        return np.vstack([pool.masks for pool in pools]), alike and all(pool.complete for pool in pools)
    return np.zeros((0, len(planned.problem.cost)), dtype=bool), False


def _features(score: Score, corners: RowsMet) -> Features:
    """What work counts as at every corner; each mini-batch has columns of its own."""
    limited = corners.problem.scenario.limits.device_energy_j is not None
    scores = (score, device_energy) if limited else (score,)
    batch = corners.conditions.compute.batch_size
    if not isinstance(batch, np.ndarray):
        found = compute_features(corners.problem, corners.conditions, scores)
    else:
        alone = [corners.at([row]) for row in range(len(batch))]
        found = [
            features
            for one in alone
            for features in compute_features(one.problem, one.conditions, scores)[:1]
        ]
    return tuple(dict.fromkeys(feature for features in found for feature in features))


@kept
def _together(cost: GraphCost, count: int, packed: bytes, pooled: int, pool: bytes) -> Candidates:
    """Cut positions and a pool as one list, smallest device side first, with what they add up to."""
    both = np.vstack([_unpacked(cost, count, packed), _unpacked(cost, pooled, pool)])
    masks = np.unique(both, axis=0)
    masks = masks[np.argsort(masks.sum(axis=1), kind="stable")]
    return candidates_from(cost, masks, complete=False)


def _unpacked(cost: GraphCost, count: int, packed: bytes) -> Mask:
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=count * len(cost))
    return bits.reshape(count, len(cost)).astype(bool)
