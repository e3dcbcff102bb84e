"""What a scheme answers in every row of swept numbers, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.columns.device_rows import NotInColumnsError
from cutwise.columns.rounds.fleet_rows import RoundRows, round_rows
from cutwise.columns.swept_paths import Columns, checked_column
from cutwise.errors import ScenarioError, SolverError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.whole_round.best_modes import asks_modes
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES, answered, given_cut, has_given_cut
from cutwise.schemes.options import scheme_with

STATUSES = ("optimal", "feasible", "infeasible", "unsolved")
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowAnswers(Frozen):
    """Delay and energy of every row (rows,), its status as a place in `STATUSES`, its cut as one in `labels`.

    Of a row that a scheme cannot answer delay and energy are not numbers, and the label says why.
    """

    delay_s: Floats
    energy_j: Floats
    status: Ints
    cut: Ints
    labels: tuple[str, ...]

    @property
    def status_names(self) -> tuple[str, ...]:
        """What the statuses are called."""
        return STATUSES


def answers_of_rows(
    graph: ModelGraph,
    scenario: Scenario,
    columns: Mapping[str, Any],
    *,
    scheme: str,
    options: Mapping[str, Any] = NO_OPTIONS,
    note: Callable[[int], None] = lambda rows: None,
) -> RowAnswers:
    """The plan of every row of numeric columns (rows,), cuts chosen anew in each; equal to `plan` row by row.

    Rows that cannot be taken as columns are planned one by one. `note` is told of rows that are done.
    Raises `ScenarioError` for a column that its field does not take.

    >>> import cutwise
    >>> from cutwise.scenario.parts import Scenario
    >>> vgg = cutwise.load_model("sample:vgg16")
    >>> found = answers_of_rows(vgg, Scenario(), {"channel.uplink_bps": [1e6, 1e9]}, scheme="fast_split")
    >>> [found.labels[at] for at in found.cut]
    ['after features/5/pool', 'after features/3/pool']
    """
    checked = {path: checked_column(scenario, path, values) for path, values in columns.items()}
    lengths = {len(column) for column in checked.values()} or {1}
    if len(lengths) > 1:
        raise ScenarioError([f"columns have one length, these have {sorted(lengths)}"])
    count = lengths.pop()
    if not count:
        return _nothing()
    if goes_in_columns(scenario, checked, scheme, options):
        try:
            return _in_columns(graph, scenario, checked, scheme, options, count, note)
        except NotInColumnsError:
            pass
    return _one_by_one(graph, scenario, checked, scheme, options, np.arange(count), note)


def goes_in_columns(scenario: Scenario, columns: Columns, scheme: str, options: Mapping[str, Any]) -> bool:
    """True where each device's cut is given or its own best, under shares that are given or end first."""
    found, sharing = SCHEMES[scheme], scenario.sharing
    if columns:
        scenario = changed(scenario, {path: column[0].item() for path, column in columns.items()})
    alone = found.separable and not is_coupled(scenario, found.round_of)
    if set(options) - {"certify"} or not (alone or has_given_cut(scheme)) or asks_modes(scenario):
        return False
    if not found.round_of.parallel:
        return True
    capped = sharing.bandwidth == "optimised" and scenario.limits.device_energy_j is not None
    return not (capped or sharing.server == "queue")


def _in_columns(
    graph: ModelGraph,
    scenario: Scenario,
    columns: Columns,
    scheme: str,
    options: Mapping[str, Any],
    count: int,
    note: Callable[[int], None],
) -> RowAnswers:
    first = changed(scenario, {path: column[0].item() for path, column in columns.items()})
    problem = build_problem(graph, first)
    asked = scheme_with(scheme, options)
    cut = given_cut(problem, asked)
    rounds: RoundRows = round_rows(problem, scenario, columns, asked.round_of, count=count, cut=cut)
    good = "optimal" if rounds.proven else "feasible"
    status = np.where(rounds.broken, STATUSES.index("infeasible"), STATUSES.index(good))
    found = RowAnswers(
        delay_s=rounds.delay_s, energy_j=rounds.energy_j, status=status, cut=rounds.cuts, labels=rounds.labels
    )
    left = np.flatnonzero(rounds.left)
    note(count - len(left))
    if not len(left):
        return found
    return _replaced(found, left, _one_by_one(graph, scenario, columns, scheme, options, left, note))


def _replaced(found: RowAnswers, rows: Ints, other: RowAnswers) -> RowAnswers:
    """The answers with those of some rows in their place."""
    labels = dict.fromkeys((*found.labels, *other.labels))
    place = {label: at for at, label in enumerate(labels)}
    moved = np.array([place[label] for label in other.labels], dtype=np.int64)
    delay_s, energy_j = found.delay_s.copy(), found.energy_j.copy()
    status, cut = found.status.copy(), found.cut.copy()
    delay_s[rows], energy_j[rows], status[rows], cut[rows] = (
        other.delay_s,
        other.energy_j,
        other.status,
        moved[other.cut],
    )
    return RowAnswers(delay_s=delay_s, energy_j=energy_j, status=status, cut=cut, labels=tuple(labels))


def _one_by_one(
    graph: ModelGraph,
    scenario: Scenario,
    columns: Columns,
    scheme: str,
    options: Mapping[str, Any],
    rows: Ints,
    note: Callable[[int], None],
) -> RowAnswers:
    labels: dict[str, int] = {}
    table = np.empty((4, len(rows)))
    asked = scheme_with(scheme, options)
    for place, row in enumerate(rows.tolist()):
        own = changed(scenario, {path: column[row].item() for path, column in columns.items()})
        try:
            found = answered(build_problem(graph, own), asked)
        except SolverError as error:
            said = ("unsolved", np.nan, np.nan, str(error))
        else:
            label = " | ".join(dict.fromkeys(decision.cut.label for decision in found.decisions))
            said = (found.status, found.delay_s, found.energy_j, label)
        code = labels.setdefault(said[3], len(labels))
        table[:, place] = said[1], said[2], STATUSES.index(said[0]), code
        note(1)
    return RowAnswers(
        delay_s=table[0],
        energy_j=table[1],
        status=table[2].astype(np.int64),
        cut=table[3].astype(np.int64),
        labels=tuple(labels),
    )


def _nothing() -> RowAnswers:
    none, codes = np.zeros(0), np.zeros(0, dtype=np.int64)
    return RowAnswers(delay_s=none, energy_j=none, status=codes, cut=codes, labels=())
