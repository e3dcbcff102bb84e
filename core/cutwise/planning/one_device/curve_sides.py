"""The sides of every cut that a curve shows: the one that moves, and what the plan keeps beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import CutSums, cut_sums, looped_sums, nested_sums
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_positions import cut_positions, ops_mask
from cutwise.planning.one_device.u_shape_question import output_ops
from cutwise.plans.plan import DeviceDecision
from cutwise.problem.split_problem import SplitProblem

Moved: TypeAlias = Literal["device", "edge"]
"""Which cut moves along the curve: the device's, or that between its edge and the cloud."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CurveSides(Frozen):
    """Masks (positions, ops): what runs on the device first, what comes back to it, what its edge runs up to.

    `masks` is the side that moves; `chosen` is the plan's own position. Without an edge `served` is what the
    device holds; without a U-shape nothing is `returned`.
    """

    masks: Mask
    bottoms: Mask
    returned: Mask
    served: Mask
    has_edge: bool
    chosen: int

    @property
    def held(self) -> Mask:
        """What the device holds."""
        return self.bottoms | self.returned

    def sums(self, problem: SplitProblem) -> CutSums:
        """What the evaluator takes, one a position."""
        if self.has_edge:
            return nested_sums(problem.cost, self.bottoms, self.served)
        if self.returned.any():
            return looped_sums(problem.cost, self.bottoms, self.returned)
        return cut_sums(problem.cost, self.bottoms)


def curve_sides(
    problem: SplitProblem, decision: DeviceDecision, moved: Moved, *, comes_back: bool = False
) -> CurveSides:
    """The positions of one device's curve, smallest side first, the decided cut among them.

    While the device's cut moves, ops up to the edge's cut stay at the edge, and ops that come back to the
    device come back from every position before them; while the edge's moves, the device's cut stays. In a
    scheme that `comes_back`, a device that keeps all shows what the cuts would be whose outputs come back.
    """
    bottom, top = (ops_mask(problem, ops) for ops in (decision.cut.device_ops, decision.returned_ops))
    if comes_back and bottom.all():
        top = output_ops(problem)
    has_edge = decision.edge_cut is not None
    inner = ops_mask(problem, decision.edge_cut.device_ops) if decision.edge_cut else bottom
    own = inner if moved == "edge" else bottom
    masks = _ordered(cut_positions(problem), own)
    if moved == "edge":
        masks = masks[(masks >= bottom).all(axis=1)]
    elif top.any():
        behind_server = ~(masks & top).any(axis=1) & ~(masks | top).all(axis=1)
        masks = masks[behind_server | masks.all(axis=1)]
    bottoms = np.broadcast_to(bottom, masks.shape) if moved == "edge" else masks & ~top
    served = masks if moved == "edge" else masks | (inner if has_edge else top)
    return CurveSides(
        masks=masks,
        bottoms=bottoms,
        returned=np.broadcast_to(top, masks.shape),
        served=served,
        has_edge=has_edge,
        chosen=int(np.flatnonzero((masks == own).all(axis=1))[0]),
    )


def _ordered(masks: Mask, own: Mask) -> Mask:
    """The positions with the given one among them, in order of growth."""
    if (masks == own).all(axis=1).any():
        return masks
    masks = np.vstack([masks, own])
    return masks[np.argsort(masks.sum(axis=1), kind="stable")]
