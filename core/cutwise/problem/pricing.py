"""Graphs priced under a workload, kept, and what else follows from both alone."""

from __future__ import annotations

import math

from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.shared_weights import shared_positions
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError, ScenarioError
from cutwise.graph.model_graph import FLOATING, ModelGraph
from cutwise.importers.hugging_face.config_file import SEQUENCE, can_regenerate, regenerate

QUANTISING = frozenset({"quantize", "dynamic_quantize"})
"""Ops that no gradient passes."""


@kept
def priced(graph: ModelGraph, workload: Workload) -> GraphCost:
    """The price of `graph` under `workload`, kept for the next question about the same two.

    A graph from a configuration is priced at the length that the workload asks for, made again in
    memory. Raises `ScenarioError` for a length that the model cannot have, and for training a model of
    which nothing can be trained because it is quantised.
    """
    found = price(_at_length(graph, workload.sequence_length), workload)
    _at_length(graph, _context(found), "prompt_tokens")
    _refuse_untrainable(found)
    return found


def _refuse_untrainable(cost: GraphCost) -> None:
    """Raises `ScenarioError` where a model is to be trained that is quantised throughout."""
    if not cost.workload.training or cost.trainable_parameters:
        return
    weights = [weight for weight in cost.graph.weights.values() if weight.role == "parameter"]
    formats = sorted({weight.dtype for weight in weights if weight.dtype not in FLOATING})
    rounded = any(op.kind in QUANTISING for op in cost.graph.ops)
    if formats or (weights and rounded):
        stored = f"they are stored quantised ({', '.join(formats)})"
        mistake = (
            f"workload.mode: none of the {cost.parameters:,} parameters of {cost.graph.name} can be trained, "
            f"{stored if formats else 'what they make is quantised'}; "
            'set mode = "inference", tune adapters, or give the model from before it was quantised'
        )
        raise ScenarioError([mistake])


def _context(cost: GraphCost) -> int | None:
    """Tokens that stand in the cache at the end, where they are stated; the model has to take so many."""
    asked = cost.generation and cost.generation.generation
    return max(asked.room_tokens, 1) if asked and asked.stated else None


@kept
def _at_length(graph: ModelGraph, tokens: int | None, field: str = "sequence_length") -> ModelGraph:
    if tokens is None or tokens == graph.dims.get(SEQUENCE) or not can_regenerate(graph):
        return graph
    try:
        return regenerate(graph, sequence=tokens)
    except ModelImportError as error:
        raise ScenarioError([f"workload.{field}: {error}"]) from error


def targets_of(graph: ModelGraph) -> int:
    """Targets of one sample: the elements of the last output without its class axis.

    The class axis is the second of four or more (a map of classes), else the last.

    >>> from cutwise.graph.model_graph import Op, TensorSpec
    >>> logits = Op(id="y", kind="linear", output=TensorSpec(shape=(1, 128, 50257)))
    >>> targets_of(ModelGraph(name="m", ops=(logits,)))
    128
    """
    read = {name for op in graph.ops for name in op.inputs}
    outputs = [op for op in graph.ops if op.id not in read]
    shape = outputs[-1].output.shape if outputs else ()
    targets = (shape[0], *shape[2:]) if len(shape) > 3 else shape[:-1]
    return max(1, math.prod(targets) // graph.batch_size)


@kept
def tied_ops(graph: ModelGraph) -> tuple[tuple[int, ...], ...]:
    """Groups of op positions that read the same weight."""
    return tuple(sorted(set(shared_positions(graph).values())))
