"""Laws of the clock: what they say by hand, what they refuse, and CARD's choice under each by brute force."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.costs.cut_sums import cut_sums
from cutwise.energy import ClockLaw, ClockTable, PaperLaw, StaticLaw
from cutwise.errors import ScenarioError
from cutwise.planning.one_device.objective import counted_energy
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.planning.whole_round.server_clock import least_ratios
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import IN_TURN
from cutwise.scenario.energy_part import Energy
from cutwise.schemes.options import scheme_with
from tests.core.fleets import clocks_of, closed_sets, random_problem, with_scenario

ratio = st.floats(0.0, 1.0)
statics = st.builds(
    StaticLaw,
    static_ratio=ratio,
    exponent=st.floats(0.2, 5.0),
    fixed_time_ratio=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    least_clock_ratio=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
)


@st.composite
def tables(draw: st.DrawFn) -> ClockTable:
    """A table of up to seven points of any power and time."""
    clocks = sorted(draw(st.sets(st.integers(5, 99), max_size=6)))
    some = st.floats(0.05, 5.0)
    powers, times = (tuple(draw(some) for _ in clocks) for _ in range(2))
    return ClockTable(
        clock_ratios=(*(one / 100 for one in clocks), 1.0),
        power_ratios=(*powers, 1.0),
        time_ratios=(*times, 1.0),
    )


laws = st.one_of(statics, tables(), st.just(PaperLaw()))


class Toy(NamedTuple):
    """Six cuts: seconds and joules elsewhere, seconds at the server; prices, and what is drawn."""

    apart_s: np.ndarray
    work_s: np.ndarray
    apart_j: np.ndarray
    second: float
    joule: float
    power_w: float
    idle_w: float
    waiting_w: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Toy:
        prices = 10 ** rng.uniform(-2, 2, 2) * (rng.random(2) < 0.9)
        apart_s, work_s, apart_j = rng.random((3, 6))
        powers = rng.uniform(0, (300, 80, 20))
        return cls(apart_s, work_s * (rng.random(6) < 0.8), apart_j, *prices.tolist(), *powers.tolist())

    def values(self, law: ClockLaw, clocks: np.ndarray) -> np.ndarray:
        """What every cut costs at every clock."""
        taken_s = self.work_s * law.time_ratio(clocks)[:, None]
        above_w = law.above_idle_w(clocks, power_w=self.power_w, idle_power_w=self.idle_w)[:, None]
        energy_j = self.apart_j + (above_w + self.waiting_w) * taken_s
        return self.second * (self.apart_s + taken_s) + self.joule * energy_j


@settings(max_examples=150, deadline=None)
@given(law=laws, seed=st.integers(0, 2**32 - 1))
def test_no_pair_of_cut_and_clock_is_better_than_the_best_clock_with_its_best_cut(
    law: ClockLaw, seed: int
) -> None:
    """Twenty draws a law, 3,000 in all: one clock is the best of the grid for every cut."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        toy, least = Toy.drawn(rng), float(law.least_ratio(rng.uniform(0.05, 0.9)))
        best = law.best_ratio(
            rest=toy.second + toy.joule * toy.waiting_w,
            joule=toy.joule,
            power_w=toy.power_w,
            idle_power_w=toy.idle_w,
            least_ratio=np.array(least),
        )
        grid = toy.values(law, clocks_of(law, least))
        assert np.all(toy.values(law, np.atleast_1d(best))[0] <= grid.min(axis=0) * (1 + 1e-12))


@settings(max_examples=60, deadline=None)
@given(law=laws, seed=st.integers(0, 10_000))
def test_card_is_as_good_as_every_cut_at_every_clock(
    law: ClockLaw, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random models, objectives, owners, radios and sharing: plans beside closed sets times clocks."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, _folder(tmp_path_factory), devices=1, most=5)
    radio = problem.scenario.energy.radio
    problem = with_scenario(problem, energy=Energy(clock=law, radio=radio))
    plan = scheme_with("card", {}).solve(problem)
    masks, objective = closed_sets(problem), problem.scenario.objective
    spread, least = spread_of(problem, problem.conditions(), IN_TURN), np.inf
    for clock in clocks_of(law, float(least_ratios(problem, 0.0)[0]), 61):
        conditions = problem.conditions().of(0).at_clock(clock, law)
        stages = stage_times(cut_sums(problem.cost, masks), conditions)
        energies = np.broadcast_to(counted_energy(objective)(stages), len(masks))
        for delay_s, energy_j in zip(np.broadcast_to(stages.delay_s, len(masks)), energies, strict=True):
            value = objective_value(problem, delay_s=float(delay_s), energy_j=float(energy_j), spread=spread)
            least = min(least, value)
    assert plan.status == "optimal"
    assert plan.report.value <= least * (1 + 1e-9) + 1e-12


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("clock")


def test_a_table_of_watts_and_seconds_in_any_order_is_relative_to_the_highest_clock() -> None:
    """700 of 1400 MHz: 90 of 200 W, 3 of 2 s."""
    law = ClockTable.measured(clocks_hz=(1.4e9, 7e8), powers_w=(200.0, 90.0), times_s=(2.0, 3.0))
    assert (law.clock_ratios, law.power_ratios, law.time_ratios) == ((0.5, 1.0), (0.45, 1.0), (1.5, 1.0))
    assert float(law.above_idle_w(0.5, power_w=160.0, idle_power_w=40.0)) == pytest.approx(50.0)
    assert float(law.least_ratio(0.3)) == 0.5
    assert float(law.least_ratio(0.6)) == 1.0


def test_of_a_tables_points_the_cheapest_is_taken() -> None:
    """At half the clock 0.45 x 1.5 = 0.675 of the energy; with a second worth 200 J 0.675 + 1.5 > 2."""
    law = ClockTable(clock_ratios=(0.5, 1.0), power_ratios=(0.45, 1.0), time_ratios=(1.5, 1.0))
    given_w = {"power_w": 200.0, "idle_power_w": 0.0, "least_ratio": np.array(0.1)}
    assert law.best_ratio(rest=0.0, joule=1.0, **given_w) == 0.5
    assert law.best_ratio(rest=200.0, joule=1.0, **given_w) == 1.0
    assert law.dearest_w(power_w=200.0, idle_power_w=0.0) == pytest.approx((200 - 135) / 0.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"clock_ratios": (0.5, 1.0)}, "power_ratios: give one for each of clock_ratios, the last of them 1"),
        (
            {"clock_ratios": (0.6, 0.5, 1.0), "power_ratios": (1.0,) * 3, "time_ratios": (1.0,) * 3},
            "clock_ratios: must be above 0 and rise",
        ),
        (
            {"clock_ratios": (0.5, 0.9), "power_ratios": (0.5, 1.0), "time_ratios": (2.0, 1.0)},
            "clock_ratios: must end with 1, the highest clock",
        ),
        (
            {"clock_ratios": (0.5, 1.0), "power_ratios": (-0.5, 1.0), "time_ratios": (2.0, 1.0)},
            "power_ratios: must be above 0 and at most 1e\\+06",
        ),
    ],
)
def test_a_table_that_is_none_is_refused(given: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        ClockTable(**given)


def test_a_party_never_draws_less_than_idle() -> None:
    """A tenth of 100 W would be less than the 30 W at rest: 30 W stay, 70 rise with the cube."""
    law = StaticLaw(static_ratio=0.1)
    assert float(law.above_idle_w(0.5, power_w=70.0, idle_power_w=30.0)) == pytest.approx(70 / 8)
