"""What is known of the input axes: which are one and the same, which ops mix their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cutwise.importers.torch_format.axes.axis_parts import NOBODY, Axis, AxisPart, paired, size_of, unlabelled


@dataclass(slots=True)
class Labels:
    """Labels of input axes by number; those that turn out to be one point to the first of them.

    `mixed` names the op after which places of an axis are no longer told apart, or depend on each other;
    `moved` are those whose places were put in an order that the data give; `judged` those along which
    samples are known to lie, by a loss or by a recurrent layer.
    """

    sizes: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    mixed: dict[int, str] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    judged: set[int] = field(default_factory=set)

    def new(self, size: int) -> int:
        """A label for an axis of `size`."""
        self.sizes.append(size)
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def root(self, label: int) -> int:
        """The label that stands for all that are one with `label`."""
        while self.parents[label] != label:
            self.parents[label] = label = self.parents[self.parents[label]]
        return label

    def join(self, one: int, other: int) -> None:
        """Notes that two labels are one."""
        first, second = sorted((self.root(one), self.root(other)))
        if first != second:
            self.parents[second] = first
            if reason := self.mixed.pop(second, ""):
                self.mixed.setdefault(first, reason)
            for known in (self.moved, self.judged):
                known.update({first} if second in known else ())

    def mix(self, label: int, reason: str) -> None:
        """Notes that op `reason` mixes the places along `label`."""
        self.mixed.setdefault(self.root(label), reason)

    def is_whole(self, part: AxisPart) -> bool:
        """True for a part that is all of its axis."""
        return part.size == self.sizes[part.label]

    def one_axis(self, axes: list[Axis], size: int, reason: str) -> Axis:
        """The axis of `size` in which op `reason` brings `axes` together place by place."""
        found = unlabelled(size)
        for axis in axes:
            if size_of(axis) == size > 1:
                found = tuple(self._together(found, axis, reason))
        return found

    def _together(self, one: Axis, other: Axis, reason: str) -> Iterator[AxisPart]:
        pairs = paired(one, other)
        if pairs is None:
            for part in (*one, *other):
                if part.label != NOBODY:
                    self.mix(part.label, reason)
            yield from unlabelled(size_of(one))
            return
        for a, b in pairs:
            if NOBODY not in (a.label, b.label) and self.is_whole(a) and self.is_whole(b):
                self.join(a.label, b.label)
            yield b if a.label == NOBODY else a
