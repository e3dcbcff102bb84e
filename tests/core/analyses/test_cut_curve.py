"""The curve of cut positions as a record: its rows against plans with that cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_curve import CutCurveAnalysis
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario

CELL = Scenario(devices=(Device(name="a", flops_per_s=4e11), Device(name="b", flops_per_s=2e12)))
ASKED = Question(graph=cutwise.load_model("sample:resnet18"), scenario=CELL)


def test_every_row_is_the_round_of_a_plan_with_that_cut() -> None:
    frame = CutCurveAnalysis(device="b").run(ASKED).to_frame()
    for row in frame.iloc[[0, 3, -1]].to_dict("records"):
        stage = shown_plan(replace(ASKED, scheme="split_learning", cut=row["behind"])).stages[1]
        assert row["delay_s"] == pytest.approx(stage.delay_s, rel=1e-12)
        assert row["energy_j"] == pytest.approx(stage.energy_j, rel=1e-12)
        assert row["traffic_bytes"] == stage.traffic_bytes
        assert row["device_memory_bytes"] == stage.device_memory.total_bytes


def test_the_best_position_is_that_of_an_optimal_plan() -> None:
    """Every optimum of a chain of blocks lies at a position; the plan is proven optimal."""
    for number, device in enumerate(("a", "b")):
        found = CutCurveAnalysis(device=device).run(ASKED)
        plan = shown_plan(ASKED)
        assert plan.status == "optimal"
        assert found.best == found.chosen == int(np.argmin(found.scores))
        assert found.scores[found.best] == pytest.approx(plan.stages[number].delay_s, rel=1e-12)


def test_a_pinned_cut_is_the_position_that_is_chosen() -> None:
    found = CutCurveAnalysis().run(replace(ASKED, cut="layer4/0/relu2"))
    assert found.names[found.chosen] == "layer4/0/relu2"
    assert f"the plan cuts at {found.names[found.chosen]}" in found.summary()
