"""Small files of quantised, packed and fused operators, with values worked out by hand."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.importers.gate.reading import read_here
from cutwise.pipeline import plan
from cutwise.scenario.parts import Scenario
from tests.shared_files import SHARED, needs

MODELS = SHARED / "cases" / "models"

pytestmark = needs(MODELS)


def priced(name: str) -> GraphCost:
    return price(read_here(MODELS / f"{name}.onnx", {}), Workload(batch_size=1))


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("lstm_dynamic_int8", 1024 + 1024 + 128, 128 * 2048),
        ("ms_matmulnbits_declared", 256 * 128, 8 * 256 * 128),
        ("ms_matmulnbits_chain", 256 * 128, 8 * 256 * 128),
        ("d_gatherblockq", 1000 * 64 + 64 * 32, 8 * 64 * 32),
        ("ms_attention_domain", 32 * 96 + 96 + 32 * 32, 8 * 32 * 96 + 2 * 4 * 8 * 8 * 8 + 8 * 32 * 32),
        ("cnn_qoperator_int8", 1482, 1_114_432),
        ("cnn_qdq_int8", 1482, 1_114_432),
        ("cnn_ort_optimised", 1482, 1_114_432),
        ("h_qlinear_resblock", 64, 16 * 16 * 8 * 8),
        ("d_fusedconv", 8 * 27 + 8, 16 * 16 * 8 * 27),
        ("d_fusedmatmul", 32 * 64, 8 * 64 * 32),
    ],
)
def test_a_file_of_contributed_operators_is_counted(name: str, parameters: int, macs: int) -> None:
    """The network of cnn_*: 16·27 + 16 + 16·9 + 16 + 32·16 + 32 + 320 + 10 parameters;

    1024·(16·27 + 16·9 + 32·16) + 320 multiply-adds.
    """
    cost = priced(name)
    assert (cost.parameters, cost.macs, dict(cost.unpriced)) == (parameters, macs, {})


def test_packed_weights_take_the_bytes_of_the_file() -> None:
    """Four bits a weight in blocks of 32, each with a scale in fp32."""
    cost = priced("ms_matmulnbits_chain")
    assert cost.weight_bytes.sum() == 128 * 256 / 2
    assert cost.buffer_bytes.sum() == 4 * 128 * 256 / 32


def test_scales_are_no_parameters_and_nothing_of_a_quantised_product_is_trained() -> None:
    """Of the table and head, the head alone is floating."""
    assert priced("lstm_dynamic_int8").trainable_parameters == 0
    assert priced("ms_matmulnbits_chain").trainable_parameters == 0
    assert priced("d_gatherblockq").trainable_parameters == 64 * 32


def test_an_operator_of_another_domain_is_unknown() -> None:
    cost = priced("d_otherdomain_conv")
    assert dict(cost.unpriced) == {"other:acme::Conv": 1}
    assert (cost.macs, cost.parameters) == (0, 8 * 27)


def test_training_a_quantised_model_is_refused_and_its_inference_is_planned() -> None:
    graph = read_here(MODELS / "cnn_qdq_int8.onnx", {})
    assert any("1,482 of 1,482 parameters are stored quantised" in warning for warning in graph.warnings)
    with pytest.raises(ScenarioError, match=r'nothing of cnn_qdq_int8 is trainable.*mode = "inference"'):
        plan(graph, Scenario())
    found = plan(graph, Scenario(workload=Workload(mode="inference")))
    assert found.status == "optimal"


def test_a_layer_that_is_not_used_is_told() -> None:
    """The weights of a layer of 16 × 500 reach no output."""
    graph = priced("dead_layer").graph
    assert dict(graph.uncounted) == {"parameters": 8000, "macs": 8000}
