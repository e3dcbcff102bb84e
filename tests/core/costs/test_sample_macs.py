"""The shipped models against published figures, and against PyTorch running the same files."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pytest

from cutwise import sample_models
from cutwise.costs.graph_cost import COLUMNS, GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import load_model
from tests.core.costs.no_loss import NO_LOSS

torch = pytest.importorskip("torch")

# Billions of multiply-adds of one forward pass (224 x 224 pixels, 128 tokens) and millions of parameters.
PUBLISHED = {
    "resnet18": (1.814, 11.690),
    "googlenet": (1.498, 6.625),
    "densenet121": (2.834, 7.979),
    "mobilenet_v2": (0.301, 3.505),
    "vgg16": (15.470, 138.358),
    "vit_b16": (17.564, 86.568),
    "gpt2": (16.114, 124.440),
}
SAMPLES = (*PUBLISHED, "unet", "two_tower")
# Torch's counter forgets the groups of a convolution in the backward pass.
COUNTED_BACK = [name for name in SAMPLES if name != "mobilenet_v2"]


@lru_cache
def sample(name: str) -> ModelGraph:
    return load_model(f"sample:{name}")


def eager(name: str) -> GraphCost:
    return price(sample(name), Workload(loss=NO_LOSS, attention="eager"))


@lru_cache
def in_torch(name: str) -> tuple[tuple[int, int], int]:
    """FLOPs forward and backward, and bytes kept, of torch running the file."""
    from tests.core.costs.onnx_in_torch import OnnxInTorch
    from tests.core.costs.torch_truth import counted_flops, saved_bytes

    module = OnnxInTorch(Path(str(files(sample_models) / f"{name}.onnx")))
    dtypes = {"int64": torch.int64, "fp32": torch.float32}
    data = [
        torch.empty(op.output.shape, dtype=dtypes[op.output.dtype], device="meta")
        for op in sample(name).ops
        if op.kind == "input"
    ]
    return counted_flops(module, *data), saved_bytes(module, *data)


@pytest.mark.parametrize("name", PUBLISHED)
def test_sample_has_its_published_size(name: str):
    cost = price(sample(name), Workload(loss=NO_LOSS))
    macs, parameters = PUBLISHED[name]
    assert cost.macs / 1e9 == pytest.approx(macs, abs=0.0006)
    assert cost.parameters / 1e6 == pytest.approx(parameters, abs=0.0006)
    assert cost.trainable_parameters == cost.parameters


@pytest.mark.parametrize("name", SAMPLES)
def test_every_op_of_a_sample_has_a_formula(name: str):
    assert not price(sample(name), Workload(loss=NO_LOSS)).unpriced


@pytest.mark.parametrize("name", SAMPLES)
def test_forward_flops_are_what_torch_counts(name: str):
    from tests.core.costs.torch_truth import dense_flops

    cost = eager(name)
    assert dense_flops(cost)[0] == in_torch(name)[0][0]
    assert 2 * cost.macs * cost.graph.batch_size == in_torch(name)[0][0]


@pytest.mark.parametrize("name", COUNTED_BACK)
def test_backward_flops_are_what_torch_counts(name: str):
    from tests.core.costs.torch_truth import dense_flops

    assert dense_flops(eager(name))[1] == in_torch(name)[0][1]


def test_depthwise_convolutions_run_back_at_twice_forward_less_the_first_input():
    """mobilenet_v2's first convolution makes 32 x 112 x 112 outputs of 27 multiply-adds: 21 676 032 FLOP."""
    from tests.core.costs.torch_truth import dense_flops

    forward, backward = dense_flops(eager("mobilenet_v2"))
    assert backward == 2 * forward - 21_676_032


@pytest.mark.parametrize("name", SAMPLES)
def test_saved_bytes_are_what_autograd_keeps(name: str):
    """Within 0.3 %: dropout is run as in inference there, and gpt2's mask is copied for every layer."""
    assert eager(name).saved_bytes.sum() == pytest.approx(in_torch(name)[1], rel=0.003)


@pytest.mark.parametrize("name", ["vit_b16", "gpt2"])
def test_fused_attention_keeps_less_and_works_more(name: str):
    """12 layers x 12 heads keep tokens² probabilities of 4 B or, fused, 4 B a row: they differ by that;
    the scores run once more in backward."""
    fused, open_ = price(sample(name), Workload(loss=NO_LOSS)), eager(name)
    tokens = {"vit_b16": 197, "gpt2": 128}[name]
    rows = 12 * 12 * tokens
    assert open_.saved_bytes.sum() - fused.saved_bytes.sum() == pytest.approx(
        4 * rows * (tokens - 1), rel=0.001
    )
    again = fused.backward_input_flops.sum() - open_.backward_input_flops.sum()
    assert again == 2 * rows * tokens * 64
    assert fused.macs == open_.macs


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("batch_size", [4, 32])
def test_price_of_a_sample_is_that_of_the_file_read_at_another_batch(name: str, batch_size: int):
    """All is linear in the batch but what is there once a batch, which follows the workload's."""
    workload = Workload(
        loss=NO_LOSS, batch_size=batch_size, checkpointing="none" if batch_size == 4 else "blocks"
    )
    one = price(sample(name), workload)
    four = price(load_model(f"sample:{name}", dims={"batch": 4}), workload)
    assert four.graph.batch_size == 4
    for column in COLUMNS:
        assert getattr(four, column) == pytest.approx(getattr(one, column), rel=1e-9, abs=1e-9), column
    assert (four.macs, four.parameters) == (one.macs, one.parameters)
