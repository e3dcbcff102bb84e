"""The best clock of a power law against fine grids over clock and cut (P4, must-reproduce 1, 2, 3, 6)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.energy.power_clock import best_clock_ratio

GRID = 4001


class Round(NamedTuple):
    """A toy of P4's round: seconds and joules of every cut c (layers on the device) and server clock f."""

    device_s: float
    server_cycles: float
    transfer_s: float
    adapter_s: float
    coefficient: float
    layers: int
    least_hz: float
    most_hz: float

    def delay_s(self, cut: np.ndarray, clock_hz: np.ndarray) -> np.ndarray:
        crossing = np.where(cut < self.layers, self.transfer_s, 0.0)
        return (
            self.device_s * cut
            + self.server_cycles * (self.layers - cut) / clock_hz
            + crossing
            + self.adapter_s * cut
        )

    def energy_j(self, cut: np.ndarray, clock_hz: np.ndarray) -> np.ndarray:
        return self.coefficient * clock_hz**2 * self.server_cycles * (self.layers - cut)

    def spans(self) -> tuple[float, float]:
        cut, clock = np.meshgrid(np.arange(self.layers + 1), [self.least_hz, self.most_hz])
        return float(np.ptp(self.delay_s(cut, clock))), float(np.ptp(self.energy_j(cut, clock)))

    def utility(self, weight: float, cut: np.ndarray, clock_hz: np.ndarray) -> np.ndarray:
        """w D/dD + (1 - w) E/dE: P4's objective but for its constants."""
        delay, energy = self.spans()
        return (
            weight * self.delay_s(cut, clock_hz) / delay
            + (1 - weight) * self.energy_j(cut, clock_hz) / energy
        )

    def clock_hz(self, weight: float) -> float:
        delay, energy = self.spans()
        second, joule = weight / delay, (1 - weight) / energy
        ratio = best_clock_ratio(
            rest=second,
            rising=joule * self.coefficient * self.most_hz**3,
            exponent=3.0,
            fixed_time_ratio=0.0,
            least_ratio=self.least_hz / self.most_hz,
        )
        return float(self.most_hz * ratio)


def drawn(seed: int) -> Round:
    rng = np.random.default_rng(seed)
    return Round(
        device_s=10 ** rng.uniform(-1, 1),
        server_cycles=10 ** rng.uniform(8.5, 10),
        transfer_s=10 ** rng.uniform(-1, 1.5),
        adapter_s=10 ** rng.uniform(-3, -1),
        coefficient=10 ** rng.uniform(-26, -25),
        layers=int(rng.integers(4, 33)),
        least_hz=10 ** rng.uniform(8, 9),
        most_hz=2.46e9,
    )


ROUNDS = [drawn(seed) for seed in range(12)]
WEIGHTS = (0.02, 0.2, 0.5, 0.8, 0.98)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("world", ROUNDS)
def test_no_clock_of_a_fine_grid_is_better_for_any_cut(world: Round, weight: float) -> None:
    """P4 checks 1 and 2: relative excess at most 1e-6 for every cut, clipping included; the exhaustive grid
    over cut and clock never beats the closed form with the best cut."""
    cuts = np.arange(world.layers + 1)[:, None]
    grid = world.utility(weight, cuts, np.linspace(world.least_hz, world.most_hz, GRID))
    closed = world.utility(weight, cuts[:, 0], np.full(cuts.size, world.clock_hz(weight)))
    assert (closed <= grid.min(axis=1) * (1 + 1e-6)).all()
    assert closed.min() <= grid.min() * (1 + 1e-6)


def test_the_best_clock_of_the_grid_is_the_same_for_every_cut() -> None:
    """P4 check 1: time and energy have the work as a common factor. Unclipped, all cuts with work at the
    server agree to within a step of the grid."""
    world = ROUNDS[0]
    weight = next(
        w for w in np.linspace(0.01, 0.99, 99) if world.least_hz < world.clock_hz(w) < world.most_hz
    )
    grid = np.linspace(world.least_hz, world.most_hz, GRID)
    best = grid[world.utility(weight, np.arange(world.layers)[:, None], grid).argmin(axis=1)]
    assert best == pytest.approx(np.full(world.layers, world.clock_hz(weight)), abs=grid[1] - grid[0])


def test_all_weight_on_time_is_full_speed_and_none_is_the_slowest() -> None:
    """P4 check 1: w = 1 gives F max, w = 0 gives F min."""
    for world in ROUNDS:
        assert (world.clock_hz(1.0), world.clock_hz(0.0)) == (world.most_hz, world.least_hz)


