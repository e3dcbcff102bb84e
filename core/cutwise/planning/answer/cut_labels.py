"""Cuts with their labels."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import crossing_ops
from cutwise.plans.plan import Cut
from cutwise.problem.split_problem import SplitProblem

LABELLED_TENSORS = 3


def cut_of(problem: SplitProblem, mask: Mask) -> Cut:
    """The cut that keeps the ops of `mask` (ops,) on the device."""
    ops = problem.cost.graph.ops
    crossing = np.flatnonzero(crossing_ops(problem.cost, mask)[0])
    return Cut(
        label=_label(problem, mask, [ops[i].id for i in crossing]),
        device_ops=tuple(ops[i].id for i in np.flatnonzero(mask)),
        crossing=tuple(ops[i].id for i in crossing),
        crossing_bytes=float(problem.cost.output_bytes[crossing].sum()),
    )


def labels_of(problem: SplitProblem, masks: Mask) -> tuple[str, ...]:
    """The labels of many cuts (cuts, ops), as `cut_of` gives each."""
    names = np.array([op.id for op in problem.cost.graph.ops], dtype=object)
    crossing = crossing_ops(problem.cost, masks)
    return tuple(
        _label(problem, mask, names[sent].tolist()) for mask, sent in zip(masks, crossing, strict=True)
    )


def _label(problem: SplitProblem, mask: Mask, crossing: list[str]) -> str:
    if mask.all():
        return "all on device"
    if not (mask & ~problem.cost.is_input).any():
        return "all on server"
    if not crossing:
        return f"{mask.sum()} ops on device, nothing sent"
    more = len(crossing) - LABELLED_TENSORS
    shown = " + ".join(crossing[:LABELLED_TENSORS])
    return f"after {shown} + {more} more" if more > 0 else f"after {shown}"
