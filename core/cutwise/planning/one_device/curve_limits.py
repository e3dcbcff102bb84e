"""By how much each cut of a curve exceeds every limit of the device, its part of the server, and its edge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import FrozenDict, read_only
from cutwise.planning.one_device.curve_sides import CurveSides
from cutwise.planning.one_device.cut_memory import SideMemory
from cutwise.planning.one_device.device_limits import (
    DEVICE_MEMORY,
    EDGE_MEMORY,
    SERVER_MEMORY,
    given_limits,
    rounded_excess,
)
from cutwise.plans.plan import DeviceDecision
from cutwise.plans.stages import StageTimes
from cutwise.problem.edge_links import budgets_of, edge_columns
from cutwise.problem.split_problem import SplitProblem


def curve_excess(
    problem: SplitProblem, decision: DeviceDecision, device: int, sides: CurveSides, stages: StageTimes
) -> Mapping[str, Floats]:
    """Excess over each limit by its name, arrays of shape (positions,); at most 0 where the limit holds.

    Memory is swept only where its bounds do not tell whether it fits.
    """
    place = np.array([device])
    held = SideMemory.of(problem.cost, sides.held)
    served = SideMemory.of(problem.cost, ~sides.served)
    found = {
        DEVICE_MEMORY: held.excess_ratio(
            problem.device_runtime.of(place), problem.device_budget_bytes[place]
        ),
        SERVER_MEMORY: served.excess_ratio(problem.server_runtime, np.array([problem.server_budget_bytes])),
        **{limit.rule: limit.excess_ratio(stages, place) for limit in given_limits(problem)},
    }
    if sides.has_edge:
        columns = edge_columns(problem.scenario.edges, problem.workload.compute)
        at = problem.scenario.edge_names.index(str(decision.edge))
        relaying = SideMemory.of(problem.cost, sides.served & ~sides.held)
        found[EDGE_MEMORY] = relaying.excess_ratio(
            columns.runtime.of(at), budgets_of(problem.scenario, columns)[[at]]
        )
    count = len(sides.masks)
    return FrozenDict(
        {rule: read_only(rounded_excess(np.broadcast_to(one[0], count))) for rule, one in found.items()}
    )
