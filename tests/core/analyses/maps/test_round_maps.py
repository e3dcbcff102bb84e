"""Maps of whole rounds against the plan of each point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.map_analysis import MapAnalysis
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds import round_map as module
from cutwise.analyses.maps.rounds.round_map import round_map
from cutwise.analyses.maps.rounds.round_points import RoundsAsked, answered_here
from cutwise.errors import SolverError
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.stated.shipped_scenarios import shipped_scenario

RESNET = cutwise.load_model("sample:resnet18")
UPLINK, SPEED, BATCH = "channel.uplink_bps", "devices.0.flops_per_s", "workload.batch_size"

SIZES = (1.0, 256.0)


def places(scheme: str, up: str = SPEED, **setting: object) -> MapPlaces:
    scenario = changed(shipped_scenario(), {path.replace("__", "."): v for path, v in setting.items()})
    asked = Question(graph=RESNET, scenario=scenario, scheme=scheme)
    ranges = {UPLINK: (None, None), up: SIZES if up == BATCH else (None, None)}
    return MapPlaces.of(asked, shown_plan(asked, listed=False), ranges)


def pattern(label: str | None) -> frozenset[str]:
    return frozenset(label.split(" | ")) if label else frozenset()


def planned(at: MapPlaces, scheme: str, found: DecisionMap, row: int, column: int) -> cutwise.Plan:
    there = at.asked([float(found.across_values[column]), float(found.up_values[row])])
    return shown_plan(replace(there, scheme=scheme), listed=False)


@pytest.mark.parametrize("scheme", ["split_learning", "split_federated"])
def test_points_of_a_fleets_map_are_plans_of_all_devices(scheme: str) -> None:
    """In turn and at once; rounds in columns and borders parted to their places."""
    at = places(scheme)
    found = round_map(at, {scheme: {}}, by_cuts=True)
    random = np.random.default_rng(3)
    for row, column in random.integers(0, 65, (12, 2)).tolist():
        plan = planned(at, scheme, found, row, column)
        assert {d.cut.label for d in plan.decisions} == pattern(found.labels[found.best[row, column]])
    row = 40
    starts = found.runs.start[:, row][np.isfinite(found.runs.start[:, row])]
    for start in starts[1:].tolist():
        before, after = (
            shown_plan(at.asked([start * by, float(found.row_values[row])]), listed=False)
            for by in (1 - 1e-9, 1 + 1e-9)
        )
        assert [d.cut.label for d in before.decisions] != [d.cut.label for d in after.decisions]


def test_points_of_a_map_of_schemes_are_the_least_of_their_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COARSE", 3)
    monkeypatch.setattr(module, "LEVELS", 1)
    names = ("fast_split", "split_federated", "split_learning", "federated", "split_llm")
    at = places("fast_split")
    asked: list[int] = []

    def counted(rounds: RoundsAsked) -> list[cutwise.columns.row_answers.RowAnswers]:
        asked.append(len(rounds.columns) * len(rounds.schemes))
        return answered_here(rounds)

    found = round_map(at, {name: {} for name in names}, by_cuts=False, answer=counted)
    assert found.compared == len(names)
    assert found.today >= 0
    random = np.random.default_rng(4)
    for row, column in random.integers(0, len(found.up_values), (6, 2)).tolist():
        delays = {name: planned(at, name, found, row, column).delay_s for name in names}
        assert delays[found.labels[found.best[row, column]]] == pytest.approx(min(delays.values()), rel=1e-6)


def test_a_size_of_mini_batches_is_priced_value_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COARSE", 2)
    monkeypatch.setattr(module, "LEVELS", 1)
    at = places("fast_split", up=BATCH)
    found = round_map(at, {"fast_split": {}}, by_cuts=True)
    for row, column in ((0, 0), (2, 3), (4, 1)):
        plan = planned(at, "fast_split", found, row, column)
        fits = plan.status != "infeasible"
        labels = {d.cut.label for d in plan.decisions} if fits else set()
        told = found.labels[found.best[row, column]] if found.best[row, column] >= 0 else None
        assert labels == pattern(told)


def test_schemes_are_mapped_by_delay_alone() -> None:
    with pytest.raises(SolverError, match="least delay"):
        round_map(places("fast_split", objective__kind="energy"), {"fast_split": {}}, by_cuts=False)


def test_the_analysis_maps_what_it_is_asked_of() -> None:
    question = Question(graph=RESNET, scenario=shipped_scenario())
    found = MapAnalysis(of="cuts").run(question)
    assert found.of == "pattern"
    assert len(found.to_frame()) > 3
    assert "the fleet" in found.summary()
