"""Which limit a cut breaks, by the rule's name."""

from __future__ import annotations

import numpy as np

from cutwise.analyses.cut_curve import CutCurve
from cutwise.arrays import Ints
from cutwise.planning.one_device.curve_sides import CurveSides
from cutwise.planning.one_device.cut_memory import swept
from cutwise.planning.one_device.device_limits import EDGE_MEMORY, device_limits, rounded_excess
from cutwise.problem.split_problem import SplitProblem


def broken_limits(
    problem: SplitProblem, curve: CutCurve, sides: CurveSides, device: int
) -> tuple[tuple[str, ...], Ints]:
    """Rules, and for every position the number of the first that it breaks, counted from 1; 0 where none.

    What breaks no limit of the device or of its part of the server breaks its edge's.
    """
    if curve.fits.all():
        return (), np.zeros(len(curve.fits), dtype=np.int64)
    limits = device_limits(problem)
    memories = swept(curve.stages, problem.cost, sides.held, ~sides.served)
    broken = np.zeros((len(limits) + 1, len(curve.fits)), dtype=bool)
    for number, limit in enumerate(limits):
        if np.isfinite(limit.caps[device]):
            broken[number] = rounded_excess(limit.excess_ratio(memories, np.array([device]))[0]) > 0
    broken[-1] = True
    rules = (*(limit.rule for limit in limits), EDGE_MEMORY)
    return rules, np.where(curve.fits, 0, broken.argmax(axis=0) + 1)
