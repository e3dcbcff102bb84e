"""How deep a cut lies in a model, and which family the model is of."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.attention_pattern import attentions
from cutwise.graph.model_graph import ModelGraph, Op

Family = Literal["cnn", "transformer"]

PRODUCTS = frozenset({"linear", "matmul", "einsum", "conv1d", "conv2d", "conv3d", "lstm", "gru", "rnn"})
TRANSPOSED = "conv_transpose"
TABLES = frozenset({"embedding"})
MOST_CONVOLUTIONS, FEWEST_CONVOLUTIONS = 0.1, 0.5
"""Of a transformer's weighted layers (one cuts images into patches), and of a convolutional network's."""


def family_of(graph: ModelGraph) -> Family | None:
    """Transformer or convolutional network; None for what is neither, or both.

    >>> from cutwise.importers import load_model
    >>> [family_of(load_model(f"sample:{name}")) for name in ("resnet18", "vit_b16", "two_tower")]
    ['cnn', 'transformer', None]
    """
    layers = [op for op in graph.ops if _is_weighted(op)]
    if not layers:
        return None
    convolutions = sum(op.kind.startswith("conv") for op in layers) / len(layers)
    attends = any(op.kind == "attention" for op in graph.ops) or bool(attentions(graph))
    if attends:
        return "transformer" if convolutions <= MOST_CONVOLUTIONS else None
    return "cnn" if convolutions >= FEWEST_CONVOLUTIONS else None


def depth_ratios(graph: ModelGraph, masks: Mask) -> Floats:
    """What part of the weighted layers each device side (cuts, ops) holds: 0 for raw data, 1 for everything.

    Convolutions, matrix products with weights, and tables count, each as one; norms and scales do not.
    """
    weighted = np.array([_is_weighted(op) for op in graph.ops], dtype=np.float64)
    return np.asarray(np.atleast_2d(masks) @ weighted / max(weighted.sum(), 1.0))


def _is_weighted(op: Op) -> bool:
    trained = any(weight.role != "buffer" for weight in op.weights)
    return trained and (op.kind in PRODUCTS | TABLES or op.kind.startswith(TRANSPOSED))
