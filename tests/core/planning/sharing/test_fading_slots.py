"""Slots of a fading channel: the band divided anew in each, against one split for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.planning.sharing.band_split import at_shares, best_band, even_shares
from cutwise.planning.sharing.fading_slots import fading_gains
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from tests.core.schemes.vit_l import cell, vit_l

SLOTS = 12


@pytest.mark.parametrize("seed", range(4))
def test_shares_for_every_slot_beat_shares_for_the_mean_channel_and_equal_ones(seed: int) -> None:
    """Notes 2.10, item 9: a round of slots, in each of which all wait for the last."""
    problem = build_problem(vit_l(), cell(seed, band_hz=20e6))
    plan = cutwise.plan(vit_l(), problem.scenario, "sft", slots=SLOTS, antennas=4)
    even = even_shares(problem)
    band = best_band(problem, even, common_cut=False)
    masks = band.table.masks(band.picks)
    gains = fading_gains(problem, SLOTS, antennas=4)

    def fixed(shares: np.ndarray) -> float:
        slots = [at_shares(replace(problem, gain_ratio=gain), even, shares) for gain in gains]
        return float(np.mean([stage_times(cut_sums(problem.cost, masks), c).delay_s.max() for c in slots]))

    static, equal = fixed(band.split.shares), fixed(np.full(8, 1 / 8))
    assert plan.delay_s < static
    assert plan.delay_s < equal
    assert plan.report.bound is not None
    assert plan.report.bound <= plan.delay_s * (1 + 1e-9)


def test_with_many_antennas_the_channel_stops_fading() -> None:
    scenario = cell(1)
    mean = cutwise.plan(vit_l(), scenario, "sft").delay_s
    faded = [cutwise.plan(vit_l(), scenario, "sft", slots=10, antennas=m).delay_s for m in (1, 4, 64)]
    assert faded[0] > faded[1] > faded[2] > mean
    assert faded[2] == pytest.approx(mean, rel=0.02)


def test_gains_have_mean_one_and_the_variance_of_the_antennas() -> None:
    problem = build_problem(vit_l(), cell(1))
    for antennas in (1, 4):
        gains = fading_gains(problem, 20_000, antennas=antennas)
        assert gains.mean() == pytest.approx(1.0, abs=0.01)
        assert gains.var() == pytest.approx(1 / antennas, rel=0.03)


def test_a_known_capacity_does_not_fade() -> None:
    scenario = replace(cell(1), channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9))
    mean, slots = (cutwise.plan(vit_l(), scenario, "sft", slots=count) for count in (0, 5))
    assert slots.delay_s == pytest.approx(mean.delay_s, rel=1e-9)


def test_the_papers_method_splits_every_slot_as_well_as_the_exact_one() -> None:
    scenario = cell(1)
    exact, paper = (
        cutwise.plan(vit_l(), scenario, "sft", slots=3, method=m) for m in ("exact", "two_timescale")
    )
    assert exact.delay_s <= paper.delay_s * (1 + 1e-6)
    assert paper.delay_s <= exact.delay_s * 1.02
