"""Why a plan is as it is: the rates at which a cut is said to move, asked of the planner itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.analyses.explain import ExplainAnalysis, Explanation
from cutwise.channels import FixedRate
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario

CELL = Scenario(
    devices=(
        Device(name="a", flops_per_s=4e11, samples=300),
        Device(name="b", flops_per_s=5e10, samples=300),
    ),
    channel=FixedRate(uplink_bps=5e7, downlink_bps=1e8),
)
ASKED = Question(graph=cutwise.load_model("sample:googlenet"), scenario=CELL)


def cut_at(uplink_bps: float, device: int) -> str:
    channel = replace(CELL.channel, uplink_bps=uplink_bps)
    there = replace(ASKED, scenario=replace(CELL, channel=channel))
    return shown_plan(there).decisions[device].cut.label


@pytest.mark.parametrize(("number", "device"), [(0, "a"), (1, "b")])
def test_just_beyond_a_rate_that_is_named_the_cut_is_the_one_named(number: int, device: str) -> None:
    found = ExplainAnalysis(device=device).run(ASKED)
    assert found.cut == cut_at(CELL.channel.uplink_bps, number)
    for move in found.moves:
        beyond, before = (1 + 1e-6, 1 - 1e-6) if move.faster else (1 - 1e-6, 1 + 1e-6)
        assert cut_at(move.uplink_bps * beyond, number) == move.cut
        assert cut_at(move.uplink_bps * before, number) == found.cut


def test_the_part_that_takes_longest_is_that_of_the_plans_stages() -> None:
    found, plan = ExplainAnalysis().run(ASKED), shown_plan(ASKED)
    computing = sum(stage.device_forward_s + stage.device_backward_s for stage in plan.stages)
    total = sum(stage.delay_s for stage in plan.stages)
    assert isinstance(found, Explanation)
    assert found.dominant.part == "device computing"
    assert found.dominant.ratio == pytest.approx(computing / total)


def test_without_a_name_the_slowest_device_is_meant() -> None:
    slowest = max(shown_plan(ASKED).stages, key=lambda stage: stage.delay_s)
    device = shown_plan(ASKED).stages.index(slowest)
    assert ExplainAnalysis().run(ASKED).device == CELL.device_names[device]
