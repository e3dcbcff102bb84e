"""Shadow prices against derivatives worked out from the stages of the plan, and break-evens against plans."""

from __future__ import annotations

import pytest

import cutwise
from cutwise.analyses.what_if.shadow_prices import ShadowPricesAnalysis
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Objective, Scenario

MODELS = ("resnet18", "googlenet", "gpt2")


def cell(model: str, **values: object) -> Question:
    usual = {"devices.*.flops_per_s": 2e11, "channel.uplink_bps": 2e8, "channel.downlink_bps": 4e8}
    return Question(graph=cutwise.load_model(f"sample:{model}"), scenario=changed(Scenario(), usual | values))


@pytest.mark.parametrize("model", MODELS)
def test_one_more_megabit_saves_the_seconds_on_the_uplink_over_the_rate(model: str) -> None:
    asked = cell(model)
    stages = cutwise.plan(asked.graph, asked.scenario).stages[0]
    (price,) = ShadowPricesAnalysis(quantities=("channel.uplink_bps",)).run(asked).prices
    # the model is sent up at one rate and down at the other
    up_s = stages.uplink_s + stages.model_sync_s * (1 / 2e8) / (1 / 2e8 + 1 / 4e8)
    assert price.saved_s == pytest.approx(up_s / 200.0, rel=1e-9)
    assert (price.law, price.exact, price.unit_text) == ("hyperbolic", True, "Mbit/s")


def test_one_more_watt_costs_the_seconds_that_it_is_drawn() -> None:
    asked = cell("resnet18")
    stages = cutwise.plan(asked.graph, asked.scenario).stages[0]
    names = ("devices.*.compute_power_w", "devices.*.idle_power_w")
    prices = {one.name: one for one in ShadowPricesAnalysis(quantities=names).run(asked).prices}
    computing_s = stages.device_forward_s + stages.device_backward_s
    assert prices[names[0]].saved_j == pytest.approx(-computing_s, rel=1e-9)
    assert prices[names[1]].saved_j == pytest.approx(-stages.delay_s, rel=1e-9)
    assert prices[names[0]].law == "linear"


@pytest.mark.parametrize("model", MODELS[:2])
def test_the_cut_changes_where_the_price_ends_and_not_before(model: str) -> None:
    asked = cell(model)
    found = ShadowPricesAnalysis(quantities=("channel.uplink_bps", "server.speed")).run(asked)
    ends = [(one, end) for one in found.prices for end in (one.holds_from, one.holds_to) if end]
    assert ends
    for one, end in ends:
        if one.name != "channel.uplink_bps":
            continue
        inward = 1 + 1e-9 if end == one.holds_from else 1 - 1e-9
        cuts = [
            cutwise.plan(asked.graph, changed(asked.scenario, {one.name: end * ratio})).decisions[0].cut.label
            for ratio in (inward, 2 - inward)
        ]
        assert cuts[0] == found.cut
        assert cuts[1] != found.cut


def test_a_memory_that_binds_saves_nothing_until_the_next_cut_fits() -> None:
    asked = cell("resnet18", **{"devices.*.memory_bytes": 5e8})
    (price,) = ShadowPricesAnalysis(quantities=("devices.*.memory_bytes",)).run(asked).prices
    assert (price.saved_s, price.law, price.exact) == (0.0, "steps", True)
    assert price.holds_to is not None
    below, above = (
        cutwise.plan(asked.graph, changed(asked.scenario, {"devices.*.memory_bytes": price.holds_to * ratio}))
        for ratio in (1 - 1e-8, 1 + 1e-8)
    )
    assert below.decisions[0].cut.label != above.decisions[0].cut.label == price.cut_above
    assert price.step_s == pytest.approx(below.delay_s - above.delay_s, rel=1e-9)


def test_where_energy_is_minimised_joules_are_what_is_saved() -> None:
    asked = cell("resnet18", **{"objective.kind": "energy"})
    assert asked.scenario.objective == Objective(kind="energy")
    found = ShadowPricesAnalysis().run(asked)
    assert found.of == "energy"
    assert " J" in found.summary()


def test_laws_that_bend_are_told_apart() -> None:
    scenario = changed(Scenario(devices=(Device(flops_per_s=2e11),)), {"channel.kind": "shannon"})
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=scenario)
    prices = {one.name: one for one in ShadowPricesAnalysis().run(asked).prices}
    assert not prices["devices.*.distance_m"].exact
    assert "not exact" in ShadowPricesAnalysis().run(asked).summary()


def test_the_cuts_are_the_same_up_to_the_end_where_every_row_takes_a_plan() -> None:
    scenario = changed(cell("resnet18").scenario, {"devices": (Device(flops_per_s=2e11), Device())})
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=scenario, scheme="gsfl")
    (one,) = ShadowPricesAnalysis(quantities=("channel.uplink_bps",)).run(asked).prices
    ends = [(one.holds_from, 1 + 1e-5), (one.holds_to, 1 - 1e-5)]
    assert any(end for end, _ in ends)
    for end, inward in ends:
        for ratio, same in ((inward, True), (2 - inward, False)) if end else ():
            there = changed(scenario, {one.name: end * ratio})
            plan = cutwise.plan(asked.graph, there, "gsfl")
            cuts = [decision.cut.label for decision in plan.decisions]
            now = [d.cut.label for d in cutwise.plan(asked.graph, scenario, "gsfl").decisions]
            assert (cuts == now) is same
