"""Targets against every split of small models, each split's own root worked out from its law."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.what_if.inputs.changed_quantities import quantities_named
from cutwise.analyses.what_if.targets import TargetsAnalysis, changeable, missed_sentence, targets
from cutwise.errors import ScenarioError
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from tests.core.analyses.what_if.small_cells import costs_of, random_cell, splits_of

CASES, PAIRS = 20, 20
HYPERBOLIC = {
    "channel.uplink_bps": "channel.uplink_bps",
    "channel.downlink_bps": "channel.downlink_bps",
    "devices.*.speed": "devices.*.flops_per_s",
    "server.speed": "server.flops_per_s",
}
"""Quantities of which every split's delay is a + b / x, and the path of x."""


def least_factor(question: Question, masks: np.ndarray, path: str, value: float, deadline_s: float) -> float:
    """By hand: of each split the root of a + b / x = deadline, from its delays at x and at 2 x; the least."""
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
        if wanted > 99.9:
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


def costs_by_hand(
    question: Question, masks: np.ndarray, values: dict[str, float], deadline_s: float
) -> tuple[float, np.ndarray]:
    """Of splits whose delay is r + a / x + b / y: the least log x + log y, and both logs there.

    The sum is least where a / x = b / y = (deadline - r) / 2, or at x = 1 or y = 1 where that is nearer.
    """
    one, other = values
    now, first, second = (
        costs_of(question, masks, {path: value * values[path] for path, value in moved.items()})["delay"]
        for moved in ({one: 1.0}, {one: 2.0}, {other: 2.0})
    )
    a, b = 2 * (now - first), 2 * (now - second)
    room = deadline_s - (now - a - b)
    best = (math.inf, np.zeros(2))
    for share, alone, left in zip(a, b, room, strict=True):
        if left <= 0:
            continue
        for x in {max(1.0, 2 * share / left), 1.0, share / (left - alone) if left > alone else math.inf}:
            y = alone / (left - share / x) if x < math.inf and left > share / x else math.inf
            logs = np.log(np.maximum([x, y], 1.0))
            if x >= 1 and max(x, y) < 99 and logs.sum() < best[0]:
                best = (float(logs.sum()), logs)
    return best


@pytest.mark.parametrize("seed", range(PAIRS))
def test_the_cheapest_pair_is_that_of_every_split_s_own_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([21, seed])
    question = random_cell(rng, tmp_path)
    masks = splits_of(question)
    deadline_s = max(float(costs_of(question, masks, {})["delay"].min() * rng.uniform(0.15, 0.6)), 1e-9)
    asked = replace(question, scenario=changed(question.scenario, {"limits.deadline_s": deadline_s}))
    found = quantities_named(question.scenario, list(HYPERBOLIC))
    told = targets(asked, "in time", found, pairs=True, schemes=False)
    values = {HYPERBOLIC[one.name]: one.value for one in found}
    single = min((one.cost for one in told.changes if one.cost is not None), default=math.inf)
    wanted, logs = min(
        (
            costs_by_hand(question, masks, {path: values[path] for path in pair}, deadline_s)
            for pair in combinations(values, 2)
        ),
        key=lambda row: row[0],
    )
    is_pair = wanted < min(single * (1 - 1e-6), math.inf) and logs.min() > math.log(1.011)
    if told.pair is None:
        assert not is_pair
        return
    assert told.pair.cost == pytest.approx(wanted, rel=2e-5)
    assert told.pair.cost < single
    assert min(told.pair.factors) > 1.01


def test_a_pair_of_which_one_hardly_changes_is_none() -> None:
    scenario = shipped_scenario("lecture_hall")
    graph = cutwise.load_model("sample:googlenet")
    found = TargetsAnalysis(deadline_s=60.0, pairs=True, schemes=False).run(
        Question(graph=graph, scenario=scenario)
    )
    assert found.possible[0].name == "devices.*.speed"
    assert found.pair is None


def test_less_work_is_no_remedy_unless_it_is_asked_for() -> None:
    scenario = Scenario()
    work = {"devices.*.samples", "workload.batch_size"}
    assert not work & {one.name for one in changeable(scenario)}
    assert {one.name for one in changeable(scenario, sorted(work))} == work


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


def test_more_memory_is_no_way_to_a_smaller_device_side() -> None:
    graph = cutwise.load_model("sample:resnet18")
    held = cutwise.analyse(graph, None, "targets", device_memory_bytes=1e6, schemes=False)
    assert not held.met
    assert not any(one.name.endswith("memory_bytes") and "devices" in one.name for one in held.changes)
    with pytest.raises(ScenarioError, match="is the target"):
        cutwise.analyse(
            graph, None, "targets", device_memory_bytes=1e6, quantities=("devices.*.memory_bytes",)
        )
