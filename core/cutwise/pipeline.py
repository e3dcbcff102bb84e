"""Wires only: model and scenario in; plans, played rounds and what analyses find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cutwise.analyses import ANALYSES, Record, analysis_with
from cutwise.analyses.comparison import CompareAnalysis
from cutwise.analyses.sweep_file import read_sweep_file
from cutwise.analyses.sweeps import SweepAnalysis, SweptScenarios
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import UnknownNameError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.options import option_hints
from cutwise.planning.whole_round.best_modes import in_modes_of
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.problem.stated_workload import default_scenario
from cutwise.question import Question, baseline_plan, shown_plan
from cutwise.scenario.parts import Scenario
from cutwise.simulation.engine import simulate as played
from cutwise.simulation.round_tasks import phased_tasks
from cutwise.simulation.trace import Trace
from cutwise.simulation.turns import planned_turns

if TYPE_CHECKING:
    import pandas


def plan(
    graph: ModelGraph, scenario: Scenario | None = None, scheme: str = DEFAULT_SCHEME, **options: Any
) -> Plan:
    """The plan of one scheme; a scheme's own options are keywords.

    Without a scenario it is for the default cell, with number formats and adapters as the model's file says.
    Raises `UnknownNameError` for a scheme that is not registered, `ScenarioError` for options or a
    scenario that do not fit, `SolverError` where the scheme cannot answer.
    """
    return shown_plan(
        Question(graph=graph, scenario=scenario or default_scenario(graph), scheme=scheme, options=options)
    )


def analyse(
    graph: ModelGraph,
    scenario: Scenario | None = None,
    analysis: str = "explain",
    *,
    scheme: str = DEFAULT_SCHEME,
    cut: str = "",
    **options: Any,
) -> Record:
    """What one analysis finds; options of the analysis and of the scheme are keywords.

    `cut` pins one cut for every device. Raises `UnknownNameError` for an analysis, scheme or option that does
    not exist, `ScenarioError` for values that do not fit.
    """
    own = option_hints(ANALYSES[analysis])
    rest = {name: value for name, value in options.items() if name not in own}
    if rest and not ANALYSES[analysis].of_plan:
        raise UnknownNameError(f"option of {analysis}", next(iter(rest)), own)
    asked = Question(
        graph=graph, scenario=scenario or default_scenario(graph), scheme=scheme, options=rest, cut=cut
    )
    return analysis_with(analysis, {k: v for k, v in options.items() if k in own}).run(asked)


def compare(
    graph: ModelGraph, scenario: Scenario | None = None, schemes: Sequence[str] | None = None
) -> pandas.DataFrame:
    """One row a scheme on the same scenario, every baseline computed anew; all schemes unless some are named.

    Rows keep the order of `schemes`; `place` ranks valid ones by their delay per pass over all data. A scheme
    that cannot answer (brute force on a large model) has the status "unsolved" and says why.
    """
    asked = Question(graph=graph, scenario=scenario or default_scenario(graph))
    return CompareAnalysis(schemes=tuple(schemes or ())).run(asked).to_frame()


def simulate(graph: ModelGraph, scenario: Scenario | None, plan: Plan) -> Trace:
    """One round of `plan` played task by task; without contention it ends when the plan says."""
    problem = build_problem(graph, scenario or default_scenario(graph))
    return played_round(in_modes_of(problem, plan), plan)


def played_round(problem: SplitProblem, plan: Plan) -> Trace:
    """`simulate` for a problem that is built already."""
    turns, parts = planned_turns(problem, plan), problem.micro_batches
    return played(phased_tasks(turns, plan.phases, server=plan.server_policy, micro_batches=parts))


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
    asked = Question(graph=graph, scenario=scenario or default_scenario(graph), scheme=scheme)
    return SweepAnalysis(over=over, schemes=tuple(schemes or ()), zip=zip).run(asked).to_frame()


def sweep_file(path: str) -> SweptScenarios:
    """What comes of the sweep that a TOML file describes."""
    spec = read_sweep_file(path)
    asked = Question(graph=load_model(spec.model), scenario=spec.scenario)
    return SweepAnalysis(over=spec.over, schemes=spec.schemes, zip=spec.zip).run(asked)


def best_baseline(graph: ModelGraph, scenario: Scenario | None = None) -> Plan | None:
    """The valid baseline with the least objective, or None where every baseline breaks a rule."""
    return baseline_plan(Question(graph=graph, scenario=scenario or default_scenario(graph)))
