"""Which axis of the inputs is the batch: one along which no op mixes, from the inputs to all outputs.

The axis of a candidate is followed through the graph. An op that sums, compares or looks along it, or that
holds a number for each place of it, shows that it is no batch; an op whose doing is not known leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cutwise.importers.onnx_format.graph import facts_of, tensors_read
from cutwise.importers.onnx_format.sizes.axis_places import (
    AxisPlace,
    MixedError,
    Passage,
    UnknownError,
)
from cutwise.importers.onnx_format.sizes.axis_table import moved
from cutwise.importers.onnx_format.tensors import OnnxTrace

CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class BatchAxis:
    """The axis of each input that is the batch, and its size."""

    axes: Mapping[str, int]
    size: int


@dataclass(frozen=True, slots=True)
class BatchFinding:
    """The batch that was found, if any; `mixed` says for candidates which op mixes along them.

    `open` is True where nothing is shown, `unknown` the op whose doing is not known, if that is why.
    """

    batch: BatchAxis | None
    mixed: Mapping[tuple[str, int], str]
    open: bool
    unknown: str = ""


def batch_axis(
    known: OnnxTrace, inputs: Sequence[str], named: Sequence[tuple[str, int]] = ()
) -> BatchFinding:
    """The batch axis of a traced graph; `named` are axes that the file itself calls the batch."""
    shapes = {name: known.tensors.known_spec(name).shape for name in inputs if known.tensors.spec(name)}
    mixed: dict[tuple[str, int], str] = {}
    unknown = ""
    for axes in _candidates(shapes, dict(named)):
        try:
            if _reaches_all_outputs(known, axes) and not _leaves_out_a_mixed_one(known, shapes, axes):
                name, axis = next(iter(axes.items()))
                return BatchFinding(BatchAxis(axes, shapes[name][axis]), mixed, open=False)
        except MixedError as error:
            for place in axes.items():
                mixed.setdefault(place, str(error))
        except UnknownError as error:
            unknown = unknown or str(error)
    return BatchFinding(None, mixed, open=bool(unknown), unknown=unknown)


def _candidates(
    shapes: Mapping[str, tuple[int, ...]], named: Mapping[str, int]
) -> Iterator[Mapping[str, int]]:
    """Axes that may be the batch, the likeliest first: named ones, then those that every wide input has."""
    wide = {name for name, shape in shapes.items() if len(shape) > 1}
    found = list(_in_turn(shapes, named))
    yield from found[: bool(named)]
    yield from sorted(found[bool(named) :], key=lambda axes: not wide <= axes.keys())


def _in_turn(shapes: Mapping[str, tuple[int, ...]], named: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
    """Axes that may be the batch, first axes before second ones, each once."""
    if named:
        yield named
    tried: list[Mapping[str, int]] = [named]
    wide = [name for name, shape in shapes.items() if len(shape) > 1] or list(shapes)
    for first, second in ((0, 1), (1, 0)):
        for name in wide[:CANDIDATES]:
            # A matrix has its samples in rows.
            if len(shapes[name]) <= 2 * first:
                continue
            size = shapes[name][first]
            found = {other: _axis(shapes[other], size, (first, second)) for other in wide}
            axes = {other: axis for other, axis in found.items() if axis is not None}
            for candidate in (axes, {name: first}):
                if candidate not in tried:
                    tried.append(candidate)
                    yield candidate


def _axis(shape: tuple[int, ...], size: int, order: tuple[int, int]) -> int | None:
    return next((axis for axis in order if axis < len(shape) and shape[axis] == size), None)


def _leaves_out_a_mixed_one(
    known: OnnxTrace, shapes: Mapping[str, tuple[int, ...]], axes: Mapping[str, int]
) -> bool:
    """True where an input that is as long is summed along that axis: nodes of a graph beside its edges."""
    name, axis = next(iter(axes.items()))
    for other, shape in shapes.items():
        if other not in axes and len(shape) > max(axis, 1) and 1 < shape[axis] == shapes[name][axis]:
            try:
                _reaches_all_outputs(known, {other: axis})
            except MixedError:
                return True
            except UnknownError:
                continue
    return False


def _reaches_all_outputs(known: OnnxTrace, axes: Mapping[str, int]) -> bool:
    """True when every output of the model has the axis; raises where an op mixes along it."""
    places: dict[str, AxisPlace] = {name: AxisPlace(axis) for name, axis in axes.items()}
    for step in known.steps:
        if places.keys().isdisjoint(step.inputs):
            continue
        if places.keys().isdisjoint(tensors_read(known.tensors, step)):
            continue
        facts = facts_of(known.tensors, step)
        values = {
            slot: known.tensors.values[name]
            for slot, name in enumerate(step.inputs)
            if name in known.tensors.values
        }
        found = tuple(places.get(name) for name in step.inputs)
        stored = frozenset(slot for slot, name in enumerate(step.inputs) if name in known.tensors.stored)
        passage = Passage(facts, values, found, stored, known.opsets.get("", 1))
        made = zip(step.outputs, moved(passage), strict=False)
        places |= {name: place for name, place in made if name and place is not None}
    outputs = [name for name in known.outputs if not known.tensors.is_constant(name)]
    return bool(outputs) and all(_is_in_front(known, axes, name, places.get(name)) for name in outputs)


def _is_in_front(known: OnnxTrace, axes: Mapping[str, int], name: str, place: AxisPlace | None) -> bool:
    """True where an output has the axis, before what it is joined with; a matrix where the inputs do."""
    if place is None or place.before > 1:
        return False
    return len(known.tensors.known_spec(name).shape) > 2 or place.axis in axes.values()
