"""Which cut positions of a curve keep each limit of the device, its part of the server, and its edge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cutwise.arrays import Mask
from cutwise.frozen import FrozenDict
from cutwise.planning.one_device.curve_sides import CurveSides
from cutwise.planning.one_device.cut_memory import SideMemory, swept
from cutwise.planning.one_device.device_limits import EDGE_MEMORY, device_limits
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.edge_links import budgets_of, edge_columns
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


def kept_limits(
    problem: SplitProblem, plan: Plan, device: int, sides: CurveSides, stages: StageTimes
) -> Mapping[str, Mask]:
    """Each limit by its rule, and which positions (positions,) keep it."""
    memories = swept(stages, problem.cost, sides.held, ~sides.served)
    at = np.array([device])
    excess = {
        limit.rule: limit.excess_ratio(memories, at)[0]
        for limit in device_limits(problem)
        if np.isfinite(limit.caps[at]).any()
    }
    if sides.has_edge:
        columns = edge_columns(problem.scenario.edges, problem.workload.compute)
        place = problem.scenario.edge_names.index(str(plan.decisions[device].edge))
        held = SideMemory.of(problem.cost, sides.served & ~sides.held)
        budgets = budgets_of(problem.scenario, columns)[[place]]
        excess[EDGE_MEMORY] = held.excess_ratio(columns.runtime.of(place), budgets)[0]
    count = len(sides.masks)
    return FrozenDict({rule: np.broadcast_to(over <= LIMIT_ROUNDING, count) for rule, over in excess.items()})
