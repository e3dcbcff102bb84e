"""Targets against every split of small models, each split's own root worked out from its law."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.what_if.inputs.quantities import quantities_named
from cutwise.analyses.what_if.targets import TargetsAnalysis, missed_sentence, targets
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Scenario
from cutwise.tolerances import LIMIT_ROUNDING
from tests.core.analyses.what_if.small_cells import costs_of, random_cell, splits_of

CASES = 40
HYPERBOLIC = {
    "channel.uplink_bps": "channel.uplink_bps",
    "channel.downlink_bps": "channel.downlink_bps",
    "devices.*.speed": "devices.*.flops_per_s",
    "server.speed": "server.flops_per_s",
}
"""Quantities of which every split's delay is a + b / x, and the path of x."""


def least_factor(question: Question, masks: np.ndarray, path: str, value: float, deadline_s: float) -> float:
    """By hand: of each split the root of a + b / x = deadline, from its delays at x and at 2 x; the least.

    A deadline is kept up to its rounding, which counts where a split's delay hardly falls any more.
    """
    deadline_s *= 1 + LIMIT_ROUNDING
    once, twice = (costs_of(question, masks, {path: factor * value})["delay"] for factor in (1.0, 2.0))
    part = 2 * (once - twice)
    rest = once - part
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.where(rest < deadline_s, part / (deadline_s - rest), np.inf)
    roots = np.where(once <= deadline_s, 1.0, roots)
    return float(roots.min())


@pytest.mark.parametrize("seed", range(CASES))
def test_the_least_change_of_each_quantity_is_that_of_the_first_split_to_get_there(
    seed: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng([16, seed])
    question = random_cell(rng, tmp_path)
    masks = splits_of(question)
    now_s = costs_of(question, masks, {})["delay"].min()
    deadline_s = max(float(now_s * rng.uniform(0.3, 0.95)), 1e-9)
    asked = replace(question, scenario=changed(question.scenario, {"limits.deadline_s": deadline_s}))
    found = quantities_named(question.scenario, list(HYPERBOLIC))
    told = targets(asked, "in time", found, schemes=False)
    if now_s <= deadline_s:
        assert told.met
        return
    by_name = {one.name: one for one in told.changes}
    for one in found:
        wanted = least_factor(question, masks, HYPERBOLIC[one.name], one.value, deadline_s)
        factor = by_name[one.name].factor
        if wanted > 999:
            assert factor is None or factor == pytest.approx(wanted, rel=1e-8)
            continue
        assert factor == pytest.approx(wanted, rel=1e-8)
        there = changed(asked.scenario, by_name[one.name].settings)
        assert shown_plan(replace(asked, scenario=there)).status != "infeasible"


def test_a_change_of_a_party_known_by_its_data_sheet_changes_nothing_but_its_speed() -> None:
    graph = cutwise.load_model("sample:resnet18")
    scenario = Scenario(limits=Limits(deadline_s=60.0))
    told = targets(
        Question(graph=graph, scenario=scenario), "in time", quantities_named(scenario, ["devices.*.speed"])
    )
    plan = cutwise.plan(graph, changed(scenario, told.changes[0].settings))
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(60.0, rel=1e-9)
    assert plan.memory[0].limit_bytes == cutwise.plan(graph, scenario).memory[0].limit_bytes


def test_the_cheapest_pair_costs_no_more_than_a_fine_grid_says(tmp_path: Path) -> None:
    question = random_cell(np.random.default_rng(5), tmp_path)
    masks = splits_of(question)
    deadline_s = float(costs_of(question, masks, {})["delay"].min() * 0.6)
    asked = replace(question, scenario=changed(question.scenario, {"limits.deadline_s": deadline_s}))
    names = ["devices.*.speed", "channel.uplink_bps", "channel.downlink_bps"]
    found = quantities_named(question.scenario, names)
    told = targets(asked, "in time", found, pairs=True, schemes=False)
    assert told.pair is not None
    best = math.inf
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            for factor in np.geomspace(1, 1000, 200).tolist():
                moved = replace(
                    question,
                    scenario=changed(question.scenario, {HYPERBOLIC[one.name]: factor * one.value}),
                )
                second = least_factor(moved, masks, HYPERBOLIC[other.name], other.value, deadline_s)
                if second < math.inf:
                    best = min(best, math.log(factor) + math.log(second))
    assert told.pair.cost <= best * (1 + 1e-3)


def test_whole_numbers_stay_whole() -> None:
    graph = cutwise.load_model("sample:vgg16")
    scenario = Scenario(devices=(Device(flops_per_s=1e11, samples=997),))
    told = targets(
        Question(graph=graph, scenario=changed(scenario, {"limits.deadline_s": 500.0})),
        "in time",
        quantities_named(scenario, ["devices.*.samples"]),
        schemes=False,
    )
    (change,) = told.changes
    samples = change.settings["devices.*.samples"]
    assert isinstance(samples, int)
    kept = [
        cutwise.plan(graph, changed(scenario, {"devices.*.samples": n, "limits.deadline_s": 500.0})).status
        for n in (samples, samples + 1)
    ]
    assert kept == ["optimal", "infeasible"]


def test_a_missed_limit_has_one_sentence_with_a_change_and_a_scheme_and_a_kept_one_has_none() -> None:
    graph = cutwise.load_model("sample:vgg16")
    devices = tuple(Device(name=name, flops_per_s=2e11) for name in ("a", "b", "c"))
    now_s = cutwise.plan(graph, Scenario(devices=devices)).delay_s
    late = Scenario(devices=devices, limits=Limits(deadline_s=0.9 * now_s))
    asked = Question(graph=graph, scenario=late)
    said = missed_sentence(asked, shown_plan(asked))
    assert said.startswith("to keep every limit: ")
    assert " would do" in said
    assert "keeps it as things are" in said
    assert "\n" not in said
    kept = replace(asked, scenario=Scenario(devices=devices))
    assert missed_sentence(kept, shown_plan(kept)) == ""


def test_energy_and_memory_may_be_the_target() -> None:
    asked = Question(graph=cutwise.load_model("sample:resnet18"))
    energy = TargetsAnalysis(device_energy_j=500.0, quantities=("devices.*.speed",), schemes=False).run(asked)
    memory = TargetsAnalysis(device_memory_bytes=3e8, quantities=("workload.batch_size",), schemes=False)
    assert energy.target == "at most 500 J a device"
    assert energy.possible
    assert memory.run(asked).met
