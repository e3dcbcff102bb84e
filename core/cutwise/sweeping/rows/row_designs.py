"""Designs: how many rows a sweep has, and the column of an axis in any stretch of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen, FrozenDict
from cutwise.sweeping.rows.axes import Numbers, SweptAxis
from cutwise.sweeping.rows.counted_draws import drawn_shares, key_of, shuffled_places

DEFAULT_DESIGN, PAIRED = "grid", "paired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Frozen):
    """The rows from `first` to before `last` of all `rows`, and the `seed` of what is drawn in them."""

    first: int
    last: int
    rows: int
    seed: int

    @property
    def places(self) -> Ints:
        """The number of each row."""
        return np.arange(self.first, self.last)

    def shares(self, use: str, path: str) -> Floats:
        """A number between 0 and 1 for each row; another use or path has others."""
        key = key_of(self.seed, use, path)
        return drawn_shares(key=key, first=self.first, count=self.last - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design(Frozen):
    """How rows are laid out; `draws` says that their number is given and ranges need no points."""

    help: str
    draws: bool
    counted: Callable[[Sequence[SweptAxis]], int]
    column: Callable[[Sequence[SweptAxis], int, Stretch], Numbers]


def _grid_column(axes: Sequence[SweptAxis], at: int, stretch: Stretch) -> Numbers:
    step = math.prod(axis.count for axis in axes[at + 1 :])
    return axes[at].at_places(stretch.places // step % axes[at].count)


def _paired_column(axes: Sequence[SweptAxis], at: int, stretch: Stretch) -> Numbers:
    return axes[at].at_places(stretch.places)


def _random_column(axes: Sequence[SweptAxis], at: int, stretch: Stretch) -> Numbers:
    axis = axes[at]
    return axis.at_shares(stretch.shares("random", axis.path))


def _layered_column(axes: Sequence[SweptAxis], at: int, stretch: Stretch) -> Numbers:
    """One row in each of as many layers of equal share as there are rows, in a shuffled order."""
    axis = axes[at]
    key = key_of(stretch.seed, "order", axis.path)
    layers = shuffled_places(stretch.places, count=stretch.rows, key=key)
    within = stretch.shares("layer", axis.path)
    return axis.at_shares(np.minimum((layers + within) / stretch.rows, np.nextafter(1.0, 0.0)))


DESIGNS: Mapping[str, Design] = FrozenDict(
    {
        DEFAULT_DESIGN: Design(
            help="every value with every other; the last path changes fastest",
            draws=False,
            counted=lambda axes: math.prod(axis.count for axis in axes),
            column=_grid_column,
        ),
        PAIRED: Design(
            help="the first values together, then the second ones, …",
            draws=False,
            counted=lambda axes: max((axis.count for axis in axes), default=1),
            column=_paired_column,
        ),
        "random": Design(
            help="every row drawn by itself, evenly over what each path may be",
            draws=True,
            counted=lambda axes: 0,
            column=_random_column,
        ),
        "latin_hypercube": Design(
            help="drawn so that each path has one row in each of as many equal layers as there are rows",
            draws=True,
            counted=lambda axes: 0,
            column=_layered_column,
        ),
    }
)
"""How the rows of a sweep may be laid out."""
