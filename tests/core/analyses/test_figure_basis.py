"""Explained figures: terms add up to the headline, and numbers put in come out as the evaluator's own."""

from __future__ import annotations

import re
from typing import Any

import pytest

import cutwise
from cutwise.analyses import analysis_with
from cutwise.analyses.figures.figure_basis import FigureBasis
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Privacy, Scenario
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
@pytest.mark.parametrize("figure", ["delay", "energy", "traffic", "memory"])
def test_terms_make_the_headline(scheme: str, mode: Any, figure: str) -> None:
    found, plan = explained(figure, scheme, Scenario(devices=FLEET, workload=Workload(mode=mode)))
    headlines = {
        "delay": plan.delay_s,
        "energy": plan.energy_j,
        "traffic": sum(stage.traffic_bytes for stage in plan.stages),
        "memory": next(one.process_bytes for one in plan.memory if one.party == found.device),
    }
    combined = max if found.rule == "the longest turn counts" else sum
    assert combined([term.value for term in found.terms]) == pytest.approx(headlines[figure], rel=1e-9)
    assert found.value == pytest.approx(headlines[figure], rel=1e-12)
    for term in found.terms:
        if term.numbers:
            assert eval(term.numbers) == pytest.approx(term.value, rel=1e-6), term


MARKS = re.compile(r"(max\(|[+*/(),])")


def operands(text: str) -> tuple[list[str], list[str]]:
    """What stands between the marks of a formula, and the marks."""
    text = re.sub(r"(?<=\d)e([-+])", lambda found: f"e{'m' if found[1] == '-' else 'p'}", text)
    parts = [part.strip() for part in MARKS.split(text)]
    return [one for one in parts[::2] if one], parts[1::2]


@pytest.mark.parametrize("scheme", list(SCHEMES))
@pytest.mark.parametrize("figure", ["delay", "energy", "traffic"])
def test_both_forms_have_the_same_marks_and_a_word_one_value(scheme: str, figure: str) -> None:
    """Every word with its number in its place: a formula in words comes out as the term too."""
    found, _ = explained(figure, scheme, Scenario(devices=FLEET))
    for term in (*found.terms, *found.turn):
        (words, marks), (numbers, same) = operands(term.words), operands(term.numbers)
        assert marks == same
        assert len(words) == len(numbers)
        values: dict[str, set[str]] = {}
        for word, value in zip(words, numbers, strict=True):
            values.setdefault(word, set()).add(value)
        assert all(len(one) == 1 for one in values.values()), values
        assert all(not word[0].isdigit() or word == value for word, value in zip(words, numbers, strict=True))


def test_the_uplink_is_told_in_words_and_numbers() -> None:
    """Three mini-batches of 1 MB up at 8 Mbit/s with 10 ms each: by hand 3.03 s."""
    graph = ModelGraph(
        name="two",
        ops=(
            Op(id="x", kind="input", output=TensorSpec(shape=(1, 1)), figures={"output_bytes": 1e6}),
            Op(id="y", kind="custom", inputs=("x",), figures={"forward_flops": 1e6, "output_bytes": 4.0}),
        ),
    )
    scenario = Scenario(
        devices=(Device(flops_per_s=1e3, samples=3),),
        channel=FixedRate(uplink_bps=8e6, downlink_bps=8e6, uplink_latency_s=0.01),
        privacy=Privacy(keep_on_device="raw_allowed"),
        workload=Workload(mode="inference", batch_size=1, label_bytes=0.0),
    )
    asked = Question(graph=graph, scenario=scenario, scheme="server_only")
    found: Any = analysis_with("number", {"figure": "delay"}).run(asked)
    uplink = next(term for term in found.turn if term.part == "Uplink")
    assert uplink.value == pytest.approx(3.03)
    assert uplink.words == "8 * uplink bytes / uplink rate + uplink messages * uplink latency"
    assert uplink.numbers == "8 * 3000000 / 8000000 + 3 * 0.01"
    told = found.text()
    assert f"  Uplink = {uplink.words}\n         = {uplink.numbers}" in told


def test_every_group_of_a_phase_is_told() -> None:
    found, plan = explained("delay", "gsfl", Scenario(devices=FLEET))
    told = " ".join(term.numbers for term in found.terms)
    assert all(f"{stage.delay_s:.9g}" in told for stage in plan.stages)


OWN = {"delay": "delay_s", "energy": "energy_j", "traffic": "traffic_bytes"}
SETTINGS = {
    "plain": {},
    "late": {"channel.uplink_latency_s": 0.02, "channel.downlink_latency_s": 0.01},
    "micro-batches": {"workload.micro_batches": 4, "devices.*.flops_per_s": 2e10},
    "compressed": {"compression.codec.kind": "top_k", "devices.*.flops_per_s": 2e10},
    "in parts of the band": {"sharing.bandwidth": "time_division", "devices.*.flops_per_s": 2e10},
}


@pytest.mark.parametrize("setting", list(SETTINGS))
@pytest.mark.parametrize("figure", list(OWN))
@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "card", "gsfl", "device_only", "sft"])
def test_numbers_put_in_come_out_as_planned(scheme: str, figure: str, setting: str) -> None:
    found, plan = explained(figure, scheme, changed(Scenario(devices=FLEET), SETTINGS[setting]))
    own = next(s for one, s in zip(plan.decisions, plan.stages, strict=True) if one.device == found.device)
    assert sum(term.value for term in found.turn) == pytest.approx(getattr(own, OWN[figure]), rel=1e-12)
    told = [term for term in found.turn if term.numbers]
    assert told
    for term in told:
        assert eval(term.numbers) == pytest.approx(term.value, rel=1e-6), term


def test_what_is_given_is_not_said_to_be_from_the_catalogue() -> None:
    own = Device(
        profile="jetson_tx2", flops_per_s=2e11, moved_bytes_per_s=3e10, launch_s=1e-5, memory_bytes=4e9
    )
    found, plan = explained("delay", "fast_split", Scenario(devices=(own,)))
    inputs = dict(found.inputs)
    name = plan.decisions[0].device
    assert inputs[f"speed of {name}"].startswith("2e+11 FLOP/s, 3e+10 B/s, 1e-05 s")
    assert inputs[f"memory of {name}"] == "4e+09 B; given in the scenario"
    assert not any(key in inputs for key in (f"peak of {name}", f"bandwidth of {name}", f"class of {name}"))
