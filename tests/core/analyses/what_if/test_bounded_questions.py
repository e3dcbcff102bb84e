"""What takes a plan a row, or devices that share a band: bounded, said, and equal to plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.what_if.dimensioning import DimensioningAnalysis
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import quantities_of
from cutwise.analyses.what_if.targets import TargetsAnalysis
from cutwise.analyses.what_if.tornado import TornadoAnalysis
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing
from tests.core.analyses.what_if.small_cells import random_cell
from tests.core.analyses.what_if.test_dimensioning import counted, plan_of

PAIR = (Device(flops_per_s=2e11, samples=300), Device(profile="jetson_tx2", samples=500))


def shared_band(model: str = "vgg16") -> Question:
    """Two devices at once, with the band split that ends their round first."""
    scenario = Scenario(devices=PAIR, sharing=Sharing(bandwidth="optimised"))
    return Question(graph=cutwise.load_model(f"sample:{model}"), scenario=scenario, scheme="split_federated")


@pytest.mark.parametrize("seed", range(4))
def test_as_many_fit_a_band_that_is_split_best_as_are_planned(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([23, seed])
    asked = replace(random_cell(rng, tmp_path, devices=2), scheme="split_federated")
    best = {"sharing.bandwidth": "optimised"}
    asked = replace(asked, scenario=changed(asked.scenario, best))
    deadline_s = max(plan_of(asked, 5).delay_s * float(rng.uniform(0.6, 1.3)), 1e-9)
    asked = replace(asked, scenario=changed(asked.scenario, {"limits.deadline_s": deadline_s}))
    assert DimensioningAnalysis(most=24).run(asked).fit == counted(asked)


def test_devices_that_share_a_band_best_are_answered_together_and_what_is_told_keeps_the_deadline() -> None:
    asked = shared_band()
    deadline_s = 0.5 * shown_plan(asked).delay_s
    found = TargetsAnalysis(deadline_s=deadline_s, schemes=False).run(asked)
    assert AskedRows.of(asked).quick
    assert found.possible
    for one in found.possible[:3]:
        there = changed(asked.scenario, {"limits.deadline_s": deadline_s} | dict(one.settings))
        assert shown_plan(replace(asked, scenario=there)).status != "infeasible"
        nearly = 1 + 0.99 * ((one.factor or 1.0) - 1)
        (quantity,) = [q for q in quantities_of(asked.scenario) if q.name == one.name]
        short = {"limits.deadline_s": deadline_s} | quantity.settings(nearly)
        there = changed(asked.scenario, short)
        assert shown_plan(replace(asked, scenario=there)).status == "infeasible"


def test_where_every_row_takes_long_rates_and_speeds_are_looked_at_first_and_the_rest_is_named() -> None:
    asked = AskedRows.of(Question(graph=cutwise.load_model("sample:vgg16")))
    found = quantities_of(Scenario())
    slow = replace(asked, row_s=MOST_S / 30, call_s=0.0)
    looked, left = slow.looked_at(found, rows=10)
    assert [one.name for one in looked] == ["channel.uplink_bps", "channel.downlink_bps", "devices.*.speed"]
    assert {one.name for one in (*looked, *left)} == {one.name for one in found}
    assert len(replace(slow, row_s=MOST_S).looked_at(found, rows=10)[0]) == 2
    assert not asked.looked_at(found, rows=10, calls=1)[1]


def test_quantities_that_are_left_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from cutwise.analyses.what_if.inputs import asked_rows

    monkeypatch.setattr(asked_rows, "MOST_S", 1e-9)
    asked = Question(graph=cutwise.load_model("sample:vgg16"), scheme="card")
    swings = TornadoAnalysis().run(asked)
    assert len(swings.swings) + len(swings.still) == 2
    assert "not looked at, as it would take long: " in swings.summary()
    late_s = 0.7 * shown_plan(asked).delay_s
    found = TargetsAnalysis(deadline_s=late_s, schemes=False).run(asked)
    assert len(found.changes) == 2
    assert "not looked at" in found.summary()
