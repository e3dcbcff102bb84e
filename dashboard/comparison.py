"""Several schemes on one scenario, as the Compare page shows and exports them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cutwise.analyses.comparison import Comparison
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.schemes import SCHEMES
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.executor import shown

MOST_OPS_TRIED = 120
"""Models up to this size are tried split by split without being asked to."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ShownComparison(Comparison):
    """A comparison with what was compared; `outcomes` and the rows of `table` keep the order of choice."""

    name: str
    stated: StatedQuestion
    problem: SplitProblem
    table: pd.DataFrame

    @classmethod
    def of(cls, graph: ModelGraph, stated: StatedQuestion, schemes: Sequence[str]) -> ShownComparison:
        """Compares; raises `CutwiseError` where the scenario does not fit the model."""
        scenario = stated.scenario
        problem = build_problem(graph, scenario)
        own = {stated.scheme: own_options(stated)}
        found = Comparison(
            outcomes=shown.outcomes(graph, scenario, {name: own.get(name, ()) for name in schemes})
        )
        return cls(
            outcomes=found.outcomes,
            name=graph.name,
            stated=stated,
            problem=problem,
            table=found.to_frame(),
        )

    @property
    def sorted_table(self) -> pd.DataFrame:
        """The table with its rows in the order of `ordered`, schemes without a plan last."""
        rows = self.table.set_index("scheme", drop=False)
        names = [plan.scheme for plan in self.ordered]
        names += [found.scheme for found in self.outcomes if found.scheme not in names]
        return rows.loc[names].reset_index(drop=True)


def own_options(stated: StatedQuestion) -> shown.Options:
    """The options of the scheme that is planned; a cut pinned on the Plan page is none of them."""
    return tuple(stated.options.items())


def first_schemes(graph: ModelGraph) -> list[str]:
    """The schemes that are compared unless others are chosen: all that answer at once for this model."""
    return [name for name, scheme in SCHEMES.items() if not scheme.exhaustive or len(graph) <= MOST_OPS_TRIED]
