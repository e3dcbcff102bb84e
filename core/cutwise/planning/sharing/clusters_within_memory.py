"""Clusters whose members are chosen together with their cuts, where the server cannot hold them otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Spread
from cutwise.planning.sharing.device_groups import Arrangement, CutChoice
from cutwise.planning.sharing.within_memory import (
    Parts,
    coupled_table,
    cuts_of,
    instead_of,
    options_of,
    terms_of,
)
from cutwise.plans.rounds import clustered_round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.groups.clustering import sizes_of
from cutwise.solvers.groups.held_clusters import clusters_within


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ClustersWithinMemory(Frozen):
    """As many clusters as asked for, chosen with their cuts where the server or a deadline couples them.

    `large` and `small` are what devices meet in a larger and in a smaller cluster.
    """

    problem: SplitProblem
    large: Conditions
    small: Conditions
    clusters: int
    choice: CutChoice

    def instead_of(self, made: Arrangement, *, follows_rule: bool, effort: float) -> Arrangement:
        """The arrangement itself where everybody's own best cuts fit it, else the best clusters that fit.

        With `follows_rule` also where any cuts fit it.
        """
        size = sizes_of(self.problem.device_count, self.clusters)[0]
        table = coupled_table(self.problem, made.conditions, self.choice, size)
        if table is None:
            return made
        return instead_of(
            self.problem,
            table,
            made,
            lambda spread: self._parts(made, spread, effort),
            follows_rule=follows_rule,
        )

    def _parts(self, made: Arrangement, spread: Spread, effort: float) -> Parts:
        problem, sizes = self.problem, sizes_of(self.problem.device_count, self.clusters)
        pairs = ((self.large, sizes[0]), (self.small, sizes[-1]))
        options, shared = options_of(problem, [cuts_of(problem, one, size) for one, size in pairs])
        terms, joule = terms_of(problem, shared, spread)
        large, small = (one.priced(joule) for one in options)
        phases = sorted(made.round_of.of(problem.device_count), key=len, reverse=True)
        start = np.zeros(problem.device_count, dtype=np.int64)
        for number, groups in enumerate(phases):
            start[[device for group in groups for device in group]] = number
        found = clusters_within((large, small), terms, self.clusters, starts=[start], effort=effort)
        owner = found.owner if found.found else start
        clusters = [np.flatnonzero(owner == part).tolist() for part in range(self.clusters)]
        active = np.array([len(clusters[part]) for part in owner.tolist()], dtype=float)
        return Parts(
            round_of=clustered_round(clusters, rule=made.round_of.rule),
            conditions=problem.conditions(active=active) if len(set(sizes)) > 1 else self.large,
            value=found.value,
            bound=found.bound,
        )
