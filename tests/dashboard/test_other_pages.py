"""The model and the fleet page in Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.graph.blocks import blocks
from cutwise.importers.import_report import import_report
from cutwise_dashboard.charts.graph.op_colors import STEP_NAMES, steps
from cutwise_dashboard.session import Selection, first_scenario
from cutwise_dashboard.views.model.op_graph import block_table, op_table

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")


def opened(page: str, **state: Any) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize("sample", cutwise.samples())
def test_the_model_page_shows_the_import_report_of_every_sample(sample: str) -> None:
    app = opened("model", choice=Selection(sample=sample))

    report = import_report(price(cutwise.load_model(f"sample:{sample}"), first_scenario().workload))
    values = {metric.label: metric.value for metric in app.main.metric}
    assert values["Parameters"] == f"{report.parameters:,}"
    assert values["Ops"] == f"{report.ops:,}"


def test_colouring_by_another_quantity_changes_the_caption() -> None:
    app = opened("model")
    before = [caption.value for caption in app.main.caption]

    app.session_state["ops.quantity"] = "bytes sent"
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


def test_the_fleet_page_lists_every_mistake_of_a_pasted_fleet_and_keeps_the_old_one() -> None:
    app = opened("fleet")
    app.text_area(key="fleet.text").set_value("name,samples\na,ten\nb,-3").run()

    next(button for button in app.main.button if button.label == "Replace the fleet").click().run()

    told = " ".join(error.value for error in app.main.error)
    assert "row 1" in told
    assert "row 2" in told
    assert len(app.session_state["scenario"].devices) == 5
