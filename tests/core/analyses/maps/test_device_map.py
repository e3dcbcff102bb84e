"""Maps of one device among others: what a click leads to, what is held, and where there is no map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_curve import cut_curve
from cutwise.analyses.maps.axes.held_beside import held_beside
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.errors import ScenarioError, SolverError
from cutwise.hardware.profiles import hardware
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, problem_of, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Edge
from cutwise.scenario.parts import Scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from tests.core.analyses.maps.mapped_cells import BAND, SPEED, UPLINK

RESNET = cutwise.load_model("sample:resnet18")


def mapped(question: Question, device: int, across: str = UPLINK) -> DecisionMap:
    paths = dict.fromkeys((across, f"devices.{device}.flops_per_s"), (None, None))
    return device_map(
        MapPlaces.of(question, shown_plan(question, listed=False), paths, device=device), device
    )


def going(found: DecisionMap, column: int, row: int) -> dict[str, object]:
    """What a click on a point sets."""
    point = {
        found.across.path: float(found.across_values[column]),
        found.up.path: float(found.up_values[row]),
    }
    return {**found.beside, **point}


def spots(found: DecisionMap, count: int) -> list[tuple[int, int]]:
    places = (np.linspace(0, size - 1, count).round().astype(int).tolist() for size in found.best.T.shape)
    return list(product(*places))


@pytest.mark.parametrize(
    ("scheme", "scenario", "device", "across"),
    [
        ("split_federated", "lecture_hall", 2, UPLINK),
        ("split_learning", "lecture_hall", 4, UPLINK),
        ("fast_split", "campus_cell", 3, BAND),
        ("split_federated", "phone_on_lte", 0, UPLINK),
    ],
)
def test_a_click_leads_to_the_cut_and_the_delay_of_the_map(
    scheme: str, scenario: str, device: int, across: str
) -> None:
    """In a fleet whose devices do not depend on each other."""
    given = shipped_scenario(scenario)
    question = Question(graph=RESNET, scenario=given, scheme=scheme)
    found = mapped(question, device, across)
    assert found.alone
    for column, row in spots(found, 3):
        there = replace(question, scenario=changed(given, going(found, column, row)))
        plan = shown_plan(there, listed=False)
        assert plan.decisions[device].cut.label == found.labels[found.best[row, column]]
        assert plan.stages[device].delay_s == pytest.approx(found.delays_s[row, column], rel=1e-12)


@pytest.mark.parametrize("edges", [(), (Edge(name="hall"),)])
@pytest.mark.parametrize("scheme", ["gsfl", "u_shape", "sft", "card", "split_llm"])
def test_a_coupled_fleet_is_mapped_with_the_others_kept(scheme: str, edges: tuple[Edge, ...]) -> None:
    """The best cut of today is that of the device's curve, in the time of that curve."""
    question = Question(graph=RESNET, scenario=replace(shipped_scenario(), edges=edges), scheme=scheme)
    plan = shown_plan(question, listed=False)
    found = mapped(question, 1)
    curve = cut_curve(problem_of(question), plan, 1)
    assert not found.alone
    assert found.labels[found.today].removeprefix("after ") == curve.names[curve.best]
    least_s = float(np.asarray(curve.stages.delay_s)[curve.best])
    assert found.today_delay_s == pytest.approx(least_s, rel=1e-12)


def test_no_cut_position_lies_between_best_and_second_best() -> None:
    """The planner's own curve there has the best; no position on it lies between best and second best."""
    single = replace(shipped_scenario(), devices=(shipped_scenario().devices[2],))
    question = Question(graph=RESNET, scenario=single)
    found = mapped(question, 0)
    for column, row in spots(found, 3):
        there = replace(question, scenario=changed(single, going(found, column, row)))
        plan = shown_plan(there, listed=False)
        curve = cut_curve(problem_of(there), plan, 0)
        delays = np.sort(np.unique(np.asarray(curve.stages.delay_s)[curve.fits]))
        assert found.delays_s[row, column] == pytest.approx(delays[0], rel=1e-12)
        assert found.regrets[row, column] <= (delays[1] / delays[0] - 1) * (1 + 1e-9)


def test_a_device_of_the_default_profile_changes_in_speed_alone() -> None:
    """Its memory and powers come from the catalogue only while it has no speed of its own."""
    scenario = Scenario()
    found = mapped(Question(graph=RESNET, scenario=scenario), 0)
    there = changed(scenario, going(found, 80, 50))
    before, after = (build_problem(RESNET, one) for one in (scenario, there))
    assert after.device_memory_bytes.tolist() == before.device_memory_bytes.tolist()
    assert after.power.device_power_w.tolist() == before.power.device_power_w.tolist()
    assert held_beside(there, (SPEED,)) == {}


def test_an_efficiency_gives_way_to_the_speed() -> None:
    scenario = changed(Scenario(), {"devices.0.profile": "jetson_nano", "devices.0.efficiency_ratio": 0.3})
    found = mapped(Question(graph=RESNET, scenario=scenario), 0)
    assert found.up.here == pytest.approx(0.3 * hardware()["jetson_nano"].fp32_flops_per_s)
    assert changed(scenario, going(found, 0, 0)).devices[0].efficiency_ratio is None


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"objective.kind": "weighted"}, "weighted objective"),
        ({"objective.kind": "energy", "limits.deadline_s": 500.0}, "deadline"),
    ],
)
def test_where_there_is_no_map_a_sentence_says_why(setting: Mapping[str, object], reason: str) -> None:
    with pytest.raises(SolverError, match=reason):
        mapped(Question(graph=RESNET, scenario=changed(shipped_scenario(), setting)), 2)


def test_what_changes_the_price_of_ops_is_no_axis_of_a_map() -> None:
    with pytest.raises(ScenarioError, match="sweep"):
        mapped(Question(graph=RESNET, scenario=shipped_scenario()), 2, across="workload.micro_batches")


def test_no_cut_keeps_a_limit_that_nothing_can_keep() -> None:
    scenario = changed(shipped_scenario(), {"limits.traffic_bytes": 1.0, "devices.*.memory_bytes": 1e9})
    found = mapped(Question(graph=RESNET, scenario=scenario), 2)
    assert (found.best == -1).all()
    assert "no cut keeps the limits" in found.summary()


def test_two_quantities_are_mapped_and_one_twice_is_refused() -> None:
    graph = cutwise.load_model("sample:resnet18")
    uplink, speed = "channel.uplink_bps", "devices.0.flops_per_s"
    found = cutwise.analyse(graph, None, "map", up=uplink)
    assert (found.across.path, found.up.path) == (speed, uplink)
    for of in ("cut", "cuts"):
        with pytest.raises(ScenarioError, match="name another quantity"):
            cutwise.analyse(graph, None, "map", across=uplink, up=uplink, of=of)
