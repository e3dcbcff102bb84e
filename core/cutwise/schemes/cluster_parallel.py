"""Cluster-based parallel split learning (CPSL): clusters in turn, the devices of a cluster at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Ints
from cutwise.frozen import FrozenDict
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
RULE = "One round serves every device once: clusters in turn, the devices of a cluster at the same time."


@SCHEMES.named("cluster_parallel")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterParallel:
    """Cluster-based parallel split learning: clusters in turn, the devices of a cluster at once."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
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
        device of a cluster; CPSL itself, with one for all, needs less.
        """
        choice = CutChoice(cut=self.cut, common_cut=self.common_cut, certify=self.certify)
        counts = counts_of(self.clusters, problem.device_count)
        divisions = [_division(problem, count, self.clustering, choice) for count in counts]
        return best_division(problem, divisions, choice)


def _division(problem: SplitProblem, count: int, clustering: str, choice: CutChoice) -> Division:
    """The prospect of `count` clusters."""
    devices = problem.device_count
    if count in (1, devices):
        round_of = AT_ONCE if count == 1 < devices else IN_TURN
        return undivided(problem, scheme="cluster_parallel", round_of=round_of, choice=choice)
    sizes = sizes_of(devices, count)
    large = own_turns(problem, problem.conditions(active=sizes[0]), choice)
    same = sizes[0] == sizes[-1]
    # in a smaller cluster everybody has a larger share
    small = large if same else own_turns(problem, problem.conditions(active=sizes[-1]), choice)
    lower_bound = _promise(problem, large, small, count)

    def arranged() -> Arrangement:
        clusters = _clusters(problem, large, small, count, clustering)
        size = np.empty(devices)
        for cluster in clusters:
            size[list(cluster)] = len(cluster)
        return Arrangement(
            round_of=clustered_round(clusters, rule=RULE),
            conditions=problem.conditions(active=sizes[0] if same else size),
            bound=lower_bound,
            method=f"{count} clusters ({clustering})",
        )

    return Division(
        lower_bound=lower_bound,
        complete=large.complete and small.complete,
        arranged=arranged,
        planned=plan_with(problem, scheme="cluster_parallel", choice=choice),
    )


def _promise(problem: SplitProblem, large: OwnTurns, small: OwnTurns, count: int) -> float:
    """What no clusters of these sizes can beat; an estimate under a weighted objective."""
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
    if clustering == "similar":
        loads = large.delays_s[order], np.minimum(large.delays_s, small.delays_s)[order]
        found = alike_clusters(*loads, count).clusters
    else:
        owner = CLUSTERINGS[clustering](problem, large, count)
        found = tuple(tuple(np.flatnonzero(owner == cluster)) for cluster in range(count))
    return [sorted(order[list(cluster)].tolist()) for cluster in found]


def _owners(groups: Sequence[Sequence[int]]) -> Ints:
    owner = np.empty(sum(map(len, groups)), dtype=np.int64)
    for number, members in enumerate(groups):
        owner[list(members)] = number
    return owner
