"""A node that stands for several: what it reads, and the ONNX operators it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.contrib.attributes import attributes
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import AttributeProto


class UnreadableError(Exception):
    """The node lacks what its parts need, so it stays one operator without a formula."""


@dataclass(frozen=True, slots=True)
class FusedNode:
    """A fused node as a growing list of steps; each is inferred as it is added."""

    known: OnnxTrace
    step: OnnxStep
    infer: Callable[[OnnxTrace, OnnxStep], None]
    steps: list[OnnxStep] = field(default_factory=list)

    def read(self, slot: int) -> str:
        """The tensor at input `slot`, empty where it is absent."""
        return self.step.inputs[slot] if slot < len(self.step.inputs) else ""

    def made(self, slot: int) -> str:
        """The tensor at output `slot`, empty where nobody asks for it."""
        return self.step.outputs[slot] if slot < len(self.step.outputs) else ""

    def spec(self, name: str) -> TensorSpec:
        """Shape and dtype of tensor `name`; raises `UnreadableError` where they are unknown."""
        spec = self.known.tensors.spec(name)
        if spec is None:
            raise UnreadableError
        return spec

    def shape(self, slot: int) -> tuple[int, ...]:
        """Shape of the tensor at input `slot`; raises `UnreadableError` where it is absent or unknown."""
        return self.spec(self.read(slot)).shape

    def number(self, name: str, default: float = 0) -> int:
        """The number under attribute `name`, whole."""
        value = attributes(self.step.node).get(name, default)
        return int(value) if isinstance(value, int | float) else int(default)

    def numbers(self, name: str) -> tuple[int, ...]:
        """The list under attribute `name`, empty where it is absent."""
        value = attributes(self.step.node).get(name, ())
        return tuple(int(v) for v in value) if isinstance(value, list | tuple) else ()

    def word(self, name: str, default: str = "") -> str:
        """The word under attribute `name`."""
        value = attributes(self.step.node).get(name, default.encode())
        return value.decode(errors="replace") if isinstance(value, bytes) else default

    def heads(self, name: str = "num_heads") -> int:
        """A number of heads, at least 1."""
        found = self.number(name)
        if found < 1:
            raise UnreadableError
        return found

    def add(self, op_type: str, *inputs: str, to: str = "", **given: Any) -> str:
        """`add_many` of one tensor, called `to` or after the node; returns its name."""
        return self.add_many(op_type, *inputs, to=(to or self.fresh(op_type),), **given)[0]

    def add_many(
        self,
        op_type: str,
        *inputs: str,
        to: tuple[str, ...],
        beside: tuple[str, ...] = (),
        entries: Sequence[AttributeProto] = (),
        **given: Any,
    ) -> tuple[str, ...]:
        """Adds an operator that makes the tensors `to`; its attributes are `entries` and those given.

        `beside` are tensors it depends on that the operator itself has no place for.
        """
        from onnx.helper import make_node

        domain, _, short = op_type.rpartition("::")
        own = self.step.node.name
        last = any(name in self.step.outputs for name in to if name)
        node = make_node(op_type, inputs, to, name=own if last or not own else f"{own}_{short}", **given)
        node.domain = domain
        node.attribute.extend(entries)
        node.metadata_props.extend(self.step.node.metadata_props)
        step = replace(self.step, node=node, inputs=(*inputs, *filter(None, beside)), outputs=to)
        self.infer(self.known, step)
        self.steps.append(step)
        return to

    def fresh(self, about: str) -> str:
        """A name for a tensor that the file has none for."""
        taken = self.known.taken
        base = f"{next(filter(None, self.step.outputs), '?')}_{about.rpartition('::')[2]}"
        name = base if base not in taken else f"{base}#{len(taken)}"
        taken.add(name)
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        """A tensor that holds `value` and no weight."""
        name = self.fresh("constant")
        self.known.tensors.set_value(name, value)
        self.known.tensors.roots[name] = ()
        return name
