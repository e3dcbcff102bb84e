"""A square of points that is asked where its answers differ: coarse first, finer along the borders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen

UNKNOWN = -2


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AskedPoints(Frozen):
    """What is best at points (points,), -1 for nothing, and the scores of all (candidates, points)."""

    best: Ints
    scores: Floats


Ask = Callable[[Ints, Ints], AskedPoints]
"""The answers at points of the square, given by their rows and columns."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AdaptiveGrid(Frozen):
    """What is best at every point of a square, with scores (candidates, rows, columns).

    `asked` are the points that were asked; between them a cell whose corners agree is filled with what they
    say, its scores as they change from corner to corner.
    """

    best: Ints
    scores: Floats
    asked: Mask


def adaptive_grid(ask: Ask, *, coarse: int, levels: int) -> AdaptiveGrid:
    """The square of `coarse` cells a side, each that has different corners parted in four, `levels` times.

    What lies wholly within a cell whose corners agree is missed.

    >>> def ask(rows, columns):
    ...     left = (columns < 5).astype(int)
    ...     return AskedPoints(best=left, scores=np.ones((2, len(rows))))
    >>> found = adaptive_grid(ask, coarse=2, levels=2)
    >>> found.best[0].tolist(), int(found.asked.sum()), found.asked.size
    ([1, 1, 1, 1, 1, 0, 0, 0, 0], 35, 81)
    """
    step = 1 << levels
    size = coarse * step + 1
    lattice = np.arange(0, size, step)
    rows, columns = (one.ravel() for one in np.meshgrid(lattice, lattice, indexing="ij"))
    told = ask(rows, columns)
    best = np.full((size, size), UNKNOWN, dtype=np.int64)
    scores = np.full((len(told.scores), size, size), np.nan)
    best[rows, columns], scores[:, rows, columns] = told.best, told.scores
    cells, left = _origins(lattice[:-1]), []
    while step > 1:
        differ = _differ(best, cells, step)
        left += [(step, cell) for cell in cells[~differ].tolist()]
        cells, step = cells[differ], step // 2
        rows, columns = _new_points(best, cells, step)
        if len(rows):
            told = ask(rows, columns)
            best[rows, columns], scores[:, rows, columns] = told.best, told.scores
        cells = np.concatenate([cells + np.array([up, on]) * step for up in (0, 1) for on in (0, 1)])
    asked = best != UNKNOWN
    for side, (row, column) in left:
        _fill(best, scores, side, row, column)
    return AdaptiveGrid(best=best, scores=scores, asked=asked)


def _origins(lattice: Ints) -> Ints:
    return np.array([[row, column] for row in lattice.tolist() for column in lattice.tolist()])


def _differ(best: Ints, cells: Ints, step: int) -> Mask:
    rows, columns = cells.T
    corners = [best[rows + up, columns + on] for up in (0, step) for on in (0, step)]
    return np.asarray(np.any([corner != corners[0] for corner in corners[1:]], axis=0), dtype=bool)


def _new_points(best: Ints, cells: Ints, step: int) -> tuple[Ints, Ints]:
    """The middles of cells and of their sides that were not asked yet."""
    beside = np.array([[step, 0], [0, step], [step, step], [2 * step, step], [step, 2 * step]])
    points = np.unique((cells[:, None] + beside).reshape(-1, 2), axis=0)
    rows, columns = points.T
    new = best[rows, columns] == UNKNOWN
    return rows[new], columns[new]


def _fill(best: Ints, scores: Floats, side: int, row: int, column: int) -> None:
    """Writes what a cell whose corners agree says of the points in it that were not asked."""
    within = (slice(row, row + side + 1), slice(column, column + side + 1))
    free = best[within] == UNKNOWN
    share = np.linspace(0.0, 1.0, side + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        corners = np.log(scores[:, [[row], [row + side]], [column, column + side]])
        sides = corners[:, 0, None] * (1 - share)[:, None] + corners[:, 1, None] * share[:, None]
        inner = sides[..., :1] * (1 - share) + sides[..., 1:] * share
    values = np.where(np.isnan(inner), np.inf, np.exp(np.where(np.isnan(inner), 0.0, inner)))
    best[within][free] = best[row, column]
    scores[(slice(None), *within)][:, free] = values[:, free]
