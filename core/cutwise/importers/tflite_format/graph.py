"""Operators of a TensorFlow Lite graph as ops of ours; what depends on constants alone is a weight."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.importers.tflite_format.operator_rules import QUANTISED, RULES, TfliteRule, TfliteWalk, plain
from cutwise.importers.tflite_format.schema_tables import TfliteGraph, TfliteOp


def graph_of(file: str, graph: TfliteGraph, *, name: str) -> ModelGraph:
    """The graph of the operators that depend on an input; raises `ModelImportError` where there is none."""
    stored = {place: place for place, tensor in enumerate(graph.tensors) if tensor.is_stored}
    walk = TfliteWalk(graph, {}, stored, frozenset(place for step in graph.ops for place in step.outputs))
    ops: list[Op] = []
    taken: set[str] = set()
    for place in graph.inputs:
        ops.append(_op(walk, TfliteRule("input", ()), place, taken))
        walk.made[place] = ops[-1].id
    for step in graph.ops:
        ops.extend(_ops_of(file, walk, step, taken))
    if len(ops) == len(graph.inputs):
        raise ModelImportError(f"{file}: holds no operator that depends on an input; convert the model again")
    return ModelGraph(name=name, ops=tuple(ops), batch_size=_batch(walk), warnings=tuple(_warnings(graph)))


def _ops_of(file: str, walk: TfliteWalk, step: TfliteOp, taken: set[str]) -> Iterator[Op]:
    """The ops of one operator, one a result; none for what depends on constants alone."""
    read = [place for place in step.inputs if place >= 0]
    known = [place for place in read if place in walk.made]
    unknown = [place for place in read if place not in walk.made and place not in walk.stored]
    variable = [place for place in unknown if not walk.tensor(place).is_stored]
    if not known:
        # Weights in fp16, sparse or turned: whoever reads the result reads the stored tensor.
        source = next((walk.stored[place] for place in read if place in walk.stored), None)
        walk.stored.update({place: source for place in step.outputs if source is not None})
        return
    if any(place in walk.makes for place in variable):
        raise ModelImportError(f"{file}: lists {step.name} before what it reads; convert the model again")
    rule = RULES.get(step.name, plain)(walk, step)
    for number, place in enumerate(step.outputs):
        if place < 0:
            continue
        own = rule if number == 0 else TfliteRule(rule.kind, rule.inputs, (), rule.attrs)
        indexed = {"output_index": number} if len(step.outputs) > 1 else {}
        made = _op(
            walk, TfliteRule(own.kind, own.inputs, own.weights, {**own.attrs, **indexed}), place, taken
        )
        walk.made[place] = made.id
        yield made


def _op(walk: TfliteWalk, rule: TfliteRule, place: int, taken: set[str]) -> Op:
    tensor = walk.tensor(place)
    name = tensor.name or f"tensor{place}"
    unique = name if name not in taken else f"{name}#{place}"
    while unique in taken:
        unique += "#"
    taken.add(unique)
    return Op(
        id=unique,
        kind=rule.kind,
        inputs=tuple(walk.made[at] for at in rule.inputs if at in walk.made),
        output=TensorSpec(shape=tensor.shape, dtype=tensor.dtype),
        weights=rule.weights,
        attrs=dict(rule.attrs),
        source=name,
    )


def _batch(walk: TfliteWalk) -> int:
    """The first size of all inputs where they agree."""
    sizes = {walk.tensor(place).shape[0] for place in walk.graph.inputs if walk.tensor(place).shape}
    return max(1, sizes.pop()) if len(sizes) == 1 else 1


def _warnings(graph: TfliteGraph) -> Iterator[str]:
    if graph.others:
        yield f"{graph.others} further graphs of the file, such as branches and loops, are not counted"
    if any(tensor.is_open for tensor in graph.tensors):
        yield "some sizes may change when the model is run; those that the file was written with are taken"
    kinds = {
        t.dtype for t in graph.tensors if t.is_stored and t.dtype in QUANTISED and math.prod(t.shape) > 1
    }
    if kinds:
        yield f"weights in {', '.join(sorted(kinds))} are counted as they are stored"
