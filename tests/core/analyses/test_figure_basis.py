"""Explained figures: terms add up to the headline, and numbers put in come out as the evaluator's own."""

from __future__ import annotations

from typing import Any

import pytest

import cutwise
from cutwise.analyses import analysis_with
from cutwise.analyses.figure_basis import FigureBasis
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.question import Question
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES

FLEET = (Device(profile="jetson_tx2"), Device(profile="raspberry_pi_4"), Device(flops_per_s=5e11))


def explained(figure: str, scheme: str, scenario: Scenario) -> tuple[FigureBasis, Any]:
    graph = cutwise.load_model("sample:unet")
    try:
        plan = cutwise.plan(graph, scenario, scheme)
    except CutwiseError:
        pytest.skip("has no plan here")
    asked = Question(graph=graph, scenario=scenario, scheme=scheme)
    found: Any = analysis_with("number", {"figure": figure}).run(asked)
    return found, plan


@pytest.mark.parametrize("scheme", list(SCHEMES))
@pytest.mark.parametrize("mode", ["training", "inference"])
def test_terms_make_the_headline_and_the_turn(scheme: str, mode: Any) -> None:
    scenario = Scenario(devices=FLEET, workload=Workload(mode=mode))
    found, plan = explained("delay", scheme, scenario)
    assert found.value == plan.delay_s
    values = [term.value for term in found.terms]
    if found.rule == "the turns are added up":
        assert sum(values) == pytest.approx(found.value, rel=1e-12)
    if found.rule == "the longest turn counts":
        assert max(values) == pytest.approx(found.value, rel=1e-12)
    own = next(
        stage for one, stage in zip(plan.decisions, plan.stages, strict=True) if one.device == found.device
    )
    assert sum(term.value for term in found.turn) == pytest.approx(own.delay_s, rel=1e-12)


@pytest.mark.parametrize("figure", ["energy", "traffic"])
@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "card"])
def test_owners_and_devices_add_up(figure: str, scheme: str) -> None:
    found, plan = explained(figure, scheme, Scenario(devices=FLEET))
    whole = plan.energy_j if figure == "energy" else sum(stage.traffic_bytes for stage in plan.stages)
    assert sum(term.value for term in found.terms) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "card", "gsfl", "device_only"])
def test_numbers_put_in_come_out_as_planned(scheme: str) -> None:
    found, _ = explained("delay", scheme, Scenario(devices=FLEET))
    told = [term for term in found.turn if term.numbers]
    assert told
    for term in told:
        assert eval(term.numbers) == pytest.approx(term.value, rel=1e-6), term
