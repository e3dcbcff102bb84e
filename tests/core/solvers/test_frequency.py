"""The clock in closed form against fine grids over clock and cut (P4, must-reproduce 1, 2, 3, 6)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.solvers.frequency import best_frequency_hz, next_queue_j

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
        return float(
            best_frequency_hz(
                time_weight=second,
                energy_weight=joule,
                coefficient=self.coefficient,
                least_hz=self.least_hz,
                most_hz=self.most_hz,
            )
        )


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
    """a = 3, b = 0.5, P = 10, xi = 1/16: cube (6 + 10) * 8 = 128; f = 128^(1/3) = 5.0397."""
    clock = best_frequency_hz(
        time_weight=3.0, energy_weight=0.5, coefficient=1 / 16, least_hz=1.0, most_hz=9.0, static_power_w=10.0
    )
    assert clock == pytest.approx(5.0396842)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.0, 1.0),
    st.floats(1e-3, 1.0),
    st.floats(1e-3, 1e3),
    st.floats(0.0, 100.0),
    st.floats(0.1, 5.0),
)
def test_no_clock_is_cheaper_with_static_power(
    a: float, b: float, xi: float, static: float, least: float
) -> None:
    """The P_s variant: a/f + b (xi f^2 + P/f) on a grid between the bounds."""
    found = float(
        best_frequency_hz(
            time_weight=a, energy_weight=b, coefficient=xi, least_hz=least, most_hz=6.0, static_power_w=static
        )
    )

    def cost(f: np.ndarray) -> np.ndarray:
        return a / f + b * (xi * f**2 + static / f)

    assert cost(np.array(found)) <= cost(np.linspace(least, 6.0, 2001)).min() * (1 + 1e-12)


def test_the_queue_form_slows_down_as_energy_is_owed() -> None:
    """Lyapunov: f = (V / (2 xi Q))^(1/3) = (16 / (2 * 1 * 1))^(1/3) = 2 at Q = 1, 1 at Q = 8."""
    clock = best_frequency_hz(
        time_weight=16.0, energy_weight=np.array([0.0, 1.0, 8.0]), coefficient=1.0, least_hz=0.1, most_hz=9.0
    )
    assert clock == pytest.approx([9.0, 2.0, 1.0])


def test_a_queue_falls_to_zero_and_not_below() -> None:
    assert next_queue_j(queue_j=np.array([5.0, 1.0]), energy_j=2.0, budget_j=4.0).tolist() == [3.0, 0.0]


def test_a_device_faster_than_the_server_gets_all_the_server_has() -> None:
    clock = best_frequency_hz(time_weight=0.0, energy_weight=1.0, coefficient=1.0, least_hz=5.0, most_hz=3.0)
    assert clock == 3.0


def test_power_at_full_speed_is_that_of_a_graphics_card() -> None:
    """P4 check 6: 2e-26 W/Hz^3 at 2.46 GHz is 297.7 W."""
    assert 100 < 2e-26 * 2.46e9**3 < 450
