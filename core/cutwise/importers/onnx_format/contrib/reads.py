"""What a rule for the shapes of a node may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.contrib.attributes import attributes
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace

Shape = tuple[int, ...]
FLOAT, INTEGER, STRING, BOOL = 1, 7, 8, 9  # numbers of onnx.TensorProto.DataType


@dataclass(frozen=True, slots=True)
class Reads:
    """Shapes, dtypes and element types (ONNX's numbers) that a node reads, and its attributes."""

    specs: tuple[TensorSpec | None, ...]
    elements: tuple[int, ...]
    attributes: Mapping[str, Any]

    def has(self, slot: int) -> bool:
        """True where input `slot` is there."""
        return slot < len(self.specs) and self.specs[slot] is not None

    def shape(self, slot: int) -> Shape:
        """Shape of input `slot`; raises `LookupError` where it is absent or unknown."""
        spec = self.specs[slot]
        if spec is None:
            raise LookupError(slot)
        return spec.shape

    def element(self, slot: int) -> int:
        """Element type of input `slot`, float where it is absent."""
        return self.elements[slot] if self.has(slot) else FLOAT


Made = Sequence[tuple[int, Shape]]


def reads_of(known: OnnxTrace, step: OnnxStep) -> Reads:
    """What `step` reads, as far as it is known."""
    types = [known.tensors.types.get(name) for name in step.inputs]
    return Reads(
        specs=tuple(known.tensors.spec(name) for name in step.inputs),
        elements=tuple(kind.tensor_type.elem_type if kind is not None else FLOAT for kind in types),
        attributes=attributes(step.node),
    )


def like_first(reads: Reads) -> Made:
    """One result of the shape and elements of the first input."""
    return [(reads.element(0), reads.shape(0))]
