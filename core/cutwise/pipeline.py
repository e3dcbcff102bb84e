"""Wires only: model and scenario in; plans, played rounds and what analyses find out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from cutwise.analyses import ANALYSES, Record, analysis_with
from cutwise.analyses.comparison import CompareAnalysis
from cutwise.analyses.sweeps import SweepAnalysis, SweptScenarios
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.frozen import FrozenDict
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
from cutwise.sweeping.files.arrow_tables import arrow_of, with_units
from cutwise.sweeping.rows.row_designs import DEFAULT_DESIGN, DESIGNS, PAIRED
from cutwise.sweeping.rows.swept_ranges import is_range
from cutwise.sweeping.running.sweep_progress import Tell
from cutwise.sweeping.running.sweep_runs import Foretell, WrittenSweep, written_sweep
from cutwise.sweeping.sweep_file import read_sweep_file, sweep_in
from cutwise.sweeping.swept_tables import SweptModels, swept_models
from cutwise.sweeping.whole_sweep import DEFAULT_SEED, Sweep, made_sweep

if TYPE_CHECKING:
    import pandas
    import pyarrow


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


@overload
def sweep(
    graph: ModelGraph | Sequence[ModelGraph],
    scenario: Scenario | None = None,
    *,
    over: Mapping[str, Any],
    scheme: str = ...,
    schemes: Sequence[str] | None = ...,
    zip: bool = ...,
    design: str = ...,
    rows: int | None = ...,
    seed: int = ...,
    form: Literal["pandas"] = ...,
) -> pandas.DataFrame: ...
@overload
def sweep(
    graph: ModelGraph | Sequence[ModelGraph],
    scenario: Scenario | None = None,
    *,
    over: Mapping[str, Any],
    scheme: str = ...,
    schemes: Sequence[str] | None = ...,
    zip: bool = ...,
    design: str = ...,
    rows: int | None = ...,
    seed: int = ...,
    form: Literal["arrow"],
) -> pyarrow.Table: ...
@overload
def sweep(
    graph: ModelGraph | Sequence[ModelGraph],
    scenario: Scenario | None = None,
    *,
    over: Mapping[str, Any],
    scheme: str = ...,
    schemes: Sequence[str] | None = ...,
    zip: bool = ...,
    design: str = ...,
    rows: int | None = ...,
    seed: int = ...,
    out: str | os.PathLike[str],
    part_rows: int = ...,
    workers: int = ...,
    dask: str | None = ...,
    tell: Tell | None = ...,
) -> WrittenSweep: ...
def sweep(
    graph: ModelGraph | Sequence[ModelGraph],
    scenario: Scenario | None = None,
    *,
    over: Mapping[str, Any],
    scheme: str = DEFAULT_SCHEME,
    schemes: Sequence[str] | None = None,
    zip: bool = False,
    design: str = DEFAULT_DESIGN,
    rows: int | None = None,
    seed: int = DEFAULT_SEED,
    form: Literal["pandas", "arrow"] = "pandas",
    out: str | os.PathLike[str] | None = None,
    part_rows: int = 0,
    workers: int = 0,
    dask: str | None = None,
    tell: Tell | None = None,
) -> pandas.DataFrame | pyarrow.Table | WrittenSweep:
    """One row a scenario and scheme: the swept paths, `scheme`, `status`, `delay_s`, `energy_j` and `cut`.

    `over` gives each path a list, or a range such as {"from": 1e6, "to": 1e9, "spacing": "log"}. Lists form a
    grid, the last path fastest; `design="paired"`, or `zip`, pairs them; "random" and "latin_hypercube" draw
    `rows` from what each path may be. Plans are not certified. `form="arrow"` gives an Arrow table with units
    in its schema; a DataFrame has them in `attrs`. With `out`, a name in .parquet or a folder,
    rows are written in parts, by `workers` of this machine or those of a cluster at `dask`: of any number;
    what is there already is kept, and `tell` hears how far it is.
    """
    graphs = (graph,) if isinstance(graph, ModelGraph) else tuple(graph)
    given = scenario or (default_scenario(graphs[0]) if len(graphs) == 1 else Scenario())
    named, laid_out = tuple(schemes or (scheme,)), PAIRED if zip else design
    if out is None and (workers or dask):
        raise ScenarioError(["workers: name a file or folder in out, which they write parts to"])
    if form not in FORMS:
        raise UnknownNameError("form", str(form), FORMS)
    if out is None and len(graphs) == 1 and rows is None and _is_of_lists(over, laid_out):
        asked = Question(graph=graphs[0], scenario=given, scheme=scheme)
        analysis = SweepAnalysis(over=over, schemes=tuple(schemes or ()), zip=laid_out == PAIRED)
        return FORMS[form](analysis.run(asked).to_frame())
    whole = made_sweep(
        graphs, given, over, schemes=named, design=laid_out, rows=rows, seed=seed, part_rows=part_rows
    )
    if out is None:
        return FORMS[form](swept_models(whole).to_frame())
    return written_sweep(whole, out, workers=workers, dask=dask, tell=tell)


FORMS: Mapping[str, Callable[[pandas.DataFrame], Any]] = FrozenDict({"pandas": with_units, "arrow": arrow_of})
"""What a sweep that stays in memory comes as."""


def _is_of_lists(over: Any, design: str) -> bool:
    """True where each row is as it is given, and there is nothing to draw."""
    known = design in DESIGNS and not DESIGNS[design].draws
    return known and not (isinstance(over, Mapping) and any(map(is_range, over.values())))


def sweep_file(path: str) -> SweptScenarios | SweptModels:
    """What comes of the sweep that a TOML file describes, all rows at once."""
    spec = read_sweep_file(path)
    if not spec.is_of_lists:
        return swept_models(sweep_in(spec, name=Path(path).name))
    asked = Question(graph=load_model(spec.models[0]), scenario=spec.scenario)
    return SweepAnalysis(over=spec.over, schemes=spec.schemes, zip=spec.design == PAIRED).run(asked)


def write_sweep_file(
    path: str,
    out: str,
    *,
    workers: int = 0,
    dask: str | None = None,
    foretell: Foretell | None = None,
    tell: Tell | None = None,
) -> WrittenSweep:
    """Writes the rows of the sweep that a TOML file describes to the file or folder `out`."""
    whole: Sweep = sweep_in(read_sweep_file(path), name=Path(path).name)
    return written_sweep(whole, out, workers=workers, dask=dask, foretell=foretell, tell=tell)


def best_baseline(graph: ModelGraph, scenario: Scenario | None = None) -> Plan | None:
    """The valid baseline with the least objective, or None where every baseline breaks a rule."""
    return baseline_plan(Question(graph=graph, scenario=scenario or default_scenario(graph)))