def test_the_clock_does_not_depend_on_the_energy_coefficient() -> None:
    """P4 check 1: the span of energy grows with it, so it cancels."""
    for world in ROUNDS:
        assert world._replace(coefficient=7e-26).clock_hz(0.3) == pytest.approx(
            world.clock_hz(0.3), rel=1e-12
        )


def test_the_saving_at_cut_zero_is_what_the_clock_says() -> None:
    """Energy against full speed with all work at the server falls by 1 - (f/F)^2."""
    world = ROUNDS[1]
    clock = np.array([world.clock_hz(0.2), world.most_hz])
    mine, full = world.energy_j(np.zeros(2), clock)
    assert 1 - mine / full == pytest.approx(1 - (clock[0] / clock[1]) ** 2, rel=1e-14)


@pytest.mark.parametrize("weight", [0.1, 0.2, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("world", ROUNDS)
def test_equal_layers_end_at_an_end(world: Round, weight: float) -> None:
    """P4 check 3: at the best clock the objective is affine in the cut between 1 and L - 1."""
    cuts = np.arange(world.layers + 1)
    scores = world.utility(weight, cuts, np.full(cuts.size, world.clock_hz(weight)))
    assert scores.argmin() in (0, 1, world.layers - 1, world.layers)
    assert np.diff(scores[1 : world.layers], 2) == pytest.approx(0.0, abs=1e-9 * np.abs(scores).max())


def test_by_hand_with_static_power() -> None:
    """(16 / (2 x 64))^(1/3) = 1/2."""
    found = best_clock_ratio(rest=16.0, rising=64.0, exponent=3.0, fixed_time_ratio=0.0, least_ratio=0.1)
    assert found == pytest.approx(0.5, rel=1e-15)


def test_a_fixed_part_of_the_time_slows_the_clock() -> None:
    """Alpha 2, half of the time fixed: P1 (phi^3 + phi^2 / 2) = C / 2; at phi = 1/2 both are P1 / 4."""
    found = best_clock_ratio(rest=0.5, rising=1.0, exponent=2.0, fixed_time_ratio=0.5, least_ratio=0.1)
    assert found == pytest.approx(0.5, rel=1e-15)


@pytest.mark.parametrize("exponent", [0.3, 1.0])
def test_power_that_rises_no_faster_than_speed_asks_for_the_highest_clock(exponent: float) -> None:
    found = best_clock_ratio(rest=0.1, rising=9.0, exponent=exponent, fixed_time_ratio=0.0, least_ratio=0.1)
    assert found == 1.0


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.2, 5.0),
    st.sampled_from([0.0, 0.1, 0.3, 0.6, 0.9]),
)
def test_no_clock_of_a_grid_is_cheaper(seed: int, exponent: float, fixed: float) -> None:
    """Twenty draws of what a second and the rising power cost, with ends, nothing and all of it."""
    rng = np.random.default_rng(seed)
    rest, rising = 10 ** rng.uniform(-3, 3, 20), 10 ** rng.uniform(-3, 3, 20)
    rest[0], rising[1] = 0.0, 0.0
    least = rng.uniform(0.01, 1.0, 20)
    found = best_clock_ratio(
        rest=rest, rising=rising, exponent=exponent, fixed_time_ratio=fixed, least_ratio=least
    )

    def cost(clock: np.ndarray) -> np.ndarray:
        return (rest + rising * clock**exponent) * (fixed + (1 - fixed) / clock)

    grid = least + np.linspace(0, 1, 1001)[:, None] * (1 - least)
    assert np.all((found >= least) & (found <= 1))
    assert np.all(cost(found) <= cost(grid).min(axis=0) * (1 + 1e-12))


def test_the_price_of_what_is_owed_slows_the_clock_down() -> None:
    """Lyapunov: f = (V / (2 xi Q))^(1/3) with V = 16, xi = 1: 2 Hz at Q = 1, 1 Hz at Q = 8, of 9 Hz."""
    found = best_clock_ratio(
        rest=16.0 / 9,
        rising=np.array([0.0, 1.0, 8.0]) * 81.0,
        exponent=3.0,
        fixed_time_ratio=0.0,
        least_ratio=0.01,
    )
    assert 9 * found == pytest.approx([9.0, 2.0, 1.0])


def test_a_least_clock_above_the_highest_gives_the_highest() -> None:
    found = best_clock_ratio(rest=0.0, rising=1.0, exponent=3.0, fixed_time_ratio=0.0, least_ratio=5.0 / 3)
    assert found == 1.0


def test_power_at_full_speed_is_that_of_a_graphics_card() -> None:
    """P4 check 6: 2e-26 W/Hz^3 at 2.46 GHz is 297.7 W."""
    assert 100 < 2e-26 * 2.46e9**3 < 450
