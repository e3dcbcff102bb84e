"""How scores depend on a quantity: three points tell, and nothing is assumed of the formula behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import FrozenDict

Transform = Callable[[Floats], Floats]


def _same(values: Floats) -> Floats:
    return values


def _inverse(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / values)


LAWS: Mapping[str, Transform] = FrozenDict({"hyperbolic": _inverse, "linear": _same})
"""What scores are straight lines over: one over a rate or a speed, a latency or a power itself.

Each is its own inverse.
"""
STRAIGHT = 1e-11
"""Relative: what lies nearer to a line than this lies on it."""


def law_over(values: Floats, table: Floats) -> str | None:
    """The law by which figures (…, 3) depend on three values; None where none holds.

    >>> law_over(np.array([1.0, 2.0, 4.0]), np.array([[5.0, 3.0, 2.0]]))
    'hyperbolic'
    >>> law_over(np.array([1.0, 2.0, 4.0]), np.array([[1.0, 4.0, 16.0]]))
    """
    return next((law for law in LAWS if _holds(LAWS[law](values), table)), None)


def _holds(points: Floats, table: Floats) -> bool:
    if not np.isfinite(points).all() or points[0] == points[2]:
        return False
    first, middle, last = np.moveaxis(table, -1, 0)
    share = (points[1] - points[0]) / (points[2] - points[0])
    told = first + share * (last - first)
    return bool((np.abs(told - middle) <= STRAIGHT * np.maximum(np.abs(first), np.abs(last))).all())
