"""The best cut device–server–device of any graph as an integer program, two free binaries an op."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Mask
from cutwise.cuts.accepted_cut import Accepted, Accepts, first_accepted
from cutwise.cuts.cut_under_limits import add_limit
from cutwise.cuts.integer_program import (
    OBJECTIVE_BITS,
    CutProgram,
    Rounding,
    exponent_of,
    model_of,
    rounding_error,
    scaled,
    searched,
    total_of,
    weighted,
)
from cutwise.cuts.tiers.tier_labels import LabelCap, level_units
from cutwise.cuts.u_shape.flow import u_shape_of
from cutwise.cuts.u_shape.u_shape_numbers import BOTTOM, SERVER, UShapeProblem, forced_top, u_shape_cost

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def search(
    problem: UShapeProblem, caps: Sequence[LabelCap], time_limit_s: float
) -> tuple[Mask | None, float, float]:
    """The best ops on the server (n,) that keep the caps, what none are below, and that bound's error.

    None where no U shape keeps the caps.
    """
    least = np.minimum(problem.device_costs, problem.server_costs)
    constant = math.fsum(least.tolist())
    beyond = replace(
        problem, device_costs=problem.device_costs - least, server_costs=problem.server_costs - least
    )

    def cost(mask: Mask) -> float:
        labels = u_shape_of(problem, mask)
        return math.inf if labels is None else u_shape_cost(beyond, labels)

    on_server, bound, error = searched(
        lambda rounded, *, known: _program(beyond, caps, rounded, known),
        lambda mask: _keeps(caps, mask),
        cost,
        within=_named(caps),
        time_limit_s=time_limit_s,
    )
    return on_server, bound + constant, error


def search_accepted(
    problem: UShapeProblem, caps: Sequence[LabelCap], accepts: Accepts, time_limit_s: float
) -> tuple[Accepted, float]:
    """The best of those that are accepted, and the error of their bound."""
    program = _program(problem, caps, np.floor, math.inf)
    found = first_accepted(
        program,
        lambda mask: _keeps(caps, mask) and accepts(mask),
        within=_named(caps),
        time_limit_s=time_limit_s,
    )
    return found, program.error


def _keeps(caps: Sequence[LabelCap], on_server: Mask) -> bool:
    return all(cap.keeps(np.where(on_server, SERVER, BOTTOM)) for cap in caps)


def _named(caps: Sequence[LabelCap]) -> str:
    return ", ".join(cap.name for cap in caps) or "the pins"


def _program(problem: UShapeProblem, caps: Sequence[LabelCap], rounded: Rounding, known: float) -> CutProgram:
    """The program without what alone costs over `known`.

    An op is in the bottom in level 0, in the bottom or on the server in level 1.

    As labels never fall, an op with a reader on the server is there or in the bottom: what crosses is
    told by who is on the server, as in a minimum cut, which gives the program a strong relaxation.
    """
    units = level_units(problem.untied, 2)
    model, variables = model_of(units)
    for cap in caps:
        add_limit(model, units, variables, cap.limit(rounded), rounded)
    below_top, bottom = ([variables[i] for i in row] for row in units.unit_of.reshape(2, -1).tolist())
    for op in np.flatnonzero(forced_top(problem)).tolist():
        model.add(below_top[op] == 0)
    on_server = [model.new_bool_var("") for _ in bottom]
    for op, inside in enumerate(on_server):
        model.add_exactly_one(bottom[op], inside, below_top[op].negated())
    for first, *others in problem.graph.ties:
        for op in others:
            model.add(on_server[op] == on_server[first])
    priced: list[Any] = [
        *on_server,
        *(unit.negated() for unit in on_server),
        *_sent(model, problem, on_server),
    ]
    costs = np.concatenate([problem.server_costs, problem.device_costs, problem.up_costs, problem.down_costs])
    for number in np.flatnonzero(costs > known).tolist():
        model.add(priced[number] == 0)
    costs = np.where(costs > known, 0.0, costs)
    exponent = exponent_of(total_of([costs]), OBJECTIVE_BITS)
    model.minimize(weighted(scaled(costs, exponent, np.floor), priced))
    return CutProgram(
        model=model,
        units=[variables[0], *on_server],
        unit_of=np.arange(1, len(on_server) + 1),
        exponent=exponent,
        error=rounding_error([costs], exponent),
    )


def _sent(
    model: cp_model.CpModel, problem: UShapeProblem, on_server: Sequence[cp_model.IntVar]
) -> list[cp_model.IntVar]:
    """Variables (2 n) that are true at least where an op's output is sent up, then where it is sent down."""
    ops = problem.graph.op_count
    sent = [model.new_bool_var("") for _ in range(2 * ops)]
    edges: list[list[int]] = problem.graph.edges.tolist()
    for op, reader in edges:
        model.add_bool_or(sent[op], on_server[reader].negated(), on_server[op])
        model.add_bool_or(sent[ops + op], on_server[op].negated(), on_server[reader])
    return sent
