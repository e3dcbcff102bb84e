"""Activations by their words keep for the backward pass what PyTorch keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.activations import ACTIVATIONS, WRITTEN_OUT, activation
from cutwise.importers.hugging_face.net import Net
from tests.core.costs.no_loss import NO_LOSS

torch = pytest.importorskip("torch")
F = torch.nn.functional

TOKENS, WIDTH = 5, 16
ROOT = math.sqrt(2 / math.pi)


def by_tanh(x):
    return 0.5 * x * (1.0 + torch.tanh(ROOT * (x + 0.044715 * torch.pow(x, 3.0))))


# As the transformers library 5.23.0 writes each of them.
RUN: Mapping[str, Callable] = {
    "gelu": F.gelu,
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_new": by_tanh,
    "gelu_accurate": by_tanh,
    "gelu_python_tanh": by_tanh,
    "gelu_fast": lambda x: 0.5 * x * (1.0 + torch.tanh(x * ROOT * (1.0 + 0.044715 * x * x))),
    "gelu_python": lambda x: x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0))),
    "gelu_10": lambda x: torch.clip(F.gelu(x), -10, 10),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "relu": F.relu,
    "relu2": lambda x: torch.square(F.relu(x)),
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "hardswish": F.hardswish,
    "silu": F.silu,
    "swish": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "mish": F.mish,
    "laplace": lambda x: 0.5 * (1.0 + torch.erf(x.sub(0.7).div(0.3 * math.sqrt(2.0)))),
    "linear": lambda x: x,
}


def kept_bytes(run: Callable) -> int:
    """Of a layer, the activation and a layer behind it, without weights."""
    layers = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, WIDTH)
    own = {p.untyped_storage().data_ptr() for layer in layers for p in layer.parameters()}
    kept: dict[int, int] = {}
    alive = []

    def keep(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        alive.append(storage)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layers[1](run(layers[0](torch.rand(1, TOKENS, WIDTH))))
    return sum(size for at, size in kept.items() if at not in own)


def priced_bytes(word: str) -> float:
    net = Net("fp32")
    x = net.linear("first", net.input("x", (TOKENS, WIDTH)), WIDTH)
    net.linear("second", activation(net, word, x), WIDTH)
    graph = ModelGraph(name=word, ops=tuple(net.ops))
    cost = price(graph, Workload(loss=NO_LOSS))
    assert not cost.unpriced
    return float(cost.saved_bytes.sum())


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_an_activation_keeps_what_torch_keeps(word: str) -> None:
    assert priced_bytes(word) == kept_bytes(RUN[word])


def test_every_word_is_one_op_or_written_out() -> None:
    assert {word for word, kind in ACTIVATIONS.items() if not kind} == set(WRITTEN_OUT)
