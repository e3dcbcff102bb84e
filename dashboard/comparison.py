"""Several schemes on one scenario, as the Schemes page shows and exports them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cutwise.analyses.comparison import Outcome, best_of, comparison_table, places
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES, rival_names
from cutwise_dashboard import cached
from cutwise_dashboard.session import Selection

MOST_OPS_TRIED = 120
"""Models up to this size are tried split by split without being asked to."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Comparison:
    """What was compared and what came out; `outcomes` and the rows of `table` keep the order of choice."""

    name: str
    choice: Selection
    problem: SplitProblem
    outcomes: tuple[Outcome, ...]
    table: pd.DataFrame

    @classmethod
    def of(
        cls, graph: ModelGraph, scenario: Scenario, choice: Selection, schemes: Sequence[str]
    ) -> Comparison:
        """Compares; raises `CutwiseError` where the scenario does not fit the model."""
        problem = build_problem(graph, scenario)
        outcomes = tuple(cached.outcome(graph, scenario, name) for name in schemes)
        return cls(
            name=graph.name,
            choice=choice,
            problem=problem,
            outcomes=outcomes,
            table=comparison_table(outcomes),
        )

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans by scheme."""
        return {found.scheme: found for found in self.outcomes if isinstance(found, Plan)}

    @property
    def best(self) -> Plan | None:
        """The valid plan that passes over all data first."""
        return best_of(self.outcomes)

    @property
    def best_baseline(self) -> Plan | None:
        """The same among baselines that are rivals."""
        return best_of([found for found in self.outcomes if found.scheme in rival_names()])

    @property
    def ordered(self) -> tuple[Plan, ...]:
        """The plans by place, schemes before baselines; those that break a rule after them, by delay."""
        place = dict(zip((found.scheme for found in self.outcomes), places(self.outcomes), strict=True))

        def key(plan: Plan) -> tuple[float, float, bool]:
            rank = place[plan.scheme]
            if rank is None:
                return math.inf, plan.delay_per_data_pass_s, False
            return rank, 0.0, SCHEMES[plan.scheme].is_baseline

        return tuple(sorted(self.plans.values(), key=key))

    @property
    def sorted_table(self) -> pd.DataFrame:
        """The table with its rows in the order of `ordered`, schemes without a plan last."""
        rows = self.table.set_index("scheme", drop=False)
        names = [plan.scheme for plan in self.ordered]
        names += [found.scheme for found in self.outcomes if found.scheme not in names]
        return rows.loc[names].reset_index(drop=True)


def first_schemes(graph: ModelGraph) -> list[str]:
    """The schemes that are compared unless others are chosen: all that answer at once for this model."""
    return [name for name, scheme in SCHEMES.items() if not scheme.exhaustive or len(graph) <= MOST_OPS_TRIED]
