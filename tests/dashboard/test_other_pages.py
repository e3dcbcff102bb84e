"""The pages Model, Network, Simulate and Truth in Streamlit's own test harness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.analyses.base import MOST_DEVICES
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.graph.blocks import blocks
from cutwise.importers.import_report import import_report
from cutwise.measured import predicted_memory, predicted_rates
from cutwise.scenario.parties import Device, Edge
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.charts.graph.op_colors import STEP_NAMES, steps
from cutwise_dashboard.charts.rate_curve import planned_bps, rate_curve
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.session import DESK
from cutwise_dashboard.views.model.op_graph import block_table, op_table

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")


def opened(page: str, stated: StatedQuestion | None = None, **state: Any) -> AppTest:
    """The page of this address with a question on the desk."""
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.session_state[DESK] = Desk(history=[stated or StatedQuestion()])
    app.run()
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (app.main.markdown, app.main.caption, app.main.info, app.main.subheader)
    return "\n".join(str(block.value) for kind in kinds for block in kind)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.main.metric}


def asked(**changes: Any) -> StatedQuestion:
    first = StatedQuestion()
    return replace(first, scenario=replace(first.scenario, **changes))


@pytest.mark.parametrize("sample", cutwise.samples())
def test_the_model_page_shows_the_import_report_of_every_sample(sample: str) -> None:
    app = opened("model", replace(StatedQuestion(), model=ModelReference(sample=sample)))

    graph = cutwise.load_model(f"sample:{sample}")
    report = import_report(price(graph, StatedQuestion().scenario.workload))
    assert metrics(app)["Parameters"] == f"{report.parameters:,}"
    assert metrics(app)["Ops"] == f"{report.ops:,}"


def test_colouring_by_another_quantity_changes_the_caption() -> None:
    app = opened("model")
    before = [caption.value for caption in app.main.caption]

    app.session_state["view.ops.quantity"] = "bytes sent"
    app.run()

    assert [caption.value for caption in app.main.caption] != before


def test_an_unpriced_kind_is_told_with_its_part_of_the_elements(tmp_path: Path) -> None:
    """Of 4 + 4 + 8 elements the unknown op makes 8: half."""
    from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec

    graph = ModelGraph(
        name="odd",
        ops=(
            Op(id="x", kind="input", output=TensorSpec(shape=(1, 4))),
            Op(id="a", kind="relu", inputs=("x",), output=TensorSpec(shape=(1, 4))),
            Op(id="b", kind="other:Mystery", inputs=("a",), output=TensorSpec(shape=(1, 8))),
        ),
    )

    report = import_report(price(graph, Workload()))

    assert report.unpriced == {"other:Mystery": 1}
    assert report.unpriced_ratio == 0.5
    assert "50 %" in report.confidence["flops"]


def test_a_mixture_shows_all_parameters_and_those_of_a_token() -> None:
    """4 experts of 8 x 4, of which a token passes one: 128 and 32."""
    from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight

    experts = Op(
        id="experts", kind="grouped_matmul", inputs=("x",), output=TensorSpec(shape=(1, 3, 1, 4)),
        weights=(Weight(id="w", shape=(4, 4, 8)),),
        attrs={"in_features": 8, "experts": 4, "experts_per_token": 1},
    )  # fmt: skip
    x = Op(id="x", kind="input", output=TensorSpec(shape=(1, 3, 1, 8)))
    report = import_report(price(ModelGraph(name="mixed", ops=(x, experts)), Workload()))

    shown = AppTest.from_function(_report_alone, kwargs={"report": report}).run()

    assert not shown.exception, shown.exception
    values = {metric.label: metric.value for metric in shown.metric}
    assert (values["Parameters"], values["Active for a token"]) == ("128", "32")


def _report_alone(report) -> None:
    from cutwise_dashboard.views.model import import_report as report_view

    report_view.show(report)


def test_the_tables_add_up_to_the_model() -> None:
    cost = price(cutwise.load_model("sample:googlenet"), Workload())

    ops, by_block = op_table(cost), block_table(cost, blocks(cost.graph))

    assert ops["forward"].sum() == pytest.approx(cost.forward_flops.sum() / 1e6)
    for column in ("forward", "backward", "weights", "saved"):
        assert by_block[column].sum() == pytest.approx(ops[column].sum())


def test_a_folded_block_is_coloured_by_its_sum() -> None:
    """Two ops of 6 % each are in the third step alone (under 10 %), folded together in the fourth."""
    graph = cutwise.load_model("sample:resnet18")
    two = blocks(graph)[0]
    values = price(graph, Workload()).forward_flops * 0
    values[list(two.ops[:2])] = 6.0
    values[list(blocks(graph)[1].ops[:1])] = 88.0

    assert STEP_NAMES[steps(values, blocks(graph), frozenset())[two.ops[0]]] == "< 10 %"
    assert STEP_NAMES[steps(values, blocks(graph), frozenset({two.name}))[two.ops[0]]] == "< 20 %"


def test_the_network_page_says_what_a_cell_of_fixed_rates_carries() -> None:
    app = opened("network", asked(channel=FixedRate(uplink_bps=5e6, downlink_bps=2e7)))

    assert "**5 Mbit/s** up and **20 Mbit/s** down" in texts(app)
    assert not app.get("plotly_chart")


def test_the_network_page_draws_rates_against_distance_where_it_matters() -> None:
    """A device alone on the band is planned at the rate that the line has at its place."""
    channel, device = Shannon(), Device(name="a", distance_m=150.0)
    stated = asked(channel=channel, devices=(device,))
    question = AnsweredQuestion.of(cutwise.load_model("sample:resnet18"), stated)

    curve = rate_curve(channel, devices_m=np.array([150.0]), transmit_power_w=device.transmit_power_w)

    for direction in ("uplink", "downlink"):
        (planned,) = planned_bps(question.plan, direction)
        at = np.interp(np.log(150.0), np.log(curve.distance_m), curve.rate_bps[direction])
        assert at == pytest.approx(planned, rel=1e-3)
    assert opened("network", stated).get("plotly_chart")


def test_the_simulate_page_plays_the_round_and_says_how_busy_everyone_is() -> None:
    app = opened("simulate")
    planned = seconds_text(cutwise.plan(cutwise.load_model("sample:resnet18"), shipped_scenario()).delay_s)

    assert metrics(app)["The round takes"] == planned
    assert metrics(app)["Waits longest"] == "nobody"
    assert f"tasks end after {planned}; the plan says {planned}" in texts(app)


def test_in_inference_the_simulate_page_speaks_of_requests() -> None:
    first = StatedQuestion().scenario
    app = opened("simulate", asked(workload=replace(first.workload, mode="inference")))

    assert "All requests, task by task" in texts(app)
    assert not {name for name in metrics(app) if "round" in name}


def test_more_devices_than_are_played_are_told() -> None:
    devices = tuple(Device(name=f"d{i}", profile="jetson_nano", samples=32) for i in range(MOST_DEVICES + 1))
    app = opened("simulate", asked(devices=devices))

    assert f"Played for at most {MOST_DEVICES} devices and this fleet has {len(devices)}" in texts(app)


def test_the_truth_page_shows_what_is_predicted_now_beside_what_was_measured() -> None:
    """The rounds are those of the convergence page, the runs those that the library predicts."""
    app = opened("truth")
    near = sum(abs(run.predicted_peak_ratio - 1) <= 0.03 for run in predicted_memory())

    assert metrics(app)["Peaks within 3 %"] == f"{near} of 101"
    assert metrics(app)["Within 25 %"] == (
        f"{sum(abs(rate.predicted_rate_ratio - 1) <= 0.25 for rate in predicted_rates())} of 49"
    )
    assert "Not validated" in texts(app)
    rounds = next(table.value for table in app.main.dataframe if "trained" in table.value)
    found = dict(zip(rounds["trained"], rounds.iloc[:, 1], strict=True))
    assert found["split learning"] == "2 (1 to 3)"
    assert found["GSFL, 6 groups"] == "6 (4 to 7)"


def test_the_compare_page_says_what_a_third_tier_saves() -> None:
    """Four of eight chains at once: the concurrency is a half."""
    stated = asked(
        devices=tuple(Device(name=f"u{i}", samples=64) for i in range(8)),
        edges=tuple(Edge(name=f"e{i}") for i in range(4)),
    )
    app = opened("compare", stated, **{"schemes.shown.wanted": "split_llm"})

    assert "4 of 8 models at once (× 0.50)" in texts(app)
    assert "Memory by tier" in texts(app)
