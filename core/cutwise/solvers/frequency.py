"""The clock that minimises a weighted sum of time and energy of work whose power grows with its cube."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Number


def best_frequency_hz(
    *,
    time_weight: Number,
    energy_weight: Number,
    coefficient: Number,
    least_hz: Number,
    most_hz: Number,
    static_power_w: Number = 0.0,
) -> Floats:
    r"""The f in [least, most] that minimises $a X/f + b\,(\xi f^2 + P_s/f) X$ for every work X > 0.

    $f^* = [(a/b + P_s) / (2 \xi)]^{1/3}$, clipped: the work X is a common factor, so the answer does not
    depend on it, and in P4 (CARD, arXiv 2412.00090) not on the cut. With $a$ a price of a second, $b$ a
    price of a joule and $\xi$ in W/Hz³. `energy_weight` 0 gives `most_hz`; no price on time and no static
    power gives `least_hz`. Lyapunov form (arXiv 2403.05158): a = V, b = the energy queue. Broadcasts.

    >>> best = best_frequency_hz(time_weight=16.0, energy_weight=1.0, coefficient=1.0, least_hz=1.0,
    ...                          most_hz=9.0)
    >>> float(best)  # (16/2)^(1/3)
    2.0
    """
    a, b, least, most = (
        np.asarray(given, dtype=np.float64) for given in (time_weight, energy_weight, least_hz, most_hz)
    )
    push, pull = a + b * static_power_w, 2 * b * coefficient
    cube: Floats = np.divide(push, pull, out=np.full(np.broadcast(push, pull).shape, np.inf), where=pull > 0)
    return np.clip(np.cbrt(cube), np.minimum(least, most), most)


def next_queue_j(*, queue_j: Number, energy_j: Number, budget_j: Number) -> Floats:
    r"""Energy owed after a slot: $Q_{t+1} = \max(Q_t + E_t - \bar E, 0)$ (arXiv 2403.05158).

    >>> float(next_queue_j(queue_j=2.0, energy_j=5.0, budget_j=4.0))
    3.0
    """
    return np.maximum(np.asarray(queue_j) + energy_j - budget_j, 0.0)
