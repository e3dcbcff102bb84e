"""Exported programs that lie beside the project, against the values that go with them (models.tsv)."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.importers import load_model
from tests.core.costs.no_loss import NO_LOSS
from tests.shared_files import MODEL_FILES, needs

pytestmark = needs(MODEL_FILES)


def priced(name: str, dims: dict[str, int] | None = None) -> GraphCost:
    graph = load_model(MODEL_FILES / f"{name}.pt2", dims=dims)
    return price(graph, Workload(loss=NO_LOSS, batch_size=graph.batch_size))


@pytest.mark.parametrize(
    ("name", "batch_size", "dims", "macs"),
    [
        # (3·32² + 32² + 2·32·64) a token, scores and context of 50 x 50 x 32 each: 50 tokens
        ("seq_first_encoder", 2, {}, 569_600),
        # 5·8² for the queries, 3·8² / 4 for the bank once in 4 samples, 2·5·3·8 for both products
        ("bank_first_axis_open", 4, {"bank_rows": 3}, 608),
        ("bank_batch1", 1, {"bank_rows": 3}, 752),
        ("points_first_axis", 1, {"points": 1024}, 196_608 + 640),
    ],
)
def test_samples_lie_where_the_program_keeps_them_apart(
    name: str, batch_size: int, dims: dict[str, int], macs: int
) -> None:
    cost = priced(name)
    assert (cost.graph.batch_size, dict(cost.graph.dims), cost.macs) == (batch_size, dims, macs)
    assert cost.graph.warnings == ()


def test_an_open_first_axis_that_is_no_batch_can_be_set() -> None:
    cost = priced("bank_batch1", {"bank_rows": 6})
    assert cost.macs == 5 * 64 + 6 * 64 + 2 * 5 * 6 * 8


def test_a_file_says_what_is_trained() -> None:
    cost = priced("frozen_backbone")
    assert (cost.parameters, cost.trainable_parameters) == (1188, 132)
    assert cost.graph.warnings == (
        "2 parameter tensors ('b.weight', 'b.bias'; 1,056 parameters) need no gradient in the file and are "
        "not trained",
    )


def test_a_scan_costs_its_steps() -> None:
    cost = priced("scan_cell")
    assert (cost.graph.batch_size, cost.macs, dict(cost.unpriced)) == (2, 7 * 256, {})


def test_a_size_that_data_decide_is_asked_for() -> None:
    """5 rows at most, of 4 x 4 multiply-adds each."""
    cost = priced("item")
    assert (cost.macs, dict(cost.graph.dims)) == (80, {"u0": 5})
    assert any("data decide the size 'u0'" in warning for warning in cost.graph.warnings)
    assert priced("item", {"u0": 2}).macs == 32


def test_a_function_that_is_known_keeps_its_input_and_is_doubted() -> None:
    """Kept are 2 x (32 + 64 + 64) numbers: inputs of both layers and of the function."""
    cost = priced("custom_autograd_function")
    assert cost.saved_bytes.sum() * cost.graph.batch_size == 1280
    assert cost.graph.warnings[0].startswith("1 autograd functions ('GeLUFunction') have a backward pass")
