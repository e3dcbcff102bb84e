"""The decision map of the page: every point against the real planner, and what a click there leads to."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.analyses.cut_curve import cut_curve
from cutwise.analyses.cut_moves import Moves
from cutwise.errors import SolverError
from cutwise.hardware.profiles import hardware
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, problem_of, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Edge
from cutwise.scenario.parts import Scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.palette import PALETTES, contrast_ratio
from cutwise_dashboard.views.explore import explore_views as explore
from cutwise_dashboard.views.explore.best_regions import ever_lowest
from cutwise_dashboard.views.explore.break_evens import move_lines
from cutwise_dashboard.views.explore.decision_map import DecisionMap, decision_map
from cutwise_dashboard.views.explore.explore_views import map_title
from cutwise_dashboard.views.explore.map_axes import MapAxis, kept_beside
from cutwise_dashboard.views.explore.map_payload import map_payload, share_of

GENERATING = {"workload.mode": "inference", "workload.prompt_tokens": 64, "workload.new_tokens": 16}
ROOMY = {"devices.*.memory_bytes": 1e12, "server.memory_bytes": 1e13}


def scenario_of(name: str = "lecture_hall", **setting: object) -> Scenario:
    return changed(
        shipped_scenario(name), {path.replace("__", "."): value for path, value in setting.items()}
    )


def alone(scenario: Scenario, device: int) -> Scenario:
    return replace(scenario, devices=(scenario.devices[device],))


def mapped(model: str, scenario: Scenario, scheme: str = "fast_split", device: int = 0) -> DecisionMap:
    question = Question(graph=cutwise.load_model(f"sample:{model}"), scenario=scenario, scheme=scheme)
    return decision_map(question, shown_plan(question), device)


def going(found: DecisionMap, column: int, row: int) -> dict[str, object]:
    """What a click on a point sets."""
    point = {found.across.path: found.link_values[column], found.up.path: found.speed_values[row]}
    return {**found.beside, **point}


def spots(found: DecisionMap, across: int, up: int) -> list[tuple[int, int]]:
    columns, rows = (
        np.linspace(0, len(values) - 1, count).astype(int).tolist()
        for values, count in ((found.link_values, across), (found.speed_values, up))
    )
    return list(product(columns, rows))


@pytest.mark.parametrize(
    ("model", "scenario", "device", "setting"),
    [
        ("resnet18", "lecture_hall", 2, {}),
        ("googlenet", "lecture_hall", 1, {}),
        ("mobilenet_v2", "campus_cell", 0, {}),
        ("densenet121", "lecture_hall", 3, {}),
        ("gpt2", "lecture_hall", 2, ROOMY),
        ("resnet18", "lecture_hall", 2, {"objective.kind": "energy"}),
        ("resnet18", "lecture_hall", 2, {"limits.device_energy_j": 300.0}),
        ("mobilenet_v2", "lecture_hall", 2, {"limits.traffic_bytes": 4e9}),
        ("resnet18", "lecture_hall", 2, {"devices.*.memory_bytes": 1.3e9}),
        ("mobilenet_v2", "lecture_hall", 2, {"workload.micro_batches": 4}),
        ("resnet18", "lecture_hall", 1, {"workload.mode": "inference"}),
        ("gpt2", "lecture_hall", 2, {**ROOMY, **GENERATING}),
    ],
)
def test_every_point_is_what_a_sweep_plans(
    model: str, scenario: str, device: int, setting: Mapping[str, object]
) -> None:
    """In turn a device meets what it meets alone, which is what a sweep of one device prices."""
    single = alone(changed(shipped_scenario(scenario), setting), device)
    found = mapped(model, single)
    points = spots(found, 6, 5)
    links, speeds = ([values[i] for i in sorted(set(at))] for values, at in (
        (found.link_values, [column for column, _ in points]),
        (found.speed_values, [row for _, row in points]),
    ))  # fmt: skip
    rows = cutwise.sweep(
        cutwise.load_model(f"sample:{model}"),
        changed(single, found.beside),
        over={found.across.path: links, found.up.path: speeds},
        scheme="fast_split",
    )
    for (column, row), (_, swept) in zip(points, rows.iterrows(), strict=True):
        if found.best[row, column] < 0:
            assert swept.status == "infeasible"
            continue
        assert swept.status == "optimal"
        assert found.labels[found.best[row, column]] == swept.cut
        assert found.delays_s[row, column] == pytest.approx(swept.delay_s, rel=1e-12)


@pytest.mark.parametrize(
    ("scheme", "scenario", "device"),
    [
        ("split_federated", "lecture_hall", 2),
        ("split_learning", "lecture_hall", 4),
        ("fast_split", "campus_cell", 3),
        ("split_federated", "phone_on_lte", 0),
    ],
)
def test_a_click_leads_to_the_cut_and_the_delay_of_the_map(scheme: str, scenario: str, device: int) -> None:
    """In a fleet whose devices do not depend on each other."""
    given = shipped_scenario(scenario)
    found = mapped("resnet18", given, scheme, device)
    assert found.alone
    graph = cutwise.load_model("sample:resnet18")
    for column, row in spots(found, 3, 3):
        there = changed(given, going(found, column, row))
        plan = shown_plan(Question(graph=graph, scenario=there, scheme=scheme))
        assert plan.decisions[device].cut.label == found.labels[found.best[row, column]]
        assert plan.stages[device].delay_s == pytest.approx(found.delays_s[row, column], rel=1e-12)


@pytest.mark.parametrize("edges", [(), (Edge(name="hall"),)])
@pytest.mark.parametrize("scheme", ["gsfl", "u_shape", "sft", "card", "split_llm"])
def test_a_coupled_fleet_is_mapped_with_the_others_kept(scheme: str, edges: tuple[Edge, ...]) -> None:
    """The best cut of today is that of the device's curve, and a turn near today lasts about as long."""
    graph = cutwise.load_model("sample:resnet18")
    question = Question(graph=graph, scenario=replace(shipped_scenario(), edges=edges), scheme=scheme)
    plan = shown_plan(question)
    for device in (1, 2):
        found = decision_map(question, plan, device)
        curve = cut_curve(problem_of(question), plan, device)
        assert not found.alone
        assert found.labels[found.today].removeprefix("after ") == curve.names[curve.best]
        column = int(np.abs(np.log(found.link_values / found.across.here)).argmin())
        row = int(np.abs(np.log(found.speed_values / found.up.here)).argmin())
        least_s = float(np.asarray(curve.stages.delay_s)[curve.best])
        assert found.delays_s[row, column] == pytest.approx(least_s, rel=0.1)


