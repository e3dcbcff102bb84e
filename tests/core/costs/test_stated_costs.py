from __future__ import annotations

import numpy as np
import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from tests.core.costs.formula_calls import graph, op, stated
from tests.core.costs.no_loss import NO_LOSS

TOY = graph(
    stated("x", kind="input", output_bytes=602_112),
    stated(
        "a",
        "x",
        forward_flops=1e9,
        backward_flops=2e9,
        output_bytes=401_408,
        gradient_bytes=401_000,
        weight_bytes=8_192,
        trainable_bytes=4_096,
        saved_bytes=500,
    ),
    stated("b", "a", forward_flops=5.5, backward_flops=7, output_bytes=100),
)


def test_stated_figures_are_taken_as_they_are():
    row = price(TOY, Workload(loss=NO_LOSS)).row("a")
    assert (row.forward_flops, row.backward_flops) == (1e9, 2e9)
    assert (row.output_bytes, row.gradient_bytes, row.saved_bytes) == (401_408, 401_000, 500)
    assert (row.weight_bytes, row.trainable_bytes) == (8_192, 4_096)


def test_missing_figures_have_the_defaults_of_the_format():
    """exchanged = trainable; gradient = output where the op or an ancestor trains; all else 0."""
    cost = price(TOY, Workload(loss=NO_LOSS))
    assert cost.row("a").exchanged_bytes == 4_096
    assert cost.row("b").gradient_bytes == 100
    assert cost.row("x").gradient_bytes == 0
    assert (cost.row("b").weight_bytes, cost.row("b").saved_bytes, cost.row("x").forward_flops) == (0, 0, 0)


def test_stated_exchange_and_gradient_win_over_their_defaults():
    model = graph(
        stated("x", kind="input", output_bytes=8, gradient_bytes=3),
        stated("a", "x", output_bytes=5, trainable_bytes=40, exchanged_bytes=7, gradient_bytes=0),
    )
    cost = price(model, Workload(loss=NO_LOSS))
    assert (cost.row("a").exchanged_bytes, cost.row("a").gradient_bytes) == (7, 0)
    assert cost.row("x").gradient_bytes == 3


def test_no_number_format_rescales_a_stated_figure():
    row = price(TOY, Workload(loss=NO_LOSS, weights_dtype="int8", smashed_dtype="fp16")).row("a")
    assert (row.output_bytes, row.weight_bytes, row.trainable_bytes, row.exchanged_bytes) == (
        401_408, 8_192, 4_096, 4_096,
    )  # fmt: skip


def test_stated_weights_bring_gradients_and_optimizer_state_along():
    """4 096 B of fp32 = 1 024 weights: gradients 4 096 B, Adam 1 024 x 2 x 4 = 8 192 B."""
    cost = price(TOY, Workload(loss=NO_LOSS, optimizer="adam"))
    assert (cost.row("a").weight_gradient_bytes, cost.row("a").optimizer_bytes) == (4_096, 8_192)
    assert (cost.parameters, cost.trainable_parameters) == (2_048, 1_024)


def test_stated_backward_work_is_one_sum():
    row = price(TOY, Workload(loss=NO_LOSS)).row("a")
    assert (row.backward_input_flops, row.backward_weight_flops) == (2e9, 0)


def test_widest_tensor_of_a_stated_op_is_its_output_or_gradient():
    model = graph(stated("a", output_bytes=5, gradient_bytes=9, trainable_bytes=1))
    assert price(model, Workload(loss=NO_LOSS)).row("a").transient_bytes == 9
    assert price(model, Workload(loss=NO_LOSS, mode="inference")).row("a").transient_bytes == 5


def test_inference_takes_backward_figures_away():
    row = price(TOY, Workload(loss=NO_LOSS, mode="inference", optimizer="adam")).row("a")
    assert (row.forward_flops, row.output_bytes, row.weight_bytes) == (1e9, 401_408, 8_192)
    gone = (row.backward_flops, row.gradient_bytes, row.saved_bytes, row.exchanged_bytes, row.optimizer_bytes)
    assert gone == (0, 0, 0, 0, 0)


def test_freezing_everything_above_takes_backward_figures_away():
    """Nothing trains once `a` is frozen: `a` and `b` run forward only."""
    cost = price(TOY, Workload(loss=NO_LOSS, frozen=("a",)))
    assert cost.row("a").backward_flops == cost.row("b").backward_flops == 0
    assert cost.gradient_bytes.tolist() == [0, 0, 0]
    assert cost.saved_bytes.tolist() == [0, 0, 0]
    assert (cost.row("a").weight_bytes, cost.row("a").exchanged_bytes) == (8_192, 0)


def test_backward_figures_of_a_file_that_trains_nothing_stand():
    row = price(graph(stated("a", backward_flops=3, gradient_bytes=2)), Workload(loss=NO_LOSS)).row("a")
    assert (row.backward_flops, row.gradient_bytes) == (3, 2)


def test_op_without_figures_or_shape_costs_nothing_whatever_its_kind():
    cost = price(graph(stated("x", kind="input"), stated("y", "x", kind="conv2d")), Workload(loss=NO_LOSS))
    assert cost.output_bytes.tolist() == [0, 0]
    assert cost.forward_flops.tolist() == [0, 0]
    assert not cost.unpriced


def test_measured_times_are_fixed_seconds_and_seconds_a_sample():
    model = graph(
        stated("x", kind="input"),
        stated(
            "a",
            "x",
            device_forward_s=0.5,
            device_backward_s=(0.1, 0.2),
            server_forward_s=3,
            server_backward_s=4,
        ),
    )
    expected = [[0, 0.5], [0.1, 0.2], [0, 3], [0, 4]]
    assert price(model, Workload(loss=NO_LOSS)).measured_s.tolist() == [np.zeros((4, 2)).tolist(), expected]
    inference = price(model, Workload(loss=NO_LOSS, mode="inference")).measured_s[1]
    assert inference.tolist() == [[0, 0.5], [0, 0], [0, 3], [0, 0]]


def test_figures_of_one_op_stand_beside_shapes_of_another():
    """A measured stem before a derived layer: 2 x 3 = 6 multiply-adds, its input is the stem's 12 B."""
    stem = stated("stem", output_bytes=12, trainable_bytes=4, forward_flops=99)
    model = graph(stem, op("fc", "linear", "stem", (1, 2), weights={"w": (2, 3)}, in_features=3))
    cost = price(model, Workload(loss=NO_LOSS))
    assert cost.forward_flops.tolist() == [99, 12]
    assert cost.row("fc").saved_bytes == 12


@pytest.mark.parametrize("name", ["forward_flops", "output_bytes", "saved_bytes"])
def test_figures_may_be_any_number_not_below_zero(name: str):
    assert getattr(price(graph(stated("a", **{name: 0.25})), Workload(loss=NO_LOSS)).row("a"), name) == 0.25
