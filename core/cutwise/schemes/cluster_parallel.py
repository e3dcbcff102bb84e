"""Cluster-based parallel split learning (CPSL): clusters in turn, the devices of a cluster at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.fields.field_values import Settled
from cutwise.frozen import FrozenDict
from cutwise.planning.sharing.clusters_within_memory import ClustersWithinMemory
from cutwise.planning.sharing.device_groups import (
    Arrangement,
    CutChoice,
    Division,
    OwnTurns,
    best_division,
    counts_of,
    lower_bound_of,
    own_turns,
    plan_with,
    undivided,
)
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round, clustered_round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option, common_cut_option, cut_option
from cutwise.solvers.groups.balanced_grouping import balanced_groups
from cutwise.solvers.groups.clustering import alike_clusters, sizes_of
from cutwise.units import quantity

ClusteringRule = Literal["similar", "round_robin", "random", "balanced"]
CLUSTERINGS: Mapping[str, Callable[[SplitProblem, OwnTurns, int], Ints]] = FrozenDict(
    {
        "round_robin": lambda problem, turns, clusters: np.arange(problem.device_count) % clusters,
        "random": lambda problem, turns, clusters: np.random.default_rng(problem.scenario.seed).permutation(
            np.arange(problem.device_count) % clusters
        ),
        "balanced": lambda problem, turns, clusters: _owners(
            balanced_groups(
                turns.delays_s[turns.order], clusters, histograms=problem.samples[turns.order][:, None]
            ).groups
        ),
    }
)
"""The cluster of every device, of devices listed by falling turns; sizes differ by one at most."""
FIXED_RULES = ("round_robin", "random", "balanced")
"""Rules whose clusters are kept where the server can hold them at all, whatever others would reach."""
EFFORT, LEAST_EFFORT = 0.5, 0.05
"""Deterministic seconds of CP-SAT for all numbers of clusters, and at least for each."""
RULE = "One round serves every device once: clusters in turn, the devices of a cluster at the same time."


@SCHEMES.named("cluster_parallel")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterParallel(Settled):
    """Cluster-based parallel split learning: clusters in turn, the devices of a cluster at once."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    divided_into: ClassVar[str] = "clusters"
    ends: ClassVar[tuple[str, str]] = ("split_federated", "split_learning")
    clusters: int = quantity(
        0, ge=0, le=100_000, title="Clusters", shown=(0, 30),
        help="Clusters of equal size that take turns, at most one a device; 0: the best number",
    )  # fmt: skip
    clustering: ClusteringRule = quantity(
        "similar", title="Clustering", help="Who shares a cluster; similar: devices whose turns last alike"
    )
    cut: str = cut_option()
    common_cut: bool = common_cut_option()
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        r"""The plan with the given or the best number $K$ of clusters, whose sizes differ by one at most.

        $T = \sum_k \max_{n \in C_k} [\tau_n(|C_k|) + \mu_n(|C_k|)]$ (CPSL, arXiv 2204.08119; science notes
        4.2): a device's turn is that of its best cut where its cluster shares the band and the server. One
        cluster is `split_federated`, a cluster a device `split_learning`. The server holds a model for every
        device of a cluster; CPSL itself, with one for all, needs less. Where it cannot hold everybody's best
        cut in the clusters of the rule, or they end after a deadline, members and cuts are chosen together:
        the best of all, or beside a bound; rules but "similar" keep their clusters where any cuts fit them.
        """
        choice = CutChoice(cut=self.cut, common_cut=self.common_cut, certify=self.certify)
        counts = counts_of(self.clusters, problem.device_count)
        effort = EFFORT / len(counts) + LEAST_EFFORT
        divisions = [_division(problem, count, self.clustering, choice, effort) for count in counts]
        return best_division(problem, divisions, choice)


