"""What one side of a cut holds at the fullest moment of a mini-batch, kept for every later question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Mask, Number
from cutwise.caches import kept
from cutwise.costs.derived_costs import is_stated
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.by_kind import NOTHING_HELD, MemoryByKind, memory_by_kind
from cutwise.costs.memory.peak_memory import memory_sweep
from cutwise.costs.memory.tensor_lifetimes import storage_bytes, timeline_of, weight_gradients
from cutwise.frozen import Frozen, read_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Frozen):
    """Bytes that one side allocates at its peak, by what they hold, and its largest tensor."""

    kinds: MemoryByKind
    largest_bytes: float

    @property
    def allocated_bytes(self) -> float:
        """All kinds together."""
        return float(self.kinds.allocated_bytes)


def held_at_peak(cost: GraphCost, side: Mask) -> Held:
    """What the ops of `side` (ops,) hold when they hold most; they are swept once, however often asked.

    Ops that state their figures hold no more than what these add up to.
    """
    return _held(cost, np.packbits(side).tobytes())


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class HeldSides(Frozen):
    """Sides whose memory somebody may ask for, an array of any shape whose last axis are the ops."""

    cost: GraphCost
    sides: Mask

    def column(self, of: Callable[[Held], Number]) -> Floats:
        """One figure of each side."""
        rows = self.sides.reshape(-1, self.sides.shape[-1])
        figures = [of(held_at_peak(self.cost, row)) for row in rows]
        return read_only(np.array(figures, dtype=np.float64).reshape(self.sides.shape[:-1]))


class SweptMemory(MemoryByKind):
    """Memory at the peak of sides that are swept only when somebody looks; tensors, without a runtime."""

    __slots__ = ("_held",)
    _held: HeldSides

    def __init__(self, held: HeldSides) -> None:
        object.__setattr__(self, "_held", held)

    def __reduce__(self) -> tuple[Any, ...]:
        return MemoryByKind.of_numbers, (self.numbers,)

    @property
    def weights_bytes(self) -> Number:
        """Weights of each side."""
        return self._held.column(lambda held: held.kinds.weights_bytes)

    @property
    def gradients_bytes(self) -> Number:
        """Gradients of weights at the peak of each side."""
        return self._held.column(lambda held: held.kinds.gradients_bytes)

    @property
    def optimizer_bytes(self) -> Number:
        """State of the optimiser of each side."""
        return self._held.column(lambda held: held.kinds.optimizer_bytes)

    @property
    def activations_bytes(self) -> Number:
        """Tensors at the peak of each side."""
        return self._held.column(lambda held: held.kinds.activations_bytes)

    @property
    def buffers_bytes(self) -> Number:
        """Running statistics of each side, and the widest tensor of an op at work."""
        return self._held.column(lambda held: held.kinds.buffers_bytes)

    @property
    def runtime_bytes(self) -> Number:
        """Nothing: what a process takes beside tensors depends on who runs it."""
        return 0.0

    @property
    def largest_bytes(self) -> Number:
        """The largest tensor of each side."""
        return self._held.column(lambda held: held.largest_bytes)


def allocated_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes allocated at the peak of each of `sides` (sides, ops), shape (sides,)."""
    return np.array([held_at_peak(cost, side).allocated_bytes for side in sides], dtype=np.float64)


def largest_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """The largest tensor of a mini-batch on each of `sides` (sides, ops), shape (sides,)."""
    widths = cost.workload.batch_size * storage_bytes(cost)
    return np.asarray(np.where(sides, widths, 0.0).max(axis=1, initial=0.0))


@kept
def _held(cost: GraphCost, packed: bytes) -> Held:
    side = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=len(cost)).astype(bool)
    if not side.any():
        return Held(kinds=NOTHING_HELD, largest_bytes=0.0)
    kinds = _at_peak(cost, side)
    if all(is_stated(cost.graph.ops[at]) or cost.is_input[at] for at in np.flatnonzero(side).tolist()):
        kinds = min(_as_stated(cost, side), kinds, key=lambda one: one.allocated_bytes)
    return Held(kinds=kinds, largest_bytes=float(largest_bytes(cost, side[None])[0]))


def _at_peak(cost: GraphCost, side: Mask) -> MemoryByKind:
    """What fills the fullest step of the sweep; the copy of the optimiser's step is part of its state."""
    steps = memory_sweep(cost, side)
    weights, optimizer, buffers = (
        _with_copies(cost, side, name) for name in ("weight_bytes", "optimizer_bytes", "buffer_bytes")
    )
    left, at = float(steps.max()) - weights - optimizer - buffers, int(steps.argmax())
    step = _step_bytes(cost, side) if at == len(steps) - 1 else 0.0
    gradients = min(left - step, _gradients_at(cost, side, at))
    return MemoryByKind(
        weights_bytes=weights,
        gradients_bytes=gradients,
        optimizer_bytes=optimizer + step,
        activations_bytes=left - step - gradients,
        buffers_bytes=buffers,
    )


def _as_stated(cost: GraphCost, side: Mask) -> MemoryByKind:
    """The sum of the figures that ops state of themselves, with the widest tensor of one at work.

    Who states what an op keeps knows what is alive beside it, where the sweep has to assume that whatever
    an op reads is there until its result is. The optimiser's step comes when all of that is gone.
    """
    held = memory_by_kind(
        batch_size=cost.workload.batch_size,
        weight_bytes=_with_copies(cost, side, "weight_bytes"),
        weight_gradient_bytes=_with_copies(cost, side, "weight_gradient_bytes"),
        optimizer_bytes=_with_copies(cost, side, "optimizer_bytes"),
        buffer_bytes=_with_copies(cost, side, "buffer_bytes"),
        saved_bytes=float(cost.saved_bytes[side].sum()),
        transient_bytes=float(cost.transient_bytes[side].max()),
    )
    passing = held.activations_bytes + cost.workload.batch_size * float(cost.transient_bytes[side].max())
    more = max(_step_bytes(cost, side) - float(passing), 0.0)
    return replace(held, optimizer_bytes=held.optimizer_bytes + more)


def _with_copies(cost: GraphCost, side: Mask, column: str) -> float:
    """The sum of one of `HELD_COLUMNS` over a side and its copies of shared weights."""
    copies = cost.shared.beside(side[None])[0]
    return float(getattr(cost, column)[side].sum() + cost.shared.of(column)[copies].sum())


def _step_bytes(cost: GraphCost, side: Mask) -> float:
    copies = cost.shared.beside(side[None])[0]
    return cost.workload.training * float(cost.step_bytes[side].sum() + cost.shared.step_bytes[copies].sum())


def _gradients_at(cost: GraphCost, side: Mask, step: int) -> float:
    """Bytes of the trained weights' gradients that are there at a step."""
    time = timeline_of(cost, accelerator=True)
    found = weight_gradients(cost, time, side[time.kernels.owners])
    return sum(size for size, first, last in found if first <= step <= last)
