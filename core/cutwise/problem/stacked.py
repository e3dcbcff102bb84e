"""Many problems as one whose devices are those of all: what is priced at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.problem.conditions import Conditions, Pace
from cutwise.problem.split_problem import SplitProblem


def stacked_problem(problems: Sequence[SplitProblem]) -> SplitProblem:
    """One problem whose devices are those of all problems, which share everything but numbers of devices."""
    return replace(
        problems[0],
        device_flops_per_s=np.concatenate([one.device_flops_per_s for one in problems]),
        device_pace=Pace.merged(
            [one.device_pace for one in problems],
            lambda values: np.concatenate(
                [
                    np.broadcast_to(value, one.device_count)
                    for value, one in zip(values, problems, strict=True)
                ]
            ),
        ),
        device_memory_bytes=np.concatenate([one.device_memory_bytes for one in problems]),
        device_budget_bytes=np.concatenate([one.device_budget_bytes for one in problems]),
        device_runtime=RuntimeFigures(
            reserve_bytes=np.concatenate([one.device_runtime.reserve_bytes for one in problems]),
            overhead_ratio=np.concatenate([one.device_runtime.overhead_ratio for one in problems]),
            largest_ratio=np.concatenate([one.device_runtime.largest_ratio for one in problems]),
        ),
        iterations=np.concatenate([one.iterations for one in problems]),
        samples=np.concatenate([one.samples for one in problems]),
        distance_m=np.concatenate([one.distance_m for one in problems]),
        transmit_power_w=np.concatenate([one.transmit_power_w for one in problems]),
    )


def stacked_conditions(many: Sequence[Conditions], count: int) -> Conditions:
    """Conditions of many scenarios with `count` devices each, one after another, every field an array."""

    def stacked(values: Sequence[Number]) -> Floats:
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        if not arrays:
            return np.repeat(np.array(values, dtype=np.float64), count)
        if len(arrays) == len(values) and all(array.shape == (count,) for array in arrays):
            return np.concatenate(arrays)  # as they are: a sweep has thousands
        return np.concatenate([np.broadcast_to(value, count) for value in values])

    return Conditions.merged(many, stacked)
