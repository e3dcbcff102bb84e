"""CP-SAT as it is asked everywhere here."""

from __future__ import annotations

from typing import Any


def steady_solver() -> Any:
    """A solver of OR-Tools that answers the same every time and leaves Ctrl+C to who asks.

    It would take the key for itself, and what it had found until then would pass for the answer.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False
    # OR-Tools 9.15 counts coefficients beyond 2^31 in 32 bits here and loses optima (its issue 5293).
    solver.parameters.presolve_inclusion_work_limit = 0
    return solver
