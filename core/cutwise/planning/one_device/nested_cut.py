"""The best two cuts of one device: what runs there, what on its edge, what in the cloud."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import CutSums, nested_sums
from cutwise.costs.memory.bounds import copied_rows, lower_rows
from cutwise.costs.memory.held import held_at_peak
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.costs.vertex_sums import no_sums, op_sums, tensor_sums
from cutwise.cuts.accepted_cut import first_accepted_of
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.tiers.tier_caps import CappedTierCut, capped_tier_cut
from cutwise.cuts.tiers.tier_cut import TierCut, TierProblem, tier_cut
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.cut_memory import SideMemory, shared_bytes, shared_on
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_weights import FAINT_BYTES
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.weight_copies import ahead
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.roofs import additive
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING, rounded_bound

MOST_SPLITS = 128
"""Splits of a model up to which all their pairs are tried where memory binds."""
PAIRS_AT_ONCE = 4096
DEVICE, EDGE, CLOUD = range(3)
COLUMN = (slice(None), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Tier(Frozen):
    """What a tier may be charged for what it holds, and how its runtime charges."""

    budget_bytes: float
    runtime: RuntimeFigures

    def holds(self, problem: SplitProblem, side: Mask, *, chains: int = 1) -> bool:
        """Whether it holds so many chains of a side at their peaks, weights that are not trained once."""
        if not np.isfinite(self.budget_bytes):
            return True
        held = held_at_peak(problem.cost, side)
        alone = self.runtime.charged_bytes(
            allocated_bytes=held.allocated_bytes, largest_bytes=held.largest_bytes
        )
        shared = float(shared_on(problem.cost, side[None])[0])
        return bool(shared + chains * (alone - shared) <= self.budget_bytes * (1 + LIMIT_ROUNDING))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Place(Frozen):
    """One device at one edge: its conditions, and the memory of the three tiers.

    `chains` run in the cloud at once, each with its own trained weights and activations.
    """

    conditions: Conditions
    tiers: tuple[Tier, Tier, Tier]
    chains: int

    def holds(self, problem: SplitProblem, labels: Ints) -> bool:
        """Whether every tier holds its ops (ops,) at their peaks, as the sweep says."""
        return all(
            tier.holds(problem, labels == number, chains=self.chains if number == CLOUD else 1)
            for number, tier in enumerate(self.tiers)
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NestedCut(Frozen):
    """The tier of every op (ops,), its score, and whether all memories hold it.

    No tiers that the memories hold are below `bound`, which is infinite where none are held.
    """

    labels: Ints
    score: float
    delay_s: float
    bound: float
    fits: bool
    method: str


def nested_cut(problem: SplitProblem, place: Place, score: Score) -> NestedCut:
    """The tiers of least score, exactly where memory does not bind: one minimum cut for each class of splits.

    A split that sends something pays for labels and messages; with work in the cloud it pays them on the
    backhaul too, so that the classes are solved apart. Where a memory binds, all pairs of splits of a small
    model are tried; of a large one CP-SAT offers tiers by what no peak is below, and nested cut positions
    are tried too.
    """
    everything = np.zeros(len(problem.cost.graph), dtype=np.int64)
    candidates, bounds = [everything], [float(_scores(problem, place, score, [everything])[0])]
    problems = _problems(problem, place, score)
    copies = len(problem.cost.shared)
    for tiers, charge in zip(problems, _charges(problem, place, score), strict=True):
        found: TierCut = tier_cut(tiers)
        candidates.append(found.labels[copies:])
        bounds.append(min(found.bound, found.value) + charge)
    best = int(_scores(problem, place, score, candidates).argmin())
    if place.holds(problem, candidates[best]):
        return _nested(problem, place, score, candidates[best], min(bounds), "minimum cut of three tiers")
    try:
        masks = all_splits(split_graph(problem), max_splits=MOST_SPLITS)
    except SolverError:
        return _searched(problem, place, score, problems)
    labels, bound = _best_pair(problem, place, score, masks)
    return _nested(problem, place, score, labels, bound, "every pair of cuts within the memories")


def _nested(
    problem: SplitProblem, place: Place, score: Score, labels: Ints, bound: float, method: str
) -> NestedCut:
    score_there = float(_scores(problem, place, score, [labels])[0])
    return NestedCut(
        labels=labels,
        score=score_there,
        delay_s=float(np.ravel(_stages(problem, place, [labels]).delay_s)[0]),
        bound=rounded_bound(bound, score_there),
        fits=place.holds(problem, labels),
        method=method,
    )


def _best_pair(problem: SplitProblem, place: Place, score: Score, masks: Mask) -> tuple[Ints, float]:
    """The best tiers that are held of all whose device side and whose device and edge are both of `masks`.

    With their score, infinite where none are held: then the tiers that come nearest.
    """
    near, far = np.nonzero((masks[:, None] <= masks[None]).all(axis=2))
    labels = 2 - masks[near].astype(np.int64) - masks[far]
    scores = np.concatenate(
        [
            _scores(problem, place, score, list(labels[first : first + PAIRS_AT_ONCE]))
            for first in range(0, len(labels), PAIRS_AT_ONCE)
        ]
    )
    at, bound = first_accepted_of(scores, lambda at: place.holds(problem, labels[at]))
    return (_nearest(problem, place, labels) if at is None else labels[at]), bound


def _nearest(problem: SplitProblem, place: Place, labels: Ints) -> Ints:
    """The tiers that exceed the fullest memory by the least ratio."""
    worst = np.full(len(labels), -np.inf)
    for number, tier in enumerate(place.tiers):
        if np.isfinite(tier.budget_bytes):
            sides, where = np.unique(labels == number, axis=0, return_inverse=True)
            charged = SideMemory.of(problem.cost, sides).charged_bytes(tier.runtime)
            shared = shared_on(problem.cost, sides)
            chains = place.chains if number == CLOUD else 1
            held = shared + chains * (charged - shared)
            worst = np.maximum(worst, (held / tier.budget_bytes)[where.ravel()])
    return np.asarray(labels[int(worst.argmin())])


def _searched(
    problem: SplitProblem, place: Place, score: Score, problems: tuple[TierProblem, TierProblem]
) -> NestedCut:
    """The best tiers that CP-SAT offers and the memories hold, or of nested cut positions."""
    positions = cut_positions(problem)
    labels, _ = _best_pair(problem, place, score, positions[:: -(-len(positions) // MOST_SPLITS)])
    candidates, bounds = [labels], [np.inf]
    for tiers, charge in zip(problems, _charges(problem, place, score), strict=True):
        found = _offered(problem, place, tiers)
        bounds.append(found.bound - found.bound_error + charge)
        if found.labels is None and not found.ended and len(problem.cost.shared):
            found = _offered(problem, place, tiers, each_reader=True)
        candidates += [] if found.labels is None else [found.labels[len(problem.cost.shared) :]]
    everything = np.zeros_like(labels)
    if place.holds(problem, everything):
        candidates.append(everything)
        bounds.append(float(_scores(problem, place, score, [everything])[0]))
    held = [place.holds(problem, one) for one in candidates]
    scores = np.where(held, _scores(problem, place, score, candidates), np.inf)
    best = candidates[int(scores.argmin())]
    return _nested(problem, place, score, best, min(bounds), "CP-SAT over three tiers within the memories")


def _offered(
    problem: SplitProblem, place: Place, asked: TierProblem, *, each_reader: bool = False
) -> CappedTierCut:
    """The best tiers of a class by what no peak is below, of those that the memories hold.

    A copied weight counts on the first tier that reads it, so that none that fits is left out; with
    `each_reader` beyond the device at all its readers.
    """
    tiers, copies = asked.tiers, len(problem.cost.shared)
    use = _uses(problem, place, each_reader=each_reader)
    caps = np.array([[tier.budget_bytes * (1 + LIMIT_ROUNDING)] * use.shape[2] for tier in place.tiers])
    caps = np.where(use.sum(axis=0) <= caps, np.inf, caps)
    return capped_tier_cut(
        asked,
        use=np.maximum(use, 0.0)[:, :tiers],
        caps=caps[:tiers],
        accepts=lambda labels: place.holds(problem, labels[copies:]),
    )


def _uses(problem: SplitProblem, place: Place, *, each_reader: bool) -> Floats:
    """What each copied weight and op adds to the sums of every tier, shape (copies + ops, tiers, sums)."""
    cost, copied = problem.cost, problem.cost.shared
    kept, frozen = copied_rows(cost).T, copied.frozen_bytes
    own, shared = lower_rows(cost).T.copy(), shared_bytes(cost)
    np.subtract.at(own, copied.charged, kept)
    np.subtract.at(shared, copied.charged, frozen)
    near = np.concatenate([kept, own])
    beyond, once = near, np.concatenate([frozen, shared])
    if each_reader:
        beyond = ahead(own + copied.readers.T @ kept, len(copied))
        once = ahead(shared + copied.readers.T @ frozen, len(copied))
    far = once[:, None] + place.chains * (beyond - once[:, None])
    return np.stack([near, beyond, far], axis=1)


def _stages(problem: SplitProblem, place: Place, candidates: list[Ints]) -> StageTimes:
    labels = np.stack(candidates)
    return stage_times(nested_sums(problem.cost, labels == DEVICE, labels <= EDGE), place.conditions)


def _scores(problem: SplitProblem, place: Place, score: Score, candidates: list[Ints]) -> Floats:
    values = np.asarray(score(_stages(problem, place, candidates)), dtype=np.float64)
    return np.broadcast_to(values, len(candidates))


def _problems(problem: SplitProblem, place: Place, score: Score) -> tuple[TierProblem, TierProblem]:
    """Device and edge alone, and all three tiers, as additive costs read off the evaluator.

    Copied weights stand ahead of the ops.
    """
    cost, graph = problem.cost, split_graph(problem, copies=True)
    still = additive(place.conditions.without_latency().without_labels().of_whole_batches(), cost)
    vertices = len(cost.shared) + len(cost.graph)

    def scored(sums: CutSums) -> Floats:
        return np.broadcast_to(np.asarray(score(stage_times(sums, still))), vertices)

    tiers = np.stack([scored(sums) for sums in op_sums(cost)], axis=1)
    access = replace(tensor_sums(cost, copies=True), server=no_sums(vertices).server)
    relayed = replace(
        no_sums(vertices),
        relayed_output_bytes=access.output_bytes,
        relayed_gradient_bytes=access.gradient_bytes,
        relayed_kept_equal_bytes=access.kept_equal_bytes,
    )
    hops = np.stack([scored(access), scored(relayed)], axis=1)
    return _tier_problem(graph, tiers[:, :2], hops[:, :1]), _tier_problem(graph, tiers, hops)


def _tier_problem(graph: SplitGraph, tiers: Floats, hops: Floats) -> TierProblem:
    return TierProblem(graph=graph, tier_costs=tiers, hop_costs=hops)


def _charges(problem: SplitProblem, place: Place, score: Score) -> tuple[float, float]:
    """What every split with work on the edge, and with work in the cloud, pays for labels and messages."""
    speaks = np.full(1, FAINT_BYTES if _always_speaks(problem) else 0.0)
    near = replace(no_sums(1), output_bytes=speaks, has_server=np.ones(1))
    far = replace(near, has_relay=np.ones(1), relayed_output_bytes=speaks)
    edge, cloud = (float(np.ravel(score(stage_times(sums, place.conditions)))[0]) for sums in (near, far))
    return edge, cloud


def _always_speaks(problem: SplitProblem) -> bool:
    """True where work beyond the device needs something sent up, whatever the split."""
    cost = problem.cost
    senders, readers = cost.graph.edge_array.T
    sources = np.ones(len(cost.graph), dtype=bool)
    sources[readers] = False
    return bool((cost.output_bytes[senders] > 0).all() and problem.pinned[sources].all())