def _division(
    problem: SplitProblem, count: int, clustering: str, choice: CutChoice, effort: float
) -> Division:
    """The prospect of `count` clusters."""
    devices = problem.device_count
    if count in (1, devices):
        round_of = AT_ONCE if count == 1 < devices else IN_TURN
        return undivided(problem, scheme="cluster_parallel", round_of=round_of, choice=choice)
    sizes = sizes_of(devices, count)
    same = sizes[0] == sizes[-1]
    # in a smaller cluster everybody has a larger share
    crowded, roomy = (problem.conditions(active=size) for size in (sizes[0], sizes[-1]))
    large = own_turns(problem, crowded, choice)
    small = large if same else own_turns(problem, roomy, choice)
    lower_bound = _promise(problem, large, small, count)
    within = ClustersWithinMemory(problem=problem, large=crowded, small=roomy, clusters=count, choice=choice)

    def arranged() -> Arrangement:
        clusters = _clusters(problem, large, small, count, clustering)
        size = np.empty(devices)
        for cluster in clusters:
            size[list(cluster)] = len(cluster)
        made = Arrangement(
            round_of=clustered_round(clusters, rule=RULE),
            conditions=crowded if same else problem.conditions(active=size),
            bound=lower_bound,
            method=f"{count} clusters ({clustering})",
        )
        return within.instead_of(made, follows_rule=clustering in FIXED_RULES, effort=effort)

    return Division(
        active=sizes[0],
        lower_bound=lower_bound,
        complete=large.complete and small.complete,
        arranged=arranged,
        planned=plan_with(problem, scheme="cluster_parallel", choice=choice),
    )


def _promise(problem: SplitProblem, large: OwnTurns, small: OwnTurns, count: int) -> float:
    """What no clusters of these sizes can beat; an estimate under a weighted objective."""
    if problem.scenario.objective.is_energy and np.isfinite((large.least, small.least)).all():
        crowded = _crowded(large, small, count)
        return float(np.where(crowded, large.least, small.least).sum())
    if not problem.scenario.objective.is_delay:
        least = replace(large, least=np.minimum(large.least, small.least))
        return lower_bound_of(problem, least, lambda loads: alike_clusters(loads, loads, count).bound)
    if not np.isfinite((large.least, small.least)).all():
        return np.inf
    return alike_clusters(np.maximum(large.least, small.least), small.least, count).bound


def _clusters(
    problem: SplitProblem, large: OwnTurns, small: OwnTurns, count: int, clustering: str
) -> Sequence[Sequence[int]]:
    """The clusters by the rule, devices in the order of the scenario."""
    order = large.order
    if clustering == "similar" and problem.scenario.objective.is_energy:
        return _cheapest_clusters(large, small, count)
    if clustering == "similar":
        loads = large.delays_s[order], np.minimum(large.delays_s, small.delays_s)[order]
        found = alike_clusters(*loads, count).clusters
    else:
        owner = CLUSTERINGS[clustering](problem, large, count)
        found = tuple(tuple(np.flatnonzero(owner == cluster)) for cluster in range(count))
    return [sorted(order[list(cluster)].tolist()) for cluster in found]


def _crowded(large: OwnTurns, small: OwnTurns, count: int) -> Mask:
    """The devices (devices,) in the larger clusters when those are who lose least by it."""
    sizes = sizes_of(len(large.least), count)
    with np.errstate(invalid="ignore"):
        loss = np.nan_to_num(large.least - small.least)
    crowded = np.zeros(len(loss), dtype=bool)
    crowded[large.order[np.argsort(loss[large.order], kind="stable")][: sizes[0] * sizes.count(sizes[0])]] = (
        True
    )
    return crowded


def _cheapest_clusters(large: OwnTurns, small: OwnTurns, count: int) -> list[list[int]]:
    """The clusters of least energy, for which only who is in a larger one counts; alike turns together."""
    sizes, crowded = sizes_of(len(large.least), count), _crowded(large, small, count)
    found = []
    for size, turns, inside in ((sizes[0], large, crowded), (sizes[-1], small, ~crowded)):
        members = turns.order[inside[turns.order]].tolist()
        found += [sorted(members[first : first + size]) for first in range(0, len(members), size)]
    return found


def _owners(groups: Sequence[Sequence[int]]) -> Ints:
    owner = np.empty(sum(map(len, groups)), dtype=np.int64)
    for number, members in enumerate(groups):
        owner[list(members)] = number
    return owner
