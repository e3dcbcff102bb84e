"""Follows the axes of a program's inputs through its calls, one call after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cutwise.importers.torch_format.axes.axis_labels import Labels
from cutwise.importers.torch_format.axes.axis_parts import (
    NOBODY,
    Axes,
    AxisPart,
    labels_of,
    size_of,
    unlabelled,
)
from cutwise.importers.torch_format.axes.axis_reading import Reading
from cutwise.importers.torch_format.axes.axis_rules import MOVES, rule_for_axes
from cutwise.importers.torch_format.facts import Facts


@dataclass(slots=True)
class AxisTrace:
    """The axes of every tensor that an input reaches, and what became of the labels.

    `inputs` has the labels of each input's axes, None for axes of size 1; `symbols` what the program calls
    the size of a label that is open.
    """

    labels: Labels = field(default_factory=Labels)
    axes: dict[str, Axes] = field(default_factory=dict)
    inputs: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    symbols: dict[int, str] = field(default_factory=dict)
    _shared: dict[str, int] = field(default_factory=dict)

    def enter_input(self, name: str, shape: Sequence[int], symbols: Sequence[str]) -> None:
        """Labels the axes of an input; axes that the program calls by one symbol are one."""
        found: list[int | None] = []
        for size, symbol in zip(shape, symbols, strict=True):
            label = self.labels.new(size) if size > 1 else None
            if symbol and label is not None:
                label = self._shared.setdefault(symbol, label)
                self.symbols[label] = symbol
            found.append(label)
        self.inputs[name] = tuple(found)
        self.axes[name] = tuple(
            () if label is None else (AxisPart(label, size),)
            for label, size in zip(found, shape, strict=True)
        )

    def follow(self, facts: Facts) -> None:
        """Enters the axes of what a call makes, and which axes it mixes."""
        refs = facts.call.refs()
        if not any(name in self.axes for name in refs):
            return
        reading = Reading(facts, self.axes, self.labels)
        rule = rule_for_axes(facts)
        made = [name for name in facts.call.outputs if name]
        found = rule(reading)
        if found is None:
            return
        for name, axes in zip(made, _fitted(found, made, facts), strict=True):
            self.axes[name] = reading.others.get(name, axes)
        self._mix_what_is_lost(facts, refs, found)

    def adopt(self, made: str, source: str, shape: Sequence[int]) -> None:
        """Gives `made`, a whole that was written in part, the axes of `source` where sizes are the same."""
        known, before = self.axes.get(source, ()), self.axes.get(made) or tuple(map(unlabelled, shape))
        if len(known) == len(shape):
            self.axes[made] = tuple(
                self.labels.one_axis([own, axis], size, made)
                for own, axis, size in zip(before, known, shape, strict=True)
            )

    def _mix_what_is_lost(self, facts: Facts, refs: Sequence[str], found: Axes) -> None:
        """Mixed is what is left out, and what stands there twice: each place beside every other."""
        left = Counter(map(self.labels.root, labels_of(found)))
        whole = Counter(
            self.labels.root(part.label)
            for axis in found
            for part in axis
            if part.label != NOBODY and self.labels.is_whole(part)
        )
        for label, times in whole.items():
            if times > 1:
                self.labels.mix(label, facts.call.name)
        for name in dict.fromkeys(refs):
            had = Counter(map(self.labels.root, labels_of(self.axes.get(name, ()))))
            for label, times in had.items():
                if left[label] >= times:
                    continue
                if facts.op in MOVES:
                    self.labels.moved.add(label)
                else:
                    self.labels.mix(label, facts.call.name)


def _fitted(found: Axes, made: Sequence[str], facts: Facts) -> Iterator[Axes]:
    """The axes for each result: those that were found, where their sizes are the result's."""
    for name in made:
        shape = facts.tensors[name].shape
        kept = found if len(found) == len(shape) else ()
        yield tuple(
            axis if size_of(axis) == size else unlabelled(size)
            for axis, size in zip(kept or [()] * len(shape), shape, strict=True)
        )
