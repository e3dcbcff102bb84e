"""Wires only: model and scenario in, plans, comparisons and sweeps out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cutwise.analyses.comparison import comparison_table, outcome_of
from cutwise.analyses.sweeps import read_sweep_file, sweep_rows
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.planning.answer.evidence import with_evidence
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES, Scheme, rival_names
from cutwise.schemes.options import scheme_with
from cutwise.simulation.engine import simulate as played
from cutwise.simulation.round_tasks import phased_round
from cutwise.simulation.trace import Trace
from cutwise.simulation.turns import planned_turns

if TYPE_CHECKING:
    import pandas


def plan(
    graph: ModelGraph, scenario: Scenario | None = None, scheme: str = DEFAULT_SCHEME, **options: Any
) -> Plan:
    """The plan of one scheme; a scheme's own options are keywords.

    Raises `UnknownNameError` for a scheme that is not registered, `ScenarioError` for options or a
    scenario that do not fit, `SolverError` where the scheme cannot answer.
    """
    problem = build_problem(graph, scenario or Scenario())
    return _planned(problem, scheme_with(scheme, options))


def _planned(problem: SplitProblem, scheme: Scheme) -> Plan:
    return with_evidence(problem, scheme.solve(problem), scheme.learning)


def compare(
    graph: ModelGraph, scenario: Scenario | None = None, schemes: Sequence[str] | None = None
) -> pandas.DataFrame:
    """One row a scheme on the same scenario, every baseline computed anew; all schemes unless some are named.

    Rows keep the order of `schemes`; `place` ranks valid ones by their delay per pass over all data. A scheme
    that cannot answer (brute force on a large model) has the status "unsolved" and says why.
    """
    problem = build_problem(graph, scenario or Scenario())
    return comparison_table([outcome_of(problem, name) for name in schemes or tuple(SCHEMES)])


def simulate(graph: ModelGraph, scenario: Scenario | None, plan: Plan) -> Trace:
    """One round of `plan` played task by task; without contention it ends when the plan says."""
    return played_round(build_problem(graph, scenario or Scenario()), plan)


def played_round(problem: SplitProblem, plan: Plan) -> Trace:
    """`simulate` for a problem that is built already."""
    turns, parts = planned_turns(problem, plan), problem.micro_batches
    return played(phased_round(turns, plan.phases, server=plan.server_policy, micro_batches=parts))


def sweep(
    graph: ModelGraph,
    scenario: Scenario | None = None,
    *,
    over: Mapping[str, Sequence[Any]],
    scheme: str = DEFAULT_SCHEME,
    schemes: Sequence[str] | None = None,
    zip: bool = False,
) -> pandas.DataFrame:
    """One row a scenario: the swept paths, `scheme`, `status`, `delay_s`, `energy_j` and `cut`.

    Several paths form a grid, the last fastest; `zip=True` pairs them. Plans are not certified.
    """
    return sweep_rows(graph, scenario or Scenario(), over=over, schemes=schemes or [scheme], zip=zip)


def sweep_file(path: str) -> pandas.DataFrame:
    """The rows of the sweep that a TOML file describes."""
    spec = read_sweep_file(path)
    graph = load_model(spec.model)
    return sweep_rows(graph, spec.scenario, over=spec.over, schemes=spec.schemes, zip=spec.zip)


def best_baseline(graph: ModelGraph, scenario: Scenario | None = None) -> Plan | None:
    """The valid baseline with the least objective, or None where every baseline breaks a rule.

    Trying every split is no rival but a proof, and left out.
    """
    problem = build_problem(graph, scenario or Scenario())
    plans = [_planned(problem, SCHEMES[name]()) for name in rival_names()]
    valid = [found for found in plans if found.status != "infeasible"]
    return min(valid, key=lambda found: found.report.value, default=None)
