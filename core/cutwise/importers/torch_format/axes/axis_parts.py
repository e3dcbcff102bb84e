"""Axes as products of labelled parts, so that they can be followed through reshapes.

A (3, 8) tensor flattened to 24 has one axis of two parts; whoever splits it again finds both. Axes of
size 1 have no parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

NOBODY = -1


@dataclass(frozen=True, slots=True)
class AxisPart:
    """A factor of an axis: the label of the input axis that it comes from, or `NOBODY`'s, and its size."""

    label: int
    size: int


Axis: TypeAlias = tuple[AxisPart, ...]
Axes: TypeAlias = tuple[Axis, ...]


def unlabelled(size: int) -> Axis:
    """An axis of `size` that no input axis is part of."""
    return (AxisPart(NOBODY, size),) if size > 1 else ()


def size_of(axis: Axis) -> int:
    """Number of places along `axis`."""
    return math.prod(part.size for part in axis)


def labels_of(axes: Axes) -> Iterator[int]:
    """The labels of all parts, as often as they stand there."""
    return (part.label for axis in axes for part in axis if part.label != NOBODY)


def regrouped(axes: Axes, shape: Sequence[int]) -> Axes | None:
    """The parts of `axes` in order, as axes of the sizes of `shape`; None where a part does not divide.

    >>> batch, words = (AxisPart(0, 2),), (AxisPart(1, 6),)
    >>> flat = regrouped((batch, words), (12,))
    >>> [[part.label for part in axis] for axis in flat]
    [[0, 1]]
    >>> [[(part.label, part.size) for part in axis] for axis in regrouped(flat, (4, 3))]
    [[(0, 2), (1, 2)], [(1, 3)]]
    """
    left = [part for axis in reversed(axes) for part in reversed(axis)]
    if math.prod(part.size for part in left) != math.prod(shape):
        return None
    found: list[Axis] = []
    for size in shape:
        axis: list[AxisPart] = []
        while size > 1:
            part = left.pop()
            if size % part.size == 0:
                axis.append(part)
                size //= part.size
            elif part.size % size == 0:
                axis.append(AxisPart(part.label, size))
                left.append(AxisPart(part.label, part.size // size))
                size = 1
            else:
                return None
        found.append(tuple(axis))
    return tuple(found)


def paired(one: Axis, other: Axis) -> Iterator[tuple[AxisPart, AxisPart]] | None:
    """The parts of two axes of one size, cut where either is cut; None where they do not divide."""
    whole = size_of(one)
    cuts = sorted({*_cuts(one), *_cuts(other)})
    sizes = [after // before for before, after in zip([1, *cuts], [*cuts, whole], strict=True)]
    if math.prod(sizes) != whole:
        return None
    both = regrouped((one,), sizes), regrouped((other,), sizes)
    if both[0] is None or both[1] is None:
        return None
    return ((a[0], b[0]) for a, b in zip(both[0], both[1], strict=True) if a and b)


def _cuts(axis: Axis) -> Iterator[int]:
    """The products of the first parts, one more at a time, without the whole."""
    product = 1
    for part in axis[:-1]:
        product *= part.size
        yield product
