"""Who trains and who needs a gradient: frozen patterns, tied weights, ancestors."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.costs.workload import Workload
from core.errors import ScenarioError
from core.graph.model_graph import FLOATING, ModelGraph, Op, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFlow:
    """For each op, in graph order; all False in inference.

    `frozen`: a pattern freezes it. `trains`: it reads a weight that is trained. `needs_grad`: it or an
    ancestor trains, and its output is floating. `silenced`: it would need a gradient but for the
    frozen patterns.
    """

    frozen: Sequence[bool]
    trains: Sequence[bool]
    needs_grad: Sequence[bool]
    silenced: Sequence[bool]


def gradient_flow(graph: ModelGraph, workload: Workload) -> GradientFlow:
    """Who trains in `graph` under `workload`.

    A weight that several ops share is frozen with any of them, or for each op by itself where tied
    weights are untied. Raises `ScenarioError` for a frozen pattern that matches no op.
    """
    frozen = frozen_ops(graph, workload.frozen)
    if not workload.training:
        nobody = [False] * len(graph)
        return GradientFlow(frozen=frozen, trains=nobody, needs_grad=nobody, silenced=nobody)
    trains = _trains(graph, frozen, tied=workload.tied_weights == "one_side")
    needs = _needs_grad(graph, trains)
    if not any(frozen):
        return GradientFlow(frozen=frozen, trains=trains, needs_grad=needs, silenced=[False] * len(graph))
    unfrozen = _needs_grad(graph, _trains(graph, [False] * len(graph), tied=False))
    silenced = [before and not now for before, now in zip(unfrozen, needs, strict=True)]
    return GradientFlow(frozen=frozen, trains=trains, needs_grad=needs, silenced=silenced)


def frozen_ops(graph: ModelGraph, patterns: Sequence[str]) -> list[bool]:
    """For each op, whether a pattern matches its id, its block or a block around it.

    Raises `ScenarioError` with one sentence for each pattern that matches nothing.
    """
    frozen = [False] * len(graph)
    mistakes = []
    for pattern in patterns:
        matches = re.compile(f"{fnmatch.translate(pattern)}|{fnmatch.translate(pattern + '/*')}").match
        hits = [bool(matches(op.id) or matches(op.block)) for op in graph.ops]
        frozen = [before or hit for before, hit in zip(frozen, hits, strict=True)]
        if not any(hits):
            mistakes.append(
                f"workload.frozen: {pattern!r} matches no op and no block of {graph.name}; "
                "give an op id or a block, with * as a wildcard"
            )
    if mistakes:
        raise ScenarioError(mistakes)
    return frozen


def frozen_weights(graph: ModelGraph, frozen: Sequence[bool]) -> frozenset[str]:
    """Ids of the weights that a frozen op reads."""
    return frozenset(w.id for op, held in zip(graph.ops, frozen, strict=True) if held for w in op.weights)


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
    """True for a floating parameter: buffers and integer tables are never trained."""
    return weight.role == "parameter" and weight.dtype in FLOATING


def _trains(graph: ModelGraph, frozen: Sequence[bool], *, tied: bool) -> list[bool]:
    shared = frozen_weights(graph, frozen) if tied else frozenset()
    return [
        not held and (op.figures.get("trainable_bytes", 0) != 0 if op.figures else _reads_trained(op, shared))
        for op, held in zip(graph.ops, frozen, strict=True)
    ]


def _reads_trained(op: Op, frozen_weights: frozenset[str]) -> bool:
    return any(is_trainable(weight) and weight.id not in frozen_weights for weight in op.weights)


def _needs_grad(graph: ModelGraph, trains: Sequence[bool]) -> list[bool]:
    needs: list[bool] = []
    for position, op in enumerate(graph.ops):
        reached = trains[position] or any(needs[graph.index[name]] for name in op.inputs)
        reached = reached or trains[first_output(graph, position)]
        needs.append(reached and op.output.dtype in FLOATING)
    return needs
