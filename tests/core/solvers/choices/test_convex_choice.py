"""Options, band and server together under Shannon's law, with and without a ceiling on the efficiency."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cutwise.solvers.choices.convex_choice import minmax_convex_choice
from cutwise.solvers.shares.tangent_shares import minmax_convex_shares
from tests.core.solvers.shares.cells import radio


def world(seed: int, count: int, layers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Device seconds, server work, and how many times the bits of the first cut cross at each cut."""
    rng = np.random.default_rng(seed)
    blocks = np.arange(1, layers)
    speed, held = rng.choice([0.35, 0.7, 1.4, 2.8], (count, 1)), rng.integers(2, layers, (count, 1))
    fixed = np.where(blocks <= held, blocks / speed, np.inf)
    server = np.tile((layers - blocks) / rng.choice([6.0, 20.0, 60.0]), (count, 1))
    return fixed, server, rng.uniform(0.3, 2, layers - 1) if seed % 2 else np.ones(layers - 1)


@pytest.mark.parametrize("ceiling", [99.0, 6.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_is_that_of_enumeration_and_certified(seed: int, ceiling: float) -> None:
    """P3 with block allocation, band and server shares at once, against every choice of three devices."""
    fixed, work, bits = world(seed, 3, 6)
    seconds = radio(seed, 3, most_bps_per_hz=ceiling)
    found = minmax_convex_choice(lambda x: seconds(x) * bits, fixed, work)
    items, values = np.arange(3), []
    for choice in map(np.array, itertools.product(*[np.flatnonzero(np.isfinite(row)) for row in fixed])):
        spent, scale = fixed[items, choice], bits[choice]
        split = minmax_convex_shares(lambda x, c=spent, s=scale: c + seconds(x) * s, work[items, choice])
        values.append(split.value)
    assert found.split.value == pytest.approx(min(values), rel=1e-6)
    assert found.bound <= min(values)
    assert found.bound >= found.split.value * (1 - 1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_eight_devices_and_23_cuts_are_certified(seed: int) -> None:
    fixed, work, bits = world(seed, 8, 24)
    seconds = radio(seed, 8)
    found = minmax_convex_choice(lambda x: seconds(x) * bits, fixed, work)
    shares = found.split.shares
    items = np.arange(8)
    reached = (
        fixed[items, found.options]
        + (seconds(shares[:, :1]) * bits)[items, found.options]
        + work[items, found.options] / shares[:, 1]
    )
    assert found.split.value == pytest.approx(float(reached.max()), rel=1e-9)
    assert found.bound <= found.split.value <= found.bound * (1 + 2e-3)
