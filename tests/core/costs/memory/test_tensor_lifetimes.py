from __future__ import annotations

import numpy as np

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.memory import tensor_lifetimes
from cutwise.costs.memory.tensor_lifetimes import Interval, timeline_of
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op
from tests.core.costs.formula_calls import graph, op, stated
from tests.core.costs.no_loss import NO_LOSS

WIDE = (1, 4)  # 16 B


def layer(name: str, source: str, outputs: int = 4) -> Op:
    return op(name, "linear", source, (1, outputs), weights={f"w{name}": (outputs, 4)}, in_features=4)


def priced(*ops: Op, **workload: object) -> GraphCost:
    model: ModelGraph = graph(op("x", "input", shape=WIDE), *ops)
    return price(model, Workload(batch_size=1, loss=NO_LOSS, **workload))


def tensors(cost: GraphCost, side: np.ndarray) -> list[Interval]:
    return list(tensor_lifetimes.tensors(timeline_of(cost, accelerator=True), side))


def activation_gradients(cost: GraphCost, side: np.ndarray) -> list[Interval]:
    return list(tensor_lifetimes.activation_gradients(timeline_of(cost, accelerator=True), side))


def weight_gradients(cost: GraphCost, side: np.ndarray) -> list[Interval]:
    return list(tensor_lifetimes.weight_gradients(cost, timeline_of(cost, accelerator=True), side))


def here(cost: GraphCost, last: int | None = None) -> np.ndarray:
    return np.arange(len(cost)) <= (len(cost) if last is None else last)


def test_tensor_lives_until_its_last_reader_or_the_op_that_keeps_it_has_run_backward():
    """x is kept by a (op 1 of 4: backward at step 6), a by b (step 5); the sum reads both and makes 16 B."""
    cost = priced(layer("a", "x"), layer("b", "a"), op("s", "add", "a b", WIDE))
    assert sorted(tensors(cost, here(cost))) == [(16, 0, 6), (16, 1, 5), (16, 2, 3), (16, 3, 3)]


def test_view_lives_in_the_storage_it_shows():
    cost = priced(layer("a", "x"), op("v", "reshape", "a", (2, 2)), op("n", "neg", "v", (2, 2)))
    assert sorted(tensors(cost, here(cost))) == [(16, 0, 6), (16, 1, 3), (16, 3, 3)]


def test_sum_passes_its_gradient_on_until_another_is_added():
    """The gradient at step 4 is that of a and of b; b has used it at step 5, where a's own begins as the
    sum of both: 16 B more while the second part is there."""
    cost = priced(layer("a", "x"), layer("b", "a"), op("s", "add", "a b", WIDE))
    assert sorted(activation_gradients(cost, here(cost))) == [(16, 4, 5), (16, 5, 5), (16, 5, 6)]


def test_gradient_of_a_view_is_a_view():
    """n makes a gradient at its step 4 that lasts until a, behind the view, has used it at step 6."""
    cost = priced(layer("a", "x"), op("v", "reshape", "a", (2, 2)), op("n", "neg", "v", (2, 2)))
    assert sorted(activation_gradients(cost, here(cost))) == [(16, 4, 4), (16, 4, 6)]


def test_stretched_operand_of_a_sum_gets_a_gradient_of_its_own():
    cost = priced(
        layer("a", "x"), op("m", "reduce_mean", "a", (1, 1)), op("s", "add", "a m", WIDE), layer("b", "s")
    )
    assert (4, 6, 7) in activation_gradients(cost, here(cost))


def test_what_crosses_waits_from_the_start_of_the_backward_pass_and_to_its_end():
    """Cut behind a: its gradient is received at step 3 and used at step 4; at the server it is made at step 3
    and held until the pass ends at step 5."""
    cost = priced(layer("a", "x"), layer("b", "a"))
    device = here(cost, last=1)
    assert activation_gradients(cost, device) == [(16, 3, 4)]
    assert sorted(activation_gradients(cost, ~device)) == [(16, 3, 3), (16, 3, 5)]


def test_gradients_of_weights_stay():
    """b's 64 B from step 3, a's 64 B from step 4, in 16 bit half of it; to the optimiser's step 6."""
    ops = (layer("a", "x"), layer("b", "a"))
    assert sorted(weight_gradients(priced(*ops), here(priced(*ops)))) == [(64, 3, 6), (64, 4, 6)]
    half = priced(*ops, weights_dtype="bf16")
    assert sorted(weight_gradients(half, here(half))) == [(32, 3, 6), (32, 4, 6)]


def test_untied_weights_get_gradients_of_their_own():
    ops = [
        op(n, "linear", s, WIDE, weights={"w": (4, 4)}, in_features=4) for n, s in (("a", "x"), ("b", "a"))
    ]
    tied, untied = priced(*ops), priced(*ops, tied_weights="untied")
    assert sorted(weight_gradients(tied, here(tied))) == [(64, 3, 6), (64, 4, 4)]
    assert sorted(weight_gradients(untied, here(untied))) == [(64, 3, 6), (64, 4, 6)]


def test_merged_adapter_goes_through_a_gradient_of_the_whole_matrix():
    """For a step 4 x 4 x 4 = 64 B; of both adapters 1 x 4 x 4 = 16 B each stay."""
    cost = priced(layer("a", "x"), tuning=Lora(rank=1, targets=("a",), merged=True))
    assert sorted(weight_gradients(cost, here(cost))) == [(16, 2, 4), (16, 2, 4), (64, 2, 2)]


def test_inference_has_no_gradients():
    cost = priced(layer("a", "x"), mode="inference")
    assert sorted(tensors(cost, here(cost))) == [(16, 0, 1), (16, 1, 1)]


def test_what_comes_from_the_other_side_is_there_from_its_first_reader_on():
    """Of 4 ops b (op 2) and c read a's result, which b keeps until step 5; each makes 16 B of its own."""
    cost = priced(layer("a", "x"), layer("b", "a"), layer("c", "a"))
    assert sorted(tensors(cost, ~here(cost, last=1))) == [(16, 2, 2), (16, 2, 5), (16, 3, 3)]


def test_stated_gradients_of_weights_stay_too():
    """Op 1 of 2 runs backward at step 2; its 4 B stay to the optimiser's step 4."""
    ops = [
        stated("x", kind="input", output_bytes=8),
        stated("a", "x", output_bytes=8, weight_bytes=5, trainable_bytes=4),
    ]
    cost = price(graph(*ops), Workload(batch_size=1, loss=NO_LOSS))
    assert [span for span in weight_gradients(cost, here(cost)) if span[0]] == [(4, 2, 4)]
