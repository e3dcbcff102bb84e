"""Where an axis that may be the batch lies in a tensor, and what a rule may look at to say where it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cutwise.importers.onnx_format.ops import NodeFacts
from cutwise.importers.onnx_format.tensors import Values


class MixedError(Exception):
    """An op mixes along the axis; the text is its type."""


class UnknownError(Exception):
    """It is not known what an op does to the axis; the text is its type."""


@dataclass(frozen=True, slots=True)
class AxisPlace:
    """Where the followed axis lies: in `axis`, of which it is the middle of three factors.

    A batch and a sequence seen as one axis have the batch in front, and the sequence `after` it.
    """

    axis: int
    before: int = 1
    after: int = 1


@dataclass(frozen=True, slots=True)
class Passage:
    """A step as a rule sees it: its facts, known values of its inputs, and where the axis lies in them.

    `stored` are the inputs that the file holds as they are: computed ones may repeat the same for each place.
    """

    facts: NodeFacts
    values: Mapping[int, Values]
    places: tuple[AxisPlace | None, ...]
    stored: frozenset[int]
    opset: int

    @property
    def first(self) -> tuple[int, AxisPlace]:
        """The first input that has the axis."""
        return next((slot, place) for slot, place in enumerate(self.places) if place is not None)

    def shape(self, slot: int) -> tuple[int, ...]:
        """Shape of input `slot`."""
        return self.facts.shape(slot)

    @property
    def made(self) -> tuple[int, ...]:
        """Shape of the first output."""
        spec = self.facts.outputs[0]
        if spec is None:
            raise UnknownError(self.facts.op_type)
        return spec.shape

    def axes(self, slot: int = 1) -> list[int] | None:
        """The axes that an attribute or input `slot` names; None where neither does."""
        value = self.values.get(slot)
        if "axes" in self.facts.attributes:
            return list(self.facts.sizes("axes", ()))
        return None if value is None else [int(axis) for axis in value.flat]

    def repeats(self, slot: int, axis: int) -> bool:
        """True where input `slot` is known to be the same at each place of `axis`."""
        value = self.values.get(slot)
        if value is None and self.facts.is_constant(slot) and slot not in self.stored:
            raise UnknownError(self.facts.op_type)
        return value is not None and bool((value == value.take([0], axis=axis)).all())

    def of_inputs(self, op_type: str, slots: Sequence[int]) -> Passage:
        """The same step as ONNX's operator `op_type` of the inputs in `slots` alone."""
        there = [slot for slot in slots if slot < len(self.places)]
        return replace(
            self,
            facts=replace(
                self.facts,
                op_type=op_type,
                inputs=tuple(self.facts.inputs[slot] for slot in there),
                constant=tuple(self.facts.constant[slot] for slot in there),
                numbers={},
            ),
            values={at: self.values[slot] for at, slot in enumerate(there) if slot in self.values},
            places=tuple(self.places[slot] for slot in there),
            stored=frozenset(at for at, slot in enumerate(there) if slot in self.stored),
        )

    def mixed(self) -> MixedError:
        """What to raise where the op mixes along the axis."""
        return MixedError(self.facts.op_type)


Outcome = Sequence[AxisPlace | None]
AxisRule = Callable[[Passage], Outcome]
