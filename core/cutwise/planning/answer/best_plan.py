"""The plan of a round whose devices share by a fixed policy: best cuts, one cut for all, or a given cut."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Mask
from cutwise.errors import UnknownNameError
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.best_round import RoundCuts, best_round
from cutwise.planning.whole_round.round_value import round_value, spread_of
from cutwise.plans.plan import Plan, Report
from cutwise.plans.rounds import Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.private_ops import with_ancestors
from cutwise.problem.split_problem import SplitProblem


def planned(
    problem: SplitProblem,
    *,
    scheme: str,
    round_of: Round,
    conditions: Conditions,
    cut: str = "",
    common_cut: bool = False,
    certify: bool = True,
) -> Plan:
    """The plan with each device's best cut, with one best cut for all, or with the cut after given ops."""
    best = best_round(problem, conditions, round_of, common_cut=common_cut, certify=certify and not cut)
    if cut:
        masks = np.tile(cut_after(problem, cut), (problem.device_count, 1))
        return fixed_plan(
            problem, scheme=scheme, round_of=round_of, conditions=conditions, masks=masks, best=best
        )
    return plan_of(
        problem,
        scheme=scheme,
        masks=best.masks,
        conditions=conditions,
        round_of=round_of,
        report=best.report(),
    )


def fixed_plan(
    problem: SplitProblem,
    *,
    scheme: str,
    round_of: Round,
    conditions: Conditions,
    masks: Mask,
    method: str = "given cut",
    best: RoundCuts | None = None,
) -> Plan:
    """The plan with given cuts, shape (devices, ops); `best` supplies the bound."""
    spread = spread_of(problem, conditions, round_of)
    listed, picks = np.unique(masks, axis=0, return_inverse=True)
    table = listed_table(problem, conditions, score_of(problem.scenario.objective, spread), listed)
    value = round_value(problem, table, picks.ravel(), round_of, spread)
    return plan_of(
        problem,
        scheme=scheme,
        masks=masks,
        conditions=conditions,
        round_of=round_of,
        report=Report.of(
            method=method, value=value, bound=None if best is None else best.bound, certificate=None
        ),
    )


def cut_after(problem: SplitProblem, names: str) -> Mask:
    """The device side that holds the named ops (comma-separated), all they depend on, and the inputs.

    Raises `UnknownNameError` for an op that the model does not have.
    """
    graph = problem.cost.graph
    mask = problem.cost.is_input.copy()
    mask[[_position(graph, name.strip()) for name in names.split(",")]] = True
    return with_ancestors(graph, mask)


def last_ops(problem: SplitProblem, mask: Mask) -> str:
    """The names that `cut_after` turns back into `mask`: device ops that no other device op reads."""
    edges = problem.cost.graph.edge_array
    read = np.zeros(len(mask), dtype=bool)
    read[edges[mask[edges[:, 1]], 0]] = True
    return ",".join(problem.cost.graph.ops[i].id for i in np.flatnonzero(mask & ~read))


def _position(graph: ModelGraph, name: str) -> int:
    if name not in graph.index:
        raise UnknownNameError("op", name, graph.index)
    return graph.index[name]
