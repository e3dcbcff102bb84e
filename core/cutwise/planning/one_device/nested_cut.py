"""The best two cuts of one device: what runs there, what on its edge, what in the cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import CutSums, nested_sums
from cutwise.costs.vertex_sums import no_sums, op_sums, tensor_sums
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.tiers.tier_caps import capped_tier_cut
from cutwise.cuts.tiers.tier_cut import TierCut, TierProblem, tier_cut
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import kept_bytes, shared_bytes, shared_on, split_graph
from cutwise.planning.one_device.cut_weights import FAINT_BYTES
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.weight_copies import ahead
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.roofs import additive
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING, rounded_bound

DEVICE, EDGE, CLOUD = range(3)
COLUMN = (slice(None), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Place:
    """One device at one edge: its conditions, and the memory of the three tiers.

    `chains` run in the cloud at once, each with its own trained weights and activations.
    """

    conditions: Conditions
    device_bytes: float
    edge_bytes: float
    cloud_bytes: float
    chains: int


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NestedCut(Frozen):
    """The tier of every op (ops,), its score, what no tiers are below, and whether all memories hold it."""

    labels: Ints
    score: float
    delay_s: float
    bound: float
    fits: bool
    method: str


def nested_cut(problem: SplitProblem, place: Place, score: Score) -> NestedCut:
    """The tiers of least score, exactly where memory does not bind: one minimum cut for each class of splits.

    A split that sends something pays for labels and messages; with work in the cloud it pays them on the
    backhaul too, so that the classes are solved apart. Where a memory binds, CP-SAT finds the best tiers
    within them, the widest tensor counted on each.
    """
    everything = np.zeros(len(problem.cost.graph), dtype=np.int64)
    candidates, bounds = [everything], [float(_scores(problem, place, score, [everything])[0])]
    problems = _problems(problem, place, score)
    copies = len(problem.cost.shared)
    for tiers, charge in zip(problems, _charges(problem, place, score), strict=True):
        found: TierCut = tier_cut(tiers)
        candidates.append(found.labels[copies:])
        bounds.append(min(found.bound, found.value) + charge)
    method = "minimum cut of three tiers"
    if not _fit(problem, place, candidates).any() or not _best_fits(problem, place, score, candidates):
        candidates += [labels[copies:] for labels in _within(problem, place, problems)]
        method = "CP-SAT over three tiers"
    scores, fits = _scores(problem, place, score, candidates), _fit(problem, place, candidates)
    best = int(np.where(fits, scores, np.inf).argmin() if fits.any() else scores.argmin())
    return NestedCut(
        labels=candidates[best],
        score=float(scores[best]),
        delay_s=float(np.ravel(_stages(problem, place, candidates).delay_s * np.ones(len(candidates)))[best]),
        bound=rounded_bound(min(bounds), float(scores[best])),
        fits=bool(fits[best]),
        method=method,
    )


def _best_fits(problem: SplitProblem, place: Place, score: Score, candidates: list[Ints]) -> bool:
    best = int(_scores(problem, place, score, candidates).argmin())
    return bool(_fit(problem, place, candidates)[best])


def _stages(problem: SplitProblem, place: Place, candidates: list[Ints]) -> StageTimes:
    labels = np.stack(candidates)
    return stage_times(nested_sums(problem.cost, labels == DEVICE, labels <= EDGE), place.conditions)


def _scores(problem: SplitProblem, place: Place, score: Score, candidates: list[Ints]) -> Floats:
    values = np.asarray(score(_stages(problem, place, candidates)), dtype=np.float64)
    return np.broadcast_to(values, len(candidates))


def _fit(problem: SplitProblem, place: Place, candidates: list[Ints]) -> Mask:
    """Which candidates every tier has the memory for; the cloud holds one frozen copy for all chains."""
    stages, slack = _stages(problem, place, candidates), 1 + LIMIT_ROUNDING
    shared = shared_on(problem.cost, np.stack(candidates) == CLOUD)
    cloud = shared + place.chains * (stages.server_memory.total_bytes - shared)
    return np.asarray(
        (stages.device_memory.total_bytes <= place.device_bytes * slack)
        & (stages.edge_memory.total_bytes <= place.edge_bytes * slack)
        & (cloud <= place.cloud_bytes * slack)
    )


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


def _within(problem: SplitProblem, place: Place, problems: tuple[TierProblem, TierProblem]) -> Iterator[Ints]:
    """The best tiers within the memories, with and without the cloud.

    Where copies of weights count, no sum over ops is exact on all tiers: with all copies of the edge and the
    cloud left out, what fits may be missing; with one for every reader, what is found fits.
    """
    for copied in (False, True) if len(problem.cost.shared) else (False,):
        yield from _within_uses(place, problems, *_uses(problem, place, each_reader=copied))


def _uses(problem: SplitProblem, place: Place, *, each_reader: bool) -> tuple[Floats, Floats]:
    """What each copied weight and op takes on each tier, and what each tier holds beside that."""
    cost, batch, copied = problem.cost, problem.workload.batch_size, problem.cost.shared
    held, shared = kept_bytes(cost) + batch * cost.saved_bytes, shared_bytes(cost).copy()
    np.subtract.at(held, copied.charged, copied.kept_bytes)
    np.subtract.at(shared, copied.charged, copied.frozen_bytes)
    own = np.concatenate([copied.kept_bytes, held])
    beyond, frozen = held, shared
    if each_reader:
        beyond = held + copied.readers.T @ copied.kept_bytes
        frozen = shared + copied.readers.T @ copied.frozen_bytes
    beyond, frozen = ahead(beyond, len(copied)), ahead(frozen, len(copied))
    use = np.stack([own, beyond, frozen + place.chains * (beyond - frozen)], axis=1)
    widest = batch * float(cost.transient_bytes.max(initial=0.0))
    return use, np.array([widest, widest, place.chains * widest])


def _within_uses(
    place: Place, problems: tuple[TierProblem, TierProblem], use: Floats, constant: Floats
) -> Iterator[Ints]:
    most = use.sum(axis=0) + 2 * constant + 1.0
    caps = np.minimum(np.array([place.device_bytes, place.edge_bytes, place.cloud_bytes]), most)
    for tiers, asked in zip((2, 3), problems, strict=True):
        if (caps[:tiers] < constant[:tiers]).any():
            continue
        found = capped_tier_cut(asked, use=use[:, :tiers], caps=caps[:tiers], constant=constant[:tiers])
        if found.labels is not None:
            yield found.labels
