"""Cuts as integer programs for CP-SAT: units as variables, weights scaled to integers, the search itself."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.cp_sat import steady_solver
from cutwise.cuts.pool.contraction import Units
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import CLOSED_GAP

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

OBJECTIVE_BITS = 52
"""So many that a solver's bound, which is a float64, is exact."""
REFUSALS, SCALES = 16, 8

Status = Literal["optimal", "feasible", "infeasible"]
Rounding = Callable[[Floats], Floats]


class CutPrograms(Protocol):
    """Gives the program with its limits `rounded`, of answers that cost no more than is `known`."""

    def __call__(self, rounded: Rounding, *, known: float) -> CutProgram:
        """The program."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class CutProgram(Frozen):
    """An integer program whose variables `units` say where each op (n,) is, as `unit_of` (n,) tells.

    `exponent` is the power of two that scales its objective; rounding down to integers took at most
    `error` from the cost of any answer.
    """

    model: cp_model.CpModel
    units: Sequence[cp_model.IntVar]
    unit_of: Ints
    exponent: int
    error: float

    def solve(self, *, within: str, time_limit_s: float) -> tuple[Mask | None, float]:
        """The best mask (n,) and the proven bound; (None, inf) when there is none.

        Raises `SolverError`, naming what the answer had to keep `within`, when the time ends before any
        answer was found.
        """
        from ortools.sat.python import cp_model

        solver = steady_solver()
        solver.parameters.random_seed = 0
        solver.parameters.max_time_in_seconds = time_limit_s
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return None, math.inf
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise SolverError(
                f"no split within {within} was found in {time_limit_s} s ({solver.status_name(status)}); "
                "allow more time"
            )
        chosen = np.array([bool(solver.value(unit)) for unit in self.units])
        return chosen[self.unit_of], math.ldexp(solver.best_objective_bound, -self.exponent)

    def exclude(self, mask: Mask) -> None:
        """Forbids exactly the answer `mask` (n,); the first unit is true even where it holds no op."""
        chosen: Mask = np.arange(len(self.units)) == 0
        chosen[self.unit_of] |= mask
        self.model.add_bool_or(
            unit.negated() if on else unit for unit, on in zip(self.units, chosen.tolist(), strict=True)
        )


def searched(
    program_of: CutPrograms,
    fits: Callable[[Mask], bool],
    cost_of: Callable[[Mask], float],
    *,
    within: str,
    time_limit_s: float,
) -> tuple[Mask | None, float, float]:
    """The best mask that `fits`, what no such mask is below, and what rounding may have taken from that.

    `program_of` gives a program of answers that cost no more than a number. Where integers are too coarse
    to tell the answer's cost from its bound, they are scaled by that cost instead of by all weights.
    """
    best, least, bound, error = None, math.inf, -math.inf, 0.0
    for _ in range(SCALES):
        known = least
        mask, proven, error = _refused_until_fit(
            functools.partial(program_of, known=known),
            fits,
            within=within,
            time_limit_s=time_limit_s,
        )
        if mask is None:
            return best, min(proven, known) if best is None else max(bound, min(proven, known)), error
        bound, cost = max(bound, min(proven, known)), cost_of(mask)
        if cost < least:
            best, least = mask, cost
        if least - bound <= 0.5 * CLOSED_GAP * abs(least) or least - bound > error or not least < known:
            break
    return best, bound, error


def _refused_until_fit(
    program_of: Callable[[Rounding], CutProgram],
    fits: Callable[[Mask], bool],
    *,
    within: str,
    time_limit_s: float,
) -> tuple[Mask | None, float, float]:
    """The best mask of one scale that `fits`, what no such mask is below, and the error of that bound.

    `program_of` gives the program with its limits rounded down, so that no answer is lost, or up. An
    answer that does not fit in float64 is excluded and the search repeated; after 16 such answers
    limits are rounded up.
    """
    bound, error = -math.inf, 0.0
    for rounded in (np.floor, np.ceil):
        program = program_of(rounded)
        error = max(error, program.error)
        for _ in range(REFUSALS):
            mask, proven = program.solve(within=within, time_limit_s=time_limit_s)
            bound = max(bound, proven) if rounded is np.floor else bound
            if mask is None or fits(mask):
                return mask, bound, error
            program.exclude(mask)
    return None, bound, error


def status_of(value: float, bound: float, error: float = 0.0) -> Status:
    """ "optimal" when value and bound agree to a relative 1e-9, or to the `error` of the bound."""
    if value == math.inf:
        return "infeasible"
    closed = CLOSED_GAP * max(abs(value), abs(bound)) + error
    return "optimal" if value - bound <= closed else "feasible"


def model_of(units: Units) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """A model with one variable a unit: the root is on the device, and so is what a unit there needs."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    variables = [model.new_bool_var("") for _ in range(units.count)]
    model.add(variables[0] == 1)
    arcs: list[list[int]] = units.arcs.tolist()
    for producer, reader in arcs:
        model.add_implication(variables[reader], variables[producer])
    return model, variables


def scaled(weights: Floats, exponent: int, rounded: Rounding) -> Ints:
    """Integer weights: times 2 ** `exponent`, rounded."""
    return rounded(np.ldexp(weights, exponent)).astype(np.int64)


def weighted(weights: Ints, variables: Sequence[cp_model.IntVar]) -> cp_model.LinearExpr:
    """Sum of the variables times their weights."""
    from ortools.sat.python import cp_model

    used = np.flatnonzero(weights).tolist()
    return cp_model.LinearExpr.weighted_sum([variables[i] for i in used], weights[used].tolist())


def total_of(weights: Sequence[Floats]) -> float:
    """Sum of all magnitudes."""
    return math.fsum(abs(number) for weight in weights for number in weight.tolist())


def exponent_of(total: float, bits: int) -> int:
    """The power of two that scales weights to a sum below 2 ** bits."""
    return bits - math.frexp(total)[1] if total > 0 else 0


def rounding_error(weights: Sequence[Floats], exponent: int) -> float:
    """How much the sum of any of the weights falls when each is rounded down at scale 2 ** `exponent`."""
    terms = sum(np.count_nonzero(weight) for weight in weights)
    return math.ldexp(float(terms), -exponent)