def test_the_page_draws_each_part_or_says_why_not() -> None:
    def page() -> None:
        import cutwise
        from cutwise.scenario.changes import changed
        from cutwise.stated.shipped_scenarios import shipped_scenario
        from cutwise.stated.stated_question import StatedQuestion
        from cutwise_dashboard import session
        from cutwise_dashboard.question import AnsweredQuestion
        from cutwise_dashboard.views.explore import explore_views as explore

        setting = {
            "devices.2.flops_per_s": 2.664e11,
            "server.efficiency_ratio": None,
            "server.flops_per_s": 1.548e13,
        }
        setting |= {"objective.kind": "weighted"} if session.st.session_state.get("weighted") else {}
        scenario = changed(shipped_scenario(), setting)
        graph = cutwise.load_model("sample:resnet18")
        explore.show(AnsweredQuestion.of(graph, StatedQuestion(scenario=scenario)), 2)

    shown = AppTest.from_function(page, default_timeout=30).run()
    assert not shown.exception
    assert "Only 4 of 23 cuts are ever the best for jetson-tx2" in shown.get("html")[0].proto.body
    lines = [text.value for text in shown.markdown]
    assert any("moves to after layer3/0/add" in line for line in lines)
    shown.session_state["weighted"] = True
    shown.run()
    assert "no map for a weighted objective" in shown.info[0].value
    for part in explore.PARTS:
        shown.session_state["view.explore.part"] = part
        assert not shown.run().exception


def test_which_planes_are_ever_lowest_by_trying_many_points() -> None:
    """A fine grid cannot find more than the exact answer, nor miss any that is lowest on some of it."""
    random = np.random.default_rng(4)
    for _ in range(8):
        planes = random.random((40, 3)) * [1.0, 3.0, 3.0]
        exact = ever_lowest(planes, low=(0.1, 0.0), high=(1.0, 2.0))
        xs, ys = np.meshgrid(np.linspace(0.1, 1.0, 250), np.linspace(0.0, 2.0, 250))
        heights = planes[:, :1] + planes[:, 1:2] * xs.ravel() + planes[:, 2:] * ys.ravel()
        tried = set(heights.argmin(axis=0).tolist())
        assert tried <= set(exact)
        for row in set(exact) - tried:
            others = np.delete(heights, row, axis=0).min(axis=0)
            assert (heights[row] - others).min() < 0.03


