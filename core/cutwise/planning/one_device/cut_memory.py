"""What many cuts hold at devices and server: bounds at once, the sweep where they do not tell what fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.bounds import lower_bytes, upper_bytes
from cutwise.costs.memory.held import HeldSides, SweptMemory, allocated_bytes, largest_bytes
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.frozen import Frozen
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING

NEAREST = 64
"""Cuts that are swept to tell the least need where none fits, those of the least bounds."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SideMemory(Frozen):
    """Bounds on what `sides` (cuts, ops) allocate, and their largest tensors, arrays of shape (cuts,)."""

    cost: GraphCost
    sides: Mask
    lower_bytes: Floats
    upper_bytes: Floats
    largest_bytes: Floats

    @classmethod
    def of(cls, cost: GraphCost, sides: Mask) -> SideMemory:
        """The bounds of these sides."""
        return cls(
            cost=cost,
            sides=sides,
            lower_bytes=lower_bytes(cost, sides),
            upper_bytes=upper_bytes(cost, sides),
            largest_bytes=largest_bytes(cost, sides),
        )

    def charged_bytes(self, runtime: RuntimeFigures) -> Floats:
        """What each side charges under a runtime of numbers, swept."""
        return self._charged(allocated_bytes(self.cost, self.sides), runtime)

    def most_charged_bytes(self, runtime: RuntimeFigures) -> Floats:
        """What each side charges at most."""
        return self._charged(self.upper_bytes, runtime)

    def excess_ratio(self, runtime: RuntimeFigures, budgets: Floats) -> Floats:
        """By how much each side exceeds each budget, shape (budgets, cuts); 0 or less where it fits.

        Its size is exact where a side is swept: where its bounds do not tell whether it fits, and, for a
        budget that nothing fits, where it may come nearest.
        """
        caps, figures = budgets[:, None], _columns(runtime, len(budgets))
        if not np.isfinite(budgets).any():
            return np.full((len(budgets), len(self.sides)), -1.0)
        low, high = (self._charged(one, figures) for one in (self.lower_bytes, self.upper_bytes))
        most = caps * (1 + LIMIT_ROUNDING)
        asked = ((low <= most) & (high > most)).any(axis=0)
        held = self.lower_bytes.copy()
        self._sweep(held, asked)
        short = (self._charged(held, figures) > most).all(axis=1)
        if short.any() and not asked.all():
            near = np.zeros_like(asked)
            near[np.argsort(self.lower_bytes, kind="stable")[:NEAREST]] = True
            self._sweep(held, near & ~asked)
        return np.asarray(self._charged(held, figures) / caps - 1)

    def _sweep(self, held: Floats, asked: Mask) -> None:
        held[asked] = allocated_bytes(self.cost, self.sides[asked])

    def _charged(self, allocated: Floats, runtime: RuntimeFigures) -> Any:
        return runtime.charged_bytes(allocated_bytes=allocated, largest_bytes=self.largest_bytes)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutMemory(Frozen):
    """What cuts hold on the device and, each for one client, at the server."""

    device: SideMemory
    server: SideMemory

    @staticmethod
    def of(cost: GraphCost, device_sides: Mask) -> CutMemory:
        """The memory of cuts with these device sides (cuts, ops), the rest at the server."""
        return _memory_of(cost, len(device_sides), np.packbits(device_sides).tobytes())

    def excess_ratio(self, problem: SplitProblem, devices: Ints) -> Floats:
        """By how much each cut exceeds a device's memory or the server's, shape (devices, cuts)."""
        device = self.device.excess_ratio(
            problem.device_runtime.of(devices), problem.device_budget_bytes[devices]
        )
        budget = np.array([problem.server_budget_bytes])
        return np.maximum(device, self.server.excess_ratio(problem.server_runtime, budget))

    def client_bytes(self, problem: SplitProblem, clients: int) -> Floats:
        """What the server is charged for one client, shape (cuts,); swept where so many may not fit."""
        most = self.server.most_charged_bytes(problem.server_runtime)
        if clients * most.max(initial=0.0) <= problem.server_budget_bytes:
            return most
        return self.server.charged_bytes(problem.server_runtime)


@kept
def _memory_of(cost: GraphCost, count: int, packed: bytes) -> CutMemory:
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=count * len(cost))
    sides = bits.reshape(count, len(cost)).astype(bool)
    return CutMemory(device=SideMemory.of(cost, sides), server=SideMemory.of(cost, ~sides))


def shared_bytes(cost: GraphCost) -> Floats:
    """What of each op the server holds once for all clients: weights that are not trained."""
    return np.maximum(cost.weight_bytes - cost.trainable_bytes, 0.0)


def shared_on(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes of weights that are not trained on each of `sides` (k, ops), copies of shared ones included."""
    held = sides.astype(np.float64) @ shared_bytes(cost)
    return held + cost.shared.beside(sides) @ cost.shared.frozen_bytes if len(cost.shared) else held


def swept(
    stages: StageTimes, cost: GraphCost, device_sides: Mask, server_sides: Mask | None = None
) -> StageTimes:
    """The stages of cuts with what their sides hold at their peaks, in place of what these add up to.

    Sides are arrays whose last axis are the ops, the server's the rest unless given.
    """
    server = ~device_sides if server_sides is None else server_sides
    return replace(
        stages,
        device_memory=SweptMemory(HeldSides(cost=cost, sides=device_sides)),
        server_memory=SweptMemory(HeldSides(cost=cost, sides=server)),
    )


def _columns(runtime: RuntimeFigures, count: int) -> RuntimeFigures:
    """The figures with an axis for cuts."""
    return RuntimeFigures(
        reserve_bytes=np.broadcast_to(runtime.reserve_bytes, count)[:, None],
        overhead_ratio=np.broadcast_to(runtime.overhead_ratio, count)[:, None],
        largest_ratio=np.broadcast_to(runtime.largest_ratio, count)[:, None],
    )
