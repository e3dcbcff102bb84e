"""What the one evaluator says of a whole model on one part, for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.cut_sums import SUMMED, CutSums, side_of
from cutwise.measured.times.model_totals import SUMS, ModelTotals
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import ComputeConditions, Conditions, LinkConditions, Pace
from cutwise.problem.power_conditions import PowerConditions
from cutwise.scenario.time_levels import ComputeSpeed


def iterations_s(
    models: Sequence[ModelTotals], speeds: Sequence[ComputeSpeed], batch_sizes: Sequence[int]
) -> Floats:
    """Seconds of one iteration of each model on a device of each speed, both passes, shape (rows,)."""
    none = np.zeros(len(models))
    nothing = side_of(np.zeros((len(models), len(SUMMED))), none)
    work: dict[str, Any] = {name: np.array([getattr(one, name) for one in models]) for name in SUMS}
    device, server = replace(nothing, **work), nothing
    cuts = CutSums(device=device, server=server, output_bytes=none, gradient_bytes=none, has_server=none)
    times = stage_times(cuts, _alone(speeds, np.array(batch_sizes, dtype=np.float64)))
    return np.asarray(times.device_forward_s + times.device_backward_s)


def _alone(speeds: Sequence[ComputeSpeed], batch_sizes: Floats) -> Conditions:
    """A round of one iteration on a device that has the whole model."""

    def column(name: str) -> Floats:
        return np.array([getattr(one, name) for one in speeds])

    pace = Pace(**{name: column(name) for name in ("bytes_per_s", "launch_s", "backward_ratio")})
    compute = ComputeConditions(
        iterations=1.0, batch_size=batch_sizes, device_flops_per_s=column("flops_per_s"), device_pace=pace,
        server_flops_per_s=np.inf, server_share=1.0,
    )  # fmt: skip
    return Conditions(link=NO_LINK, compute=compute, power=NO_POWER)


NO_LINK = LinkConditions(
    uplink_bps=np.inf, downlink_bps=np.inf, uplink_latency_s=0.0, downlink_latency_s=0.0, duty_ratio=1.0,
    network_share=1.0, label_bytes=0.0,
)  # fmt: skip
NO_POWER = PowerConditions(
    device_power_w=0.0, device_idle_power_w=0.0, sending_power_w=0.0, receiving_power_w=0.0,
    network_power_w=0.0, server_power_w=0.0, server_idle_power_w=0.0,
)  # fmt: skip
