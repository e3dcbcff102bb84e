"""Federated learning: the whole model everywhere, only models exchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.scenario.parts import Sharing
from tests.core.schemes.divided import four


def test_a_round_worked_by_hand() -> None:
    """100 samples of 12 GFLOP take four times op a's 60 s; 3 MB down and up at a quarter: 12 + 6 s."""
    plan = cutwise.plan(*four(), scheme="federated")
    assert plan.delay_s == pytest.approx(4 * 60 + 4 * (3e6 * 8 / 8e6 + 3e6 * 8 / 1.6e7))
    assert [stage.uplink_s + stage.downlink_s + stage.server_compute_s for stage in plan.stages] == [0.0] * 4
    assert plan.server_memory_bytes == 0.0
    assert all(decision.cut.label == "all on device" for decision in plan.decisions)


def test_served_in_turn_it_is_the_baseline_on_the_device_alone() -> None:
    """Of one device nothing is shared, so that both are the same round."""
    graph, scenario = four()
    alone = replace(scenario, devices=scenario.devices[:1])
    one, other = (cutwise.plan(graph, alone, name) for name in ("federated", "device_only"))
    assert (one.delay_s, one.energy_j) == (other.delay_s, other.energy_j)


def test_the_best_shares_of_the_band_end_it_sooner() -> None:
    """Computing takes 240 s for the slowest, so its 4.5 s on air at any share x end it at 240 + 4.5 / x.

    With one over four it ends at 258; the three others finish long before, and give up their shares.
    """
    graph, scenario = four()
    plan = cutwise.plan(graph, replace(scenario, sharing=Sharing(bandwidth="optimised")), "federated")
    end_s = plan.delay_s
    needed = sum(4.5 / (end_s - 4 * seconds) for seconds in (30.0, 60.0, 15.0, 10.0))
    assert end_s < 258
    assert needed == pytest.approx(1.0, rel=1e-6)
    assert plan.report.bound is None
