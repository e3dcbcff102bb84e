"""Cuts with their labels, and the next-best ones of every device."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.costs.cut_sums import crossing_ops
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.plans.plan import Alternative, Cut
from cutwise.problem.split_problem import SplitProblem

LABELLED_TENSORS = 3
ALTERNATIVES_SHOWN = 3


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


def alternatives_of(problem: SplitProblem, table: CutTable, picks: Ints) -> tuple[Alternative, ...]:
    """The next-best cuts of every device among those that can be optimal somewhere, best first."""
    scores = table.scores
    order = np.argsort(scores, axis=1, kind="stable")[:, : ALTERNATIVES_SHOWN + 1]
    labels: dict[tuple[int, int], str] = {}
    found = []
    for device, name in enumerate(problem.scenario.device_names):
        group, picked = int(table.group_of[device]), int(picks[device])
        others = [int(k) for k in order[device] if k != picked and np.isfinite(scores[device, k])]
        for k in others[:ALTERNATIVES_SHOWN]:
            if (group, k) not in labels:
                labels[group, k] = cut_of(problem, table.groups[group].masks[k]).label
            least = table.raw_scores[device, picked]
            found.append(
                Alternative(
                    device=name,
                    cut=labels[group, k],
                    delay_s=float(table.delays_s[device, k]),
                    energy_j=float(table.energies_j[device, k]),
                    worse_ratio=float(scores[device, k] / least - 1) if least > 0 else 0.0,
                )
            )
    return tuple(found)
