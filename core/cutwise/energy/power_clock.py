r"""The best clock where power is a constant and a power of the clock: one equation that rises."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Number

HALVINGS = 60
"""The clock is known to one part in 2^60 of its range."""


def best_clock_ratio(
    *, rest: Number, rising: Number, exponent: float, fixed_time_ratio: float, least_ratio: Number
) -> Floats:
    r"""The $\phi$ in [least, 1] that minimises $(C + P_1 \phi^\alpha)(\tau + (1-\tau)/\phi)$.

    The derivative is 0 where $P_1[\alpha\tau\phi^{\alpha+1} + (\alpha-1)(1-\tau)\phi^\alpha] = (1-\tau) C$.
    Below that clock it is negative and above positive, so that it is bisected. With $\tau = 0$ it is
    $\phi^* = [C / ((\alpha-1) P_1)]^{1/\alpha}$; with $\alpha \le 1$ besides, the highest clock. `rest` is
    $C$ (what a second costs whatever the clock), `rising` $P_1$. Nothing rising gives 1. Broadcasts.

    >>> float(best_clock_ratio(rest=2.0, rising=8.0, exponent=3.0, fixed_time_ratio=0.0, least_ratio=0.1))
    0.5
    """
    still, slope = np.broadcast_arrays(np.asarray(rest, dtype=np.float64), np.asarray(rising))
    low: Floats = np.array(np.broadcast_to(np.minimum(least_ratio, 1.0), still.shape), dtype=np.float64)
    high, one = np.ones_like(low), 1.0 - fixed_time_ratio
    free, bound = one * (exponent - 1), exponent * fixed_time_ratio

    def falls(clock: Floats) -> Floats:
        """Positive where a higher clock costs less, 0 where it costs the same."""
        power = clock**exponent
        return np.asarray(one * still - slope * (bound * clock * power + free * power))

    highest, lowest = falls(high) >= 0, falls(low) <= 0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        up = falls(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    best = np.where(lowest, np.minimum(least_ratio, 1.0), 0.5 * (low + high))
    return np.asarray(np.where(highest, 1.0, best))
