"""Every cut of one device in many worlds: what it scores there, and whether it keeps the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows, row_settings
from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.planning.one_device.cut_table import table_of
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.problem.split_problem import build_problem
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.question import shown_scheme
from cutwise.scenario.changes import changed
from cutwise.schemes.base import SCHEMES


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WorldScores(Frozen):
    """Cuts of one device: `masks` (cuts, ops) with their names, and arrays (cuts, worlds)."""

    masks: Mask
    labels: tuple[str, ...]
    delay_s: Floats
    energy_j: Floats
    scores: Floats
    kept: Mask


def world_scores(asked: AskedRows, device: int, columns: Mapping[str, Floats]) -> WorldScores:
    """The cuts that can be best for the device in any of the worlds, each in all of them."""
    question = asked.question
    rows = [changed(question.scenario, setting) for setting in row_settings(columns)]
    problems = [build_problem(question.graph, one) for one in rows]
    count = problems[0].device_count
    active = count if SCHEMES[shown_scheme(question)].round_of.parallel else 1
    conditions = [one.conditions(active=active) for one in problems]
    merged = stacked_problem(problems)
    score = score_of(merged.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    table = table_of(merged, stacked_conditions(conditions, count), score, clients=active, common=True)
    own = slice(device, None, count)
    return WorldScores(
        masks=table.groups[0].masks,
        labels=tuple(labels_of(problems[0], table.groups[0].masks)),
        delay_s=table.delays_s[own].T,
        energy_j=table.energies_j[own].T,
        scores=table.raw_scores[own].T,
        kept=(table.excess[own] <= 0).T,
    )
