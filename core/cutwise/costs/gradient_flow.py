"""Who trains and who needs a gradient: frozen patterns, adapters, tied weights, ancestors."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError, shown
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DIFFERENTIABLE, ModelGraph, Op, Weight

RUNNING_STATISTICS = frozenset({"batch_norm", "instance_norm"})
"""Ops whose buffers change while they train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFlow(Frozen):
    """For each op, in graph order; all False or empty in inference.

    `frozen`: a pattern freezes it, or adapters are trained and it has none. `trained`: ids of the weights it
    reads that are trained. `trains`: it has any, or says that it trains. `needs_grad`: it or an ancestor
    trains, its output is floating, and no gradient stops at it. `silenced`: it would need a gradient but
    for what is frozen. An op with the attribute `stops_gradient` (PyTorch's `detach`, and whatever runs
    under `no_grad`) neither trains nor passes a gradient on.
    """

    frozen: Sequence[bool]
    trained: Sequence[frozenset[str]]
    trains: Sequence[bool]
    needs_grad: Sequence[bool]
    silenced: Sequence[bool]


def gradient_flow(graph: ModelGraph, workload: Workload) -> GradientFlow:
    """Who trains in `graph` under `workload`; with LoRA the adapters that `graph` has, and nothing else.

    A weight that several ops share is frozen with any of them, or for each op by itself where tied
    weights are untied. Raises `ScenarioError` for a frozen pattern that matches no op.
    """
    adapters = adapter_weights(graph) if isinstance(workload.tuning, Lora) else None
    named = frozen_ops(graph, workload.frozen)
    frozen = [
        held or (adapters is not None and not op.attrs.get("adapter"))
        for op, held in zip(graph.ops, named, strict=True)
    ]
    nobody, nothing = [False] * len(graph), [frozenset[str]()] * len(graph)
    if not workload.training:
        return GradientFlow(frozen=frozen, trained=nothing, trains=nobody, needs_grad=nobody, silenced=nobody)
    trained = _trained(graph, named, adapters, tied=workload.tied_weights != "untied")
    trains = _trains(graph, frozen, trained)
    needs = _needs_grad(graph, trains)
    silenced = nobody
    if any(frozen):
        free = _trains(graph, nobody, _trained(graph, nobody, None, tied=False))
        unfrozen = _needs_grad(graph, free)
        silenced = [before and not now for before, now in zip(unfrozen, needs, strict=True)]
    return GradientFlow(frozen=frozen, trained=trained, trains=trains, needs_grad=needs, silenced=silenced)


def changing_weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> frozenset[str]:
    """Weights that training changes: trained ones, and running statistics of ops that are not frozen."""
    if not workload.training:
        return frozenset()
    statistics = (
        weight.id
        for op, frozen in zip(graph.ops, flow.frozen, strict=True)
        for weight in op.weights
        if not frozen and weight.role == "buffer" and op.kind in RUNNING_STATISTICS
    )
    return frozenset(statistics).union(*flow.trained)


def separate_weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> frozenset[str]:
    """Weights of which each op that reads one trains a copy of its own."""
    untied = workload.tied_weights == "untied"
    return changing_weights(graph, workload, flow) if untied else frozenset()


def adapter_weights(graph: ModelGraph) -> frozenset[str]:
    """Ids of the weights that belong to adapters."""
    return frozenset(name for op in graph.ops for name in op.attrs.get("adapter", ()))


def frozen_ops(graph: ModelGraph, patterns: Sequence[str]) -> list[bool]:
    """For each op, whether a pattern matches its id, its block or a block around it.

    Raises `ScenarioError` with one sentence for each pattern that matches nothing.
    """
    frozen = [False] * len(graph)
    mistakes = []
    for pattern in patterns:
        hits = list(map(named_by(pattern), graph.ops))
        frozen = [before or hit for before, hit in zip(frozen, hits, strict=True)]
        if not any(hits):
            mistakes.append(
                f"workload.frozen: {shown(pattern)} matches no op and no block of {graph.name}; "
                "give an op id or a block, with * as a wildcard"
            )
    if mistakes:
        raise ScenarioError(mistakes)
    return frozen


def named_by(pattern: str) -> Callable[[Op], bool]:
    """A test whether `pattern` is an op's id, its block or a block around it; * stands for anything.

    >>> named_by("layer*")(Op(id="fc", kind="linear", block="layer1/0"))
    True
    """
    matches = re.compile(f"{fnmatch.translate(pattern)}|{fnmatch.translate(pattern + '/*')}").match
    return lambda op: bool(matches(op.id) or matches(op.block))


def first_output(graph: ModelGraph, position: int) -> int:
    """The op that stands for the same file op and carries its work and weights: often `position` itself.

    A file op with several outputs is one op for each; all but the first are called "<first>:<number>".
    """
    op = graph.ops[position]
    if "output_index" not in op.attrs:
        return position
    first = graph.index.get(op.id.rpartition(":")[0], position)
    return first if graph.ops[first].inputs == op.inputs else position


def is_trainable(weight: Weight) -> bool:
    """True for a floating or complex parameter: buffers and integer tables are never trained."""
    return weight.role == "parameter" and weight.dtype in DIFFERENTIABLE


def _trained(
    graph: ModelGraph, frozen: Sequence[bool], adapters: frozenset[str] | None, *, tied: bool
) -> list[frozenset[str]]:
    shared = [w.id for op, held in zip(graph.ops, frozen, strict=True) if held and tied for w in op.weights]
    fixed = frozenset(shared)
    return [
        frozenset(
            weight.id
            for weight in op.weights
            if is_trainable(weight)
            and not held
            and not op.attrs.get("stops_gradient")
            and weight.id not in fixed
            and (adapters is None or weight.id in adapters)
        )
        for op, held in zip(graph.ops, frozen, strict=True)
    ]


def _trains(graph: ModelGraph, frozen: Sequence[bool], trained: Sequence[frozenset[str]]) -> list[bool]:
    """Ops that say what they cost also say whether they train."""
    return [
        not held and op.figures.get("trainable_bytes", 0) != 0 if op.figures else bool(weights)
        for op, held, weights in zip(graph.ops, frozen, trained, strict=True)
    ]


def _needs_grad(graph: ModelGraph, trains: Sequence[bool]) -> list[bool]:
    needs: list[bool] = []
    for position, op in enumerate(graph.ops):
        reached = trains[position] or any(needs[graph.index[name]] for name in op.inputs)
        reached = reached or trains[first_output(graph, position)] or bool(op.attrs.get("requires_gradient"))
        needs.append(reached and op.output.dtype in DIFFERENTIABLE and not op.attrs.get("stops_gradient"))
    return needs
