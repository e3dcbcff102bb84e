"""Files that onnxruntime's quantisers and optimisers made; what is right is counted from the networks."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.importers.gate.reading import read_here
from cutwise.importers.import_report import import_report
from tests.core.importers.onnx_format.quantised_files import FILES


def priced(name: str) -> GraphCost:
    return price(read_here(FILES / f"{name}.onnx", {}), Workload(batch_size=1))


# Two layers of a bidirectional LSTM, 12 and 16 wide, 8 hidden, and a head of 5; 128 steps.
LSTM = 2 * 4 * 8 * (12 + 8 + 2) + 2 * 4 * 8 * (16 + 8 + 2) + 16 * 5 + 5
LSTM_MACS = 128 * (2 * 4 * 8 * (12 + 8) + 2 * 4 * 8 * (16 + 8) + 16 * 5)
# Convolutions of 3 to 16 channels and of 16 in four groups on 16 × 16 pixels, and a head of 10.
CNN = 16 * 27 + 16 + 16 * 36 + 16 + 16 * 10 + 10
CNN_MACS = 256 * (16 * 27 + 16 * 36) + 16 * 10
# One layer of BERT: 32 wide, 64 inside, 50 words, 24 positions, 2 kinds; 16 tokens.
BERT = (50 + 24 + 2) * 32 + 3 * 2 * 32 + 4 * (32 * 32 + 32) + 2 * 32 * 64 + 64 + 32
BERT_MACS = 16 * (4 * 32 * 32 + 2 * 32 * 64) + 2 * 16 * 16 * 32
# One layer of Llama: 4 heads of 8 with 2 for keys and values, 64 inside, 50 words, table and head apart.
LLAMA = 2 * 50 * 32 + 3 * 32 + 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64
LLAMA_MACS = 16 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64 + 32 * 50) + 2 * 16 * 16 * 32


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("lstm_dynamic", LSTM, LSTM_MACS),
        ("cnn_qoperator", CNN, CNN_MACS),
        ("cnn_qdq", CNN, CNN_MACS),
        ("cnn_qdq_optimised", CNN, CNN_MACS),
        ("cnn_in_blocks", CNN, CNN_MACS),
        ("bert_fused", BERT, BERT_MACS),
        ("bert_fused_int8", BERT, BERT_MACS),
        ("llama_4_bits", LLAMA, LLAMA_MACS),
    ],
)
def test_a_quantised_or_fused_file_counts_like_its_network(name: str, parameters: int, macs: int) -> None:
    cost = priced(name)
    assert (cost.parameters, cost.macs, dict(cost.unpriced)) == (parameters, macs, {})
    assert import_report(cost).confidence["parameters"] == "exact"


def test_weights_take_the_bytes_of_their_own_format() -> None:
    """Bytes of int8 weights, int32 biases and, a channel, a scale in fp32 and a zero point."""
    whole, biases, channels = 16 * 27 + 16 * 36 + 16 * 10, 16 + 16 + 10, 16 + 16 + 10
    cost = priced("cnn_qoperator")
    assert cost.weight_bytes.sum() == whole + 4 * biases
    assert cost.buffer_bytes.sum() == (4 + 1) * channels


def test_four_bit_weights_leave_the_rest_of_a_language_model_floating() -> None:
    """The table of words and the norms stay in fp32; the products take half a byte a weight."""
    cost = priced("llama_4_bits")
    floating = 50 * 32 + 3 * 32
    assert cost.weight_bytes.sum() == (LLAMA - floating) / 2 + 4 * floating
    assert cost.trainable_parameters == floating
