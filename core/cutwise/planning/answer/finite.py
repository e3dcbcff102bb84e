"""A plan whose figures are not all finite is no answer: which input makes it so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.costs.graph_cost import GraphCost
from cutwise.errors import SolverError
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

FIGURES = (
    "forward_flops",
    "backward_input_flops",
    "backward_weight_flops",
    "output_bytes",
    "gradient_bytes",
    "exchanged_bytes",
    "weight_bytes",
    "saved_bytes",
    "moved_bytes",
    "read_bytes",
    "backward_moved_bytes",
    "backward_read_bytes",
)
"""Figures of ops that seconds, joules and bytes are proportional to."""


def check_finite(problem: SplitProblem, conditions: Conditions, stages: StageTimes) -> None:
    """Raises `SolverError` where seconds, joules or bytes of a device are not finite, with the cause."""
    finite = np.ones(problem.device_count, dtype=bool)
    for number in stages.numbers:
        finite = finite & np.isfinite(number)
    if not finite.all():
        device = int(np.argmin(finite))
        name = problem.scenario.device_names[device]
        raise SolverError(f"{name}: no finite time or energy comes of {_cause(problem, conditions, device)}")


def _cause(problem: SplitProblem, conditions: Conditions, device: int) -> str:
    """The input that is zero or not finite; else the largest figure of the model, with its op."""
    for what, value, remedy in _inputs(conditions):
        number = float(np.broadcast_to(value, problem.device_count)[device])
        if not (0 < number < np.inf):
            return f"{what} of {number:g}; {remedy}"
    op, figure, number = _largest(problem.cost)
    return f"{figure} {number:g} of op {op!r} in this scenario; correct the figure, or the speeds and rates"


def _inputs(conditions: Conditions) -> Iterator[tuple[str, Number, str]]:
    nearer = "raise bandwidth or power, or bring the device nearer"
    yield "an uplink rate (bit/s)", conditions.link.uplink_bps, nearer
    yield "a downlink rate (bit/s)", conditions.link.downlink_bps, nearer
    yield "a device speed (FLOP/s)", conditions.compute.device_flops_per_s, "give a speed above 0"
    yield "a server speed (FLOP/s)", conditions.compute.server_flops_per_s, "give a speed above 0"
    yield "a share of the server", conditions.compute.server_share, "serve fewer devices at once"


def _largest(cost: GraphCost) -> tuple[str, str, float]:
    """Op, name and size of the largest figure; one that is no number counts as largest."""
    columns: dict[str, Floats] = {name: getattr(cost, name) for name in FIGURES}
    peaks = {name: np.where(np.isnan(column), np.inf, column) for name, column in columns.items()}
    figure = max(peaks, key=lambda name: float(peaks[name].max(initial=0.0)))
    at = int(peaks[figure].argmax())
    return cost.graph.ops[at].id, figure, float(columns[figure][at])
