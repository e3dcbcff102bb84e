"""What the rules that follow axes may ask of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cutwise.importers.torch_format.axes.axis_labels import Labels
from cutwise.importers.torch_format.axes.axis_parts import Axes, Axis, unlabelled
from cutwise.importers.torch_format.facts import Facts, Shape


@dataclass(frozen=True, slots=True)
class Reading:
    """A call, the axes of what it reads, and the labels that it may join.

    `others` are for rules whose later results have axes in another order than the first.
    """

    facts: Facts
    known: Mapping[str, Axes]
    labels: Labels
    others: dict[str, Axes] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """Shape of the first result."""
        return self.facts.output.shape

    @property
    def name(self) -> str:
        """What messages call the op."""
        return self.facts.call.name

    def of(self, name: str) -> Axes:
        """The axes of a tensor."""
        return self.known.get(name) or tuple(map(unlabelled, self.facts.tensors[name].shape))

    def given(self, *parameters: str) -> Axes:
        """The axes of the tensor given for the first of `parameters` that has one, else of the first read."""
        names = [name for parameter in parameters for name in self.facts.call.refs(parameter)]
        return self.of((names or self.facts.call.refs())[0])

    def aligned(self, tensors: Sequence[Axes], shape: Shape) -> Axes:
        """Axes of a result in which `tensors` meet element by element, the last axes upon each other."""
        columns: list[Axis] = []
        for back, size in enumerate(reversed(shape), start=1):
            meeting = [axes[-back] for axes in tensors if len(axes) >= back]
            columns.append(self.labels.one_axis(meeting, size, self.name))
        return tuple(reversed(columns))

    def dims(self, parameter: str = "dim", rank: int | None = None) -> set[int] | None:
        """The axes that `parameter` names, counted from 0; None where it names none."""
        value = self.facts.value(parameter)
        count = len(self.given("self", "input")) if rank is None else rank
        values = value if isinstance(value, list) else [value]
        found = {number % count for number in values if isinstance(number, int) and count}
        return found or None
