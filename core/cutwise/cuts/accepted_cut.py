"""The cheapest cut that somebody accepts: what no program over sums can say, such as a peak of memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.cuts.integer_program import CutProgram
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

Accepts = Callable[[Mask], bool]
TRIES = 16
"""Cuts that are offered, cheapest first, before a search for one that is accepted ends open."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Accepted(Frozen):
    """The cheapest accepted answer of a program, None where there is none or the search `ended` before one.

    No accepted answer costs less than `bound`, which is infinite where there is none.
    """

    mask: Mask | None
    bound: float
    ended: bool


def first_accepted(
    program: CutProgram, accepts: Accepts, *, within: str, time_limit_s: float, tries: int = TRIES
) -> Accepted:
    """The answers of the program, cheapest first, until one is accepted; the others are excluded.

    The program must be a relaxation: every accepted cut is an answer of it, at its own price.
    """
    bound, until = -math.inf, time.perf_counter() + time_limit_s
    for _ in range(tries):
        try:
            left_s = max(until - time.perf_counter(), 0.01)
            mask, proven = program.solve(within=within, time_limit_s=left_s)
        except SolverError:
            break
        if mask is None:
            return Accepted(mask=None, bound=math.inf, ended=True)
        bound = max(bound, proven)
        if accepts(mask):
            return Accepted(mask=mask, bound=bound, ended=True)
        program.exclude(mask)
    return Accepted(mask=None, bound=bound, ended=False)


def first_accepted_of(values: Floats, accepts: Callable[[int], bool]) -> tuple[int | None, float]:
    """The position of the least of `values` (cuts,) that is accepted, and it; (None, inf) where none is.

    Infinite values are not offered.

    >>> first_accepted_of(np.array([1.0, 3.0, 2.0]), lambda at: at == 1)
    (1, 3.0)
    """
    order = np.argsort(values, kind="stable")[: np.count_nonzero(np.isfinite(values))]
    for at in order.tolist():
        if accepts(at):
            return at, float(values[at])
    return None, math.inf
