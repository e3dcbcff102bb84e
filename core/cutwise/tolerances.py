"""How near two numbers count as equal: every tolerance of a claim by its name and reason.

Where a search stops improving is a matter of its method and stands there.
"""

from __future__ import annotations

import math

LIMIT_ROUNDING = 1e-9
"""An amount that passes its limit by at most this ratio keeps it: sums of many terms differ by rounding."""

CLOSED_GAP = 1e-9
"""A value within this ratio of its bound is proven optimal."""

SAME_RATIO = 1e-9
"""Results within this ratio of each other are equal to a reader: one place in a ranking."""

SUM_ROUNDING = 1e-12
"""The same numbers added up in another order differ by less than this ratio."""

LEAST_SEARCHED_SHARE = 1e-6
"""Searches that are not exact keep away from shares so small, where times grow without bound."""

SMALLEST_SHARE = 1e-12
"""A share below this is none: rates are divided by shares."""

NOTHING = 1e-100
"""Seconds, joules and weighted sums below this are none: what is smallest in an input is far larger."""


def rounded_bound(bound: float, value: float) -> float:
    """The bound, or the value that is reached where the two differ by the rounding of sums alone.

    >>> rounded_bound(2.0 + 1e-15, 2.0), rounded_bound(2.0 - 1e-15, 2.0), rounded_bound(1.5, 2.0)
    (2.0, 2.0, 1.5)
    """
    same = math.isfinite(value) and abs(value - bound) <= SUM_ROUNDING * abs(value) + NOTHING
    return value if same else bound
