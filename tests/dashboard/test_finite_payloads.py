"""No number that a browser cannot read reaches a chart, however small or large the scenario's are."""

from __future__ import annotations

import ast
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.pipeline import played_round
from cutwise.question import Question, problem_of, shown_plan
from cutwise.scenario.parts import Scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.finite_payload import finite, finite_figure
from cutwise_dashboard.charts.fleet_bars import fleet_figure
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.charts.scheme_bars import delay_figure, energy_figure
from tests.architecture import PACKAGES


def strict(payload: Any) -> str:
    """As JSON that every browser reads; raises `ValueError` on nan and infinities."""
    return json.dumps(payload, allow_nan=False)


def hall(name: str) -> Scenario:
    first = shipped_scenario("lecture_hall")
    tiny, huge = (FixedRate(uplink_bps=rate, downlink_bps=rate) for rate in (1.0, 1e15))
    powerless = {"compute_power_w": 0.0, "idle_power_w": 0.0}
    return {
        "slow link": replace(first, channel=tiny),
        "fast link": replace(first, channel=huge),
        "slow device": replace(first, devices=tuple(_speed(d, 1e-6) for d in first.devices)),
        "fast device": replace(first, devices=tuple(_speed(d, 1e21) for d in first.devices)),
        "no power": replace(first, devices=tuple(replace(d, **powerless) for d in first.devices)),
    }[name]


def _speed(device: Any, flops_per_s: float) -> Any:
    return replace(device, flops_per_s=flops_per_s, efficiency_ratio=None)


@pytest.mark.parametrize("name", ["slow link", "fast link", "slow device", "fast device", "no power"])
def test_every_figure_of_an_extreme_scenario_is_finite(name: str) -> None:
    asked = Question(graph=cutwise.load_model("sample:vgg16"), scenario=hall(name))
    problem, plan = problem_of(asked), shown_plan(asked)
    bars = delay_figure([plan], best=plan.scheme, shown="", theme="light")
    for option in (
        fleet_figure(plan, shown="", theme="light"),
        bars,
        energy_figure([plan], shown="", theme="dark"),
    ):
        assert json.loads(strict(finite(option)))
    figure = finite_figure(gantt_figure(played_round(problem, plan), theme="light", training=True))
    assert "Infinity" not in figure.to_json()


def test_what_is_not_finite_is_left_out_and_the_rest_stays() -> None:
    payload = {
        "data": [1, 2.5, math.nan, -math.inf, True, None, "nan"],
        "sizes": np.array([1.0, np.inf]),
        "one": np.float64("nan"),
        "counts": (np.int64(3), 10**400),
    }
    assert finite(payload) == {
        "data": [1, 2.5, None, None, True, None, "nan"],
        "sizes": [1.0, None],
        "one": None,
        "counts": [3, None],
    }


def test_a_plotly_figure_loses_its_infinities_and_nothing_else() -> None:
    heights = np.array([[1.0, np.nan], [3.0, 4.0]])
    bars = go.Bar(x=np.array([1.0, np.inf, 3.0]), y=["a", "b", "c"])
    figure = go.Figure([bars, go.Heatmap(z=heights)], {"title": {"text": "T"}})
    cleaned = finite_figure(figure)
    assert cleaned.data[0].x == (1.0, None, 3.0)
    assert cleaned.data[0].y == ("a", "b", "c")
    assert [list(row) for row in cleaned.data[1].z] == [[1.0, None], [3.0, 4.0]]
    assert cleaned.layout.title.text == "T"


def test_every_chart_passes_the_one_seam() -> None:
    callers = {
        path.name
        for path in PACKAGES["cutwise_dashboard"].rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"echarts_chart", "plotly_chart"}
    }
    assert callers == {"drawn.py"}
