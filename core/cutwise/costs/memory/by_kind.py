"""Memory of one side of a cut, by what fills it; every function works on numbers and on arrays alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cutwise.arrays import Number
from cutwise.frozen import Frozen, FrozenDict


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryByKind(Frozen):
    """Bytes held while training or running one part of a model, by what they hold.

    `activations_bytes` are what the backward pass needs again; `buffers_bytes` running statistics and
    the widest tensor of an op at work; `runtime_bytes` what the process takes beside its tensors.
    """

    weights_bytes: Number
    gradients_bytes: Number
    optimizer_bytes: Number
    activations_bytes: Number
    buffers_bytes: Number
    runtime_bytes: Number = 0

    @property
    def allocated_bytes(self) -> Number:
        """All that tensors take."""
        held = self.weights_bytes + self.gradients_bytes + self.optimizer_bytes
        return held + self.activations_bytes + self.buffers_bytes

    @property
    def total_bytes(self) -> Number:
        """All kinds together, what the runtime takes included."""
        return self.allocated_bytes + self.runtime_bytes

    @property
    def largest_bytes(self) -> Number:
        """The largest tensor, where it is known."""
        return 0.0

    @property
    def numbers(self) -> tuple[Number, Number, Number, Number, Number, Number]:
        """The kinds in the order that `of_numbers` takes."""
        return (
            self.weights_bytes,
            self.gradients_bytes,
            self.optimizer_bytes,
            self.activations_bytes,
            self.buffers_bytes,
            self.runtime_bytes,
        )

    @classmethod
    def of_numbers(cls, numbers: Sequence[Number]) -> MemoryByKind:
        """The memory with these `numbers`."""
        weights_bytes, gradients_bytes, optimizer_bytes, activations_bytes, buffers_bytes, runtime = numbers
        return cls(
            weights_bytes=weights_bytes,
            gradients_bytes=gradients_bytes,
            optimizer_bytes=optimizer_bytes,
            activations_bytes=activations_bytes,
            buffers_bytes=buffers_bytes,
            runtime_bytes=runtime,
        )


KINDS: Mapping[str, str] = FrozenDict(
    {
        "weights_bytes": "Weights",
        "gradients_bytes": "Gradients",
        "optimizer_bytes": "Optimiser",
        "activations_bytes": "Activations",
        "buffers_bytes": "Buffers",
        "runtime_bytes": "Runtime",
    }
)
"""Fields of `MemoryByKind` and what people call them."""

NOTHING_HELD = MemoryByKind(
    weights_bytes=0.0, gradients_bytes=0.0, optimizer_bytes=0.0, activations_bytes=0.0, buffers_bytes=0.0
)


def memory_by_kind(
    *,
    batch_size: Number,
    weight_bytes: Number,
    weight_gradient_bytes: Number,
    optimizer_bytes: Number,
    buffer_bytes: Number,
    saved_bytes: Number,
    transient_bytes: Number,
) -> MemoryByKind:
    r"""Memory of a part of a model from sums over its ops; `transient_bytes` is their largest.

    $M = W + G + O + B \cdot \sum_v s_v + (b + B \cdot \max_v t_v)$. For W = 100, G = 100, O = 200, 10 of
    buffers, and 8 samples that save 50 and pass 5 each: 100 + 100 + 200 + 400 + (10 + 40) = 850.

    >>> memory_by_kind(
    ...     batch_size=8, weight_bytes=100, weight_gradient_bytes=100, optimizer_bytes=200,
    ...     buffer_bytes=10, saved_bytes=50, transient_bytes=5,
    ... ).total_bytes
    850
    """
    return MemoryByKind(
        weights_bytes=weight_bytes,
        gradients_bytes=weight_gradient_bytes,
        optimizer_bytes=optimizer_bytes,
        activations_bytes=batch_size * saved_bytes,
        buffers_bytes=buffer_bytes + batch_size * transient_bytes,
    )