def test_equal_planes_and_planes_that_touch_count_once() -> None:
    corner = [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [-0.0, 2.0, 2.0], [2.0, 0.0, 0.0]]
    assert ever_lowest(np.array(corner), low=(0.0, 0.0), high=(1.0, 1.0)) == [0]


def test_a_device_of_the_default_profile_changes_in_speed_alone() -> None:
    """Its memory and powers come from the catalogue only while it has no speed of its own."""
    scenario = Scenario()
    found = mapped("resnet18", scenario)
    there = changed(scenario, going(found, 80, 50))
    graph = cutwise.load_model("sample:resnet18")
    before, after = (build_problem(graph, one) for one in (scenario, there))
    assert after.device_memory_bytes.tolist() == before.device_memory_bytes.tolist()
    assert after.power.device_power_w.tolist() == before.power.device_power_w.tolist()
    assert kept_beside(there, 0) == {}


def test_an_efficiency_gives_way_to_the_speed() -> None:
    scenario = changed(Scenario(), {"devices.0.profile": "jetson_nano", "devices.0.efficiency_ratio": 0.3})
    found = mapped("resnet18", scenario)
    assert found.up.here == pytest.approx(0.3 * hardware()["jetson_nano"].fp32_flops_per_s)
    assert changed(scenario, going(found, 0, 0)).devices[0].efficiency_ratio is None


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"objective.kind": "weighted"}, "weighted objective"),
        ({"objective.kind": "energy", "limits.deadline_s": 500.0}, "deadline"),
        ({"devices.*.memory_bytes": 1e3}, "no cut fits the memories"),
        ({"limits.traffic_bytes": 1.0}, "no cut keeps the limits"),
    ],
)
def test_where_there_is_no_map_a_sentence_says_why(setting: Mapping[str, object], reason: str) -> None:
    with pytest.raises(SolverError, match=reason):
        mapped("resnet18", changed(shipped_scenario(), setting))


def test_the_map_is_priced_in_the_time_of_a_picture() -> None:
    question = Question(graph=cutwise.load_model("sample:googlenet"), scenario=shipped_scenario())
    plan = shown_plan(question)
    decision_map(question, plan, 2)
    took = []
    for _ in range(7):
        began = time.process_time()
        decision_map(question, plan, 2)
        took.append(time.process_time() - began)
    assert min(took) < 0.03


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_payload_names_its_regions_readably(theme: str) -> None:
    found = mapped("mobilenet_v2", shipped_scenario(), device=2)
    sent = map_payload(found, theme=theme)
    assert [region["label"] for region in sent["regions"]] == list(found.labels)
    assert all(contrast_ratio(region["ink"], region["fill"]) >= 4.5 for region in sent["regions"])
    assert contrast_ratio(sent["colors"]["cutInk"], PALETTES[theme].cut) >= 4.5
    cells = np.frombuffer(base64.b64decode(sent["best"]), dtype=np.int16)
    assert cells.reshape(101, 161).tolist() == found.best.tolist()
    assert f"best for {found.device}" in map_title(found)
    assert found.labels[found.today] in sent["label"]


def test_the_finding_is_the_title() -> None:
    found = mapped("resnet18", shipped_scenario(), device=2)
    ever = len(set(found.best.ravel().tolist()))
    assert 1 < ever < 23
    assert map_title(found) == f"Only {ever} of 23 cuts are ever the best for {found.device}"
    titles = {
        (1, 1): f"Only one cut is possible for {found.device}: after maxpool",
        (1, 23): f"One cut is the best everywhere on this map for {found.device}: after maxpool",
        (4, 4): f"All 4 cuts are the best somewhere on this map for {found.device}",
    }
    for (count, cuts), title in titles.items():
        assert map_title(replace(found, labels=found.labels[:count], cuts=cuts)) == title


def test_a_place_on_an_axis_stays_on_it() -> None:
    axis = MapAxis(path="p", title="t", unit="u", here=5.0, low=1.0, high=100.0)
    assert [share_of(axis, value) for value in (0.1, 1.0, 10.0, 1e9)] == [0.0, 0.0, 0.5, 1.0]


def test_break_evens_say_what_was_looked_at() -> None:
    assert move_lines(Moves(found=(), exact=True), here_bps=1.0) == ["No other uplink rate moves the cut"]
    assert move_lines(Moves(found=(), exact=False), here_bps=1.0) == [
        "At 46 other rates, up to 10,000 times today's, the cut stays"
    ]
