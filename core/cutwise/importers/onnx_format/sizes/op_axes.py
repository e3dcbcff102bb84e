"""What each ONNX operator does to an axis that may be the batch: moves it, leaves it, or mixes along it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cutwise.importers.onnx_format.sizes.axis_places import (
    AxisPlace,
    AxisRule,
    Outcome,
    Passage,
    UnknownError,
)

FLATTENED_BEFORE_13 = frozenset({"Softmax", "LogSoftmax", "Hardmax"})


def elementwise(step: Passage) -> Outcome:
    """Operands are aligned from the right; none may hold a number for each place of the axis alone."""
    rank = len(step.made)
    moved = {
        AxisPlace(place.axis - len(step.shape(slot)) + rank, place.before, place.after)
        for slot, place in enumerate(step.places)
        if place is not None
    }
    if len(moved) > 1:
        raise step.mixed()
    place = moved.pop()
    for slot, found in enumerate(step.places):
        axis = place.axis - rank + len(step.shape(slot))
        if found is None and axis >= 0 and step.shape(slot)[axis] > 1 and not step.repeats(slot, axis):
            raise step.mixed()
    return [place] * len(step.facts.outputs)


def same(step: Passage) -> Outcome:
    """The axis stays where it is in the first input."""
    return [step.first[1] if step.first[0] == 0 else None] * len(step.facts.outputs)


def first_output(step: Passage) -> Outcome:
    """What is made beside it, a scale and a zero point, is one for all."""
    return [step.first[1], None, None]


def not_along(default: int, *, several: bool = False) -> AxisRule:
    """The op works along one axis, or along it and all behind it."""

    def rule(step: Passage) -> Outcome:
        slot, place = step.first
        rank = len(step.shape(slot))
        old = step.opset < 13 and step.facts.op_type in FLATTENED_BEFORE_13
        axis = step.facts.count("axis", 1 if old else default) % rank
        along = range(axis, rank) if several or old else (axis,)
        if slot or place.axis in along:
            raise step.mixed()
        return [place] * len(step.facts.outputs)

    return rule


def leading(*axes: int) -> AxisRule:
    """Only these axes are left alone."""

    def rule(step: Passage) -> Outcome:
        slot, place = step.first
        if slot or place.axis not in axes:
            raise step.mixed()
        return [place] + [None] * (len(step.facts.outputs) - 1)

    return rule


def batch_norm(step: Passage) -> Outcome:
    """Channels, the second axis, are normalised over all samples."""
    slot, place = step.first
    if slot or place.axis == 1:
        raise step.mixed()
    return [place] + [None] * (len(step.facts.outputs) - 1)


def transposed(step: Passage) -> Outcome:
    """The axis moves with the order of the axes."""
    _, place = step.first
    rank = len(step.shape(0))
    order = step.facts.sizes("perm", tuple(reversed(range(rank))))
    return [AxisPlace(order.index(place.axis), place.before, place.after)]


def reshaped(step: Passage) -> Outcome:
    """What lies before the axis in memory and what lies behind it stay the same."""
    _, place = step.first
    shape = step.shape(0)
    outer = math.prod(shape[: place.axis]) * place.before
    size = shape[place.axis] // (place.before * place.after)
    passed = 1
    for axis, length in enumerate(step.made):
        inside, rest = divmod(outer, passed)
        if not rest and length % (inside * size) == 0 and (size > 1 or inside * size <= length):
            return [AxisPlace(axis, inside, length // (inside * size))]
        passed *= length
    raise step.mixed()


def unsqueezed(step: Passage) -> Outcome:
    """New axes push the axis back."""
    axes = step.axes()
    if axes is None:
        raise UnknownError(step.facts.op_type)
    _, place = step.first
    added = {axis % len(step.made) for axis in axes}
    kept = [axis for axis in range(len(step.made)) if axis not in added]
    return [AxisPlace(kept[place.axis], place.before, place.after)]


def squeezed(step: Passage) -> Outcome:
    """Axes of one place go."""
    _, place = step.first
    rank = len(step.shape(0))
    axes = step.axes()
    gone = (
        {axis % rank for axis in axes}
        if axes is not None
        else {a for a, n in enumerate(step.shape(0)) if n == 1}
    )
    return [_without(step, place, gone)]


def _without(step: Passage, place: AxisPlace, gone: Iterable[int]) -> AxisPlace:
    gone = set(gone)
    if place.axis in gone:
        raise step.mixed()
    return AxisPlace(place.axis - sum(axis < place.axis for axis in gone), place.before, place.after)


def reduced(step: Passage) -> Outcome:
    """What is summed or compared is no batch."""
    _, place = step.first
    rank = len(step.shape(0))
    axes = step.axes()
    gone = {axis % rank for axis in axes} if axes else set(range(rank))
    if axes is None and step.facts.count("noop_with_empty_axes", 0):
        gone = set()
    if place.axis in gone:
        raise step.mixed()
    keeps = bool(step.facts.count("keepdims", 1))
    return [place if keeps else _without(step, place, gone)]


def arg_reduced(step: Passage) -> Outcome:
    """What is searched for the largest is no batch."""
    _, place = step.first
    axis = step.facts.count("axis", 0) % len(step.shape(0))
    if place.axis == axis:
        raise step.mixed()
    return [place if step.facts.count("keepdims", 1) else _without(step, place, {axis})]


def joined(step: Passage) -> Outcome:
    """Stored pieces beside those with the axis are the same for each place of it."""
    axis = step.facts.count("axis", 0) % len(step.made)
    if len(step.made) > len(step.shape(step.first[0])):
        # What turns of a loop hand out is stacked along a new axis.
        return [
            AxisPlace(place.axis + (place.axis >= axis), place.before, place.after)
            for place in (step.first[1],)
        ]
    found = {place for place in step.places if place is not None}
    if len(found) > 1 or any(place.axis == axis for place in found):
        raise step.mixed()
    return [found.pop()]


def cut(step: Passage) -> Outcome:
    """Slices, pieces and paddings: the axis is whole behind them."""
    slot, place = step.first
    if slot or step.made[place.axis] != step.shape(0)[place.axis]:
        raise step.mixed()
    return [place] * len(step.facts.outputs)


def gathered(step: Passage) -> Outcome:
    """Rows of a table by their numbers, or some places of all others."""
    axis = step.facts.count("axis", 0) % max(1, len(step.shape(0)))
    data, indices = (*step.places, None)[:2]
    if data is not None and indices is not None:
        raise step.mixed()
    if indices is not None:
        return [AxisPlace(axis + indices.axis, indices.before, indices.after)]
    if data is None or data.axis == axis:
        raise step.mixed()
    moved = data.axis if data.axis < axis else data.axis + len(step.shape(1)) - 1
    return [AxisPlace(moved, data.before, data.after)]


def looked_up(step: Passage) -> Outcome:
    """Rows of a packed table, by numbers of any shape."""
    slot, place = step.first
    if slot != 1:
        raise step.mixed()
    axis = step.facts.count("gather_axis", 0)
    return [AxisPlace(axis + place.axis, place.before, place.after)]


def product(step: Passage) -> Outcome:
    """Rows of the first, columns of the second or both's leading axes are left alone."""
    rank = len(step.made)
    found = set()
    for slot, inner in ((0, -1), (1, -2)):
        place, own = step.places[slot], len(step.shape(slot))
        if place is not None:
            if own == 1 or place.axis == own + inner:
                raise step.mixed()
            found.add(AxisPlace(place.axis - own + rank, place.before, place.after))
    if len(found) > 1:
        raise step.mixed()
    place = found.pop()
    leading = place.axis < rank - 2
    if None not in step.places[:2] and not leading:
        raise step.mixed()
    for slot in (0, 1):
        axis = place.axis - rank + len(step.shape(slot))
        if leading and step.places[slot] is None and axis >= 0 and step.shape(slot)[axis] > 1:
            raise step.mixed()
    return [place]


