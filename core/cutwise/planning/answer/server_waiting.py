"""How long each device of a plan waits for a server that takes mini-batches first come, first served."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import SolverError
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import phased_tasks
from cutwise.simulation.turns import planned_turns

MOST_ITERATIONS = 200_000
"""Iterations of all devices together, five tasks each; a round of so many is played in a few seconds."""


def waits_s(problem: SplitProblem, plan: Plan) -> Floats:
    """Seconds that each device waits in a round of `plan` played with a queue, shape (devices,).

    Raises `SolverError` for a round of too many iterations.
    """
    check_length(problem)
    turns = planned_turns(problem, plan)
    parts = problem.micro_batches
    trace = simulate(phased_tasks(turns, plan.phases, server="queue", micro_batches=parts))
    own = trace.tasks.device >= 0
    device = trace.tasks.device[own]
    begins_s, ends_s = np.full(len(turns), np.inf), np.zeros(len(turns))
    np.minimum.at(begins_s, device, trace.start_s[own])
    np.maximum.at(ends_s, device, trace.finish_s[own])
    alone_s = np.array([stage.delay_s - stage.waiting_s for stage in plan.stages])
    return np.maximum(ends_s - begins_s - alone_s, 0.0)


def check_length(problem: SplitProblem) -> None:
    """Raises `SolverError` where a round has too many iterations to be played."""
    iterations = int(problem.iterations.sum())
    if iterations > MOST_ITERATIONS:
        raise SolverError(
            f"{iterations:,} iterations a round are too many to play the server's queue for every cut; "
            f"use local_iterations or larger batches (at most {MOST_ITERATIONS:,}), or another sharing of "
            "the server"
        )
