"""Radio cells as falling convex laws: seconds from a share of 40 MHz, by Shannon's formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Laws = Callable[[np.ndarray], np.ndarray]
BAND_HZ, NOISE_W_PER_HZ = 40e6, 10 ** (-17.4) / 1e3 * 10**0.5


def gains(seed: int, count: int) -> np.ndarray:
    """Power gains at 20 to 200 m under 128.1 + 37.6 log10 km with Rayleigh fading cut off at 0.05."""
    rng = np.random.default_rng(seed)
    loss_db = 128.1 + 37.6 * np.log10(rng.uniform(20, 200, count) / 1000)
    return 10 ** (-loss_db / 10) * rng.exponential(1, count).clip(0.05)


def fixed_seconds(seed: int, count: int) -> np.ndarray:
    return 1 / np.random.default_rng(seed).choice([0.35, 0.7, 1.4, 2.8], count)


def radio(seed: int, count: int, *, most_bps_per_hz: float = 99.0) -> Laws:
    """Seconds for 26 Mbit up at 23 dBm and 400 Mbit down at 10 W over all devices, without fixed parts."""
    gain = gains(seed, count)

    def seconds(share: np.ndarray) -> np.ndarray:
        band_hz = share * BAND_HZ
        shape = gain.reshape(-1, *[1] * (share.ndim - 1))
        up = np.log2(1 + 0.2 * shape / (NOISE_W_PER_HZ * band_hz))
        down = np.log2(1 + 10 * shape / (NOISE_W_PER_HZ * BAND_HZ))
        efficiency = np.minimum(up, most_bps_per_hz), np.minimum(down, most_bps_per_hz)
        return 26e6 / (band_hz * efficiency[0]) + 4e8 / (band_hz * efficiency[1])

    return seconds


def finish_of(seed: int, count: int) -> Laws:
    fixed, seconds = fixed_seconds(seed, count), radio(seed, count)
    return lambda share: fixed + seconds(share)