def gemm(step: Passage) -> Outcome:
    """Rows of the first or columns of the second."""
    left, right = step.places[0], step.places[1]
    if left is not None and right is None:
        kept, axis = left.axis, 1 if step.facts.count("transA", 0) else 0
        place = AxisPlace(0, left.before, left.after)
    elif right is not None and left is None:
        kept, axis = right.axis, 0 if step.facts.count("transB", 0) else 1
        place = AxisPlace(1, right.before, right.after)
    else:
        raise step.mixed()
    if kept != axis:
        raise step.mixed()
    return [place]


def einsum(step: Passage) -> Outcome:
    """The letter of the axis, where it is in the result and no other operand has it unlabelled."""
    equation = str(step.facts.attributes.get("equation", "")).replace(" ", "")
    left, arrow, result = equation.partition("->")
    if not arrow or "." in equation:
        raise UnknownError("Einsum")
    terms = left.split(",")
    letters = {terms[slot][place.axis] for slot, place in enumerate(step.places) if place is not None}
    letter = letters.pop()
    unlabelled = (term for slot, term in enumerate(terms) if step.places[slot] is None)
    if letters or letter not in result or any(letter in term for term in unlabelled):
        raise step.mixed()
    return [AxisPlace(result.index(letter))]


def recurrent(step: Passage) -> Outcome:
    """Time is the first axis and the batch the second, or the other way round in layout 1."""
    slot, place = step.first
    swapped = bool(step.facts.count("layout", 0))
    batch = 0 if swapped else 1
    if slot or place.axis != batch:
        raise step.mixed()
    for other in (5, 6):
        found = step.places[other] if other < len(step.places) else None
        if (found.axis != batch) if found is not None else step.shape(other)[batch : batch + 1] > (1,):
            raise step.mixed()
    states = AxisPlace(0 if swapped else 1, place.before, place.after)
    return [AxisPlace(0 if swapped else 2, place.before, place.after), states, states]


def repeated(step: Passage) -> Outcome:
    """An axis that is not repeated along itself stays."""
    slot, place = step.first
    axis = place.axis - len(step.shape(0)) + len(step.made)
    if slot or step.made[axis] != step.shape(0)[place.axis]:
        raise step.mixed()
    return [AxisPlace(axis, place.before, place.after)]
