"""Scans of state space models, by hand."""

from __future__ import annotations

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from tests.core.costs.no_loss import NO_LOSS


def priced(kind: str, features: int, attrs: dict[str, int]) -> GraphCost:
    """One scan over 6 tokens, whose four inputs come from one layer each."""
    weight = Weight(id="w", shape=(features, 4))
    made = [Op(id="x", kind="input", output=TensorSpec(shape=(1, 6, features), dtype="fp32"))]
    for name in ("u", "step", "key", "query"):
        output = TensorSpec(shape=(1, 6, features), dtype="fp32")
        layer = Weight(id=name, shape=(features, features))
        made.append(Op(id=name, kind="linear", inputs=("x",), output=output, weights=(layer,)))
    scan = Op(
        id="scan", kind=kind, inputs=("u", "step", "key", "query"),
        output=TensorSpec(shape=(1, 6, features), dtype="fp32"), weights=(weight,),
        attrs={**attrs, "tokens": 6},
    )  # fmt: skip
    graph = ModelGraph(name="scan", ops=(*made, scan))
    return price(graph, Workload(loss=NO_LOSS))


def test_a_selective_scan_keeps_three_tensors_of_all_states_and_its_inputs() -> None:
    """8 features of 4 states at 6 tokens: 192 products with C and 8 FLOP a state, 2 a feature. Kept are four
    inputs of 48 floats, three tensors of 192 and the 32 first states."""
    cost = priced("selective_scan", 8, {"state_size": 4})
    assert cost.macs - 4 * 6 * 64 == 192
    assert cost.forward_flops[-1] == 8 * 192 + 2 * 48
    assert cost.saved_bytes[-1] == 4 * (4 * 48 + 3 * 192 + 32)


def test_a_chunked_scan_fills_up_its_last_chunk() -> None:
    """2 heads of 4 features and 3 states, chunks of 4 tokens: 6 tokens are 2 chunks, 8 places. A head has
    2 x 16 pairs, so 32 x (3 + 4) products, 2 x 8 x 3 x 4 for states and 9 x 3 x 4 between chunks; the
    result of the 2 places that fill up is kept too."""
    cost = priced("chunked_scan", 8, {"heads": 2, "head_dim": 4, "state_size": 3, "chunk": 4})
    assert cost.macs - 4 * 6 * 64 == 2 * (32 * 7 + 192 + 108)
    kept = 3 * 32 + 4 * 8 * 4 + 5 * 8 * 3 + 5 * 12 + 2 * 8 + 9 + 2 * 4
    assert cost.saved_bytes[-1] == 4 * (2 * 48 + 2 * kept)
