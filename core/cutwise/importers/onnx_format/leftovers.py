"""Stored weights that no op counts: every tensor of a file is accounted for, in branches and bodies too."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutwise.costs.ops.forward_work import forward_macs
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import FLOATING, Op, TensorSpec
from cutwise.importers.onnx_format.contrib.contrib_rules import CONTRIB_RULES, contrib_rule
from cutwise.importers.onnx_format.file_tensors import (
    CONSTANT,
    FileTensor,
    graphs_in,
    holds_tensors,
    tensors_in,
    tensors_of,
)
from cutwise.importers.onnx_format.graph import facts_of, known_rule, needed_tensors, tensors_read
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, Tensors, Values, label
from cutwise.importers.onnx_format.weights import QUANTISED, weights_of

if TYPE_CHECKING:
    from onnx import GraphProto

SHOWN = 3
"""Names in a sentence; the others are only counted."""

# Inputs that say how, not with what: sizes, limits, positions. No weight, whatever their numbers.
_HOW = """
Resize:123 Upsample:1 Pad:123 Clip:12 Reshape:1 Slice:1234 Expand:1 Tile:1 Unsqueeze:1 Squeeze:1 TopK:1
Range:012 OneHot:12 Dropout:12 ConstantOfShape:0 Pow:1 NonMaxSuppression:234 Split:1 CumSum:1 Trilu:1
MaxUnpool:2 AffineGrid:1 CenterCropPad:1 MelWeightMatrix:01234 STFT:123 DFT:12 LSTM:4 GRU:4 RNN:4
"""
HOW: Mapping[str, frozenset[int]] = FrozenDict(
    {op_type: frozenset(map(int, slots)) for op_type, slots in (entry.split(":") for entry in _HOW.split())}
)


@dataclass(frozen=True, slots=True)
class Leftover:
    """Tensors that are not counted (name and shape), why, their multiply-adds where known, what to do."""

    tensors: Mapping[str, tuple[int, ...]]
    why: str
    remedy: str
    macs: int = 0

    @property
    def parameters(self) -> int:
        """Numbers in all of them."""
        return sum(math.prod(shape) for shape in self.tensors.values())

    def sentence(self) -> str:
        """What is left over, how much it is, and what to do."""
        largest = sorted(self.tensors.items(), key=lambda item: -math.prod(item[1]))
        named = ", ".join(f"{name!r} {'×'.join(map(str, shape))}" for name, shape in largest[:SHOWN])
        more = ", …" if len(largest) > SHOWN else ""
        work = f" and {self.macs:,} multiply-adds" if self.macs else ""
        return (
            f"{self.parameters:,} stored parameters ({named}{more}){work} {self.why} and are not counted; "
            f"{self.remedy}"
        )


def left_over(graph: GraphProto, known: OnnxTrace, ops: Sequence[Op]) -> tuple[Leftover, ...]:
    """Everything in `graph` that can be a weight and that none of `ops` counts, by reason."""
    tensors = known.tensors
    counted = {_stem(weight.id, tensors) for op in ops for weight in op.weights}
    rest = {name for name in tensors.stored if name not in counted and _can_be_weight(tensors, name)}
    held = [(step, own) for step in known.steps if (own := _held(step))]
    if not rest and not held and not _branches(graph):
        return ()
    needed = needed_tensors(known)
    used = [step for step in known.steps if needed.intersection(step.outputs)]
    scales, unpacked = _quantised(known)
    rest -= _how_roots(tensors, known.steps) | scales
    read = rest & _roots_read(tensors, used)
    dead = [step for step in known.steps if not needed.intersection(step.outputs)]
    shapes = {name: unpacked.get(name, tensors.stored[name].shape) for name in sorted(rest)}
    found = [
        Leftover(
            {name: shape for name, shape in shapes.items() if name not in read},
            "are read by nothing that reaches an output",
            "name the result as an output of the model, or take the layer out",
            _macs(known, dead),
        ),
        Leftover(
            {name: shape for name, shape in shapes.items() if name in read},
            "are read as masks, states or tables",
            "export them as parameters of a layer if they are trained",
        ),
        *(_body(step, own) for step, own in held),
        _never_walked(graph, tensors, [tensor for _, own in held for tensor in own]),
    ]
    return tuple(one for one in found if one.tensors)


def _branches(graph: GraphProto) -> bool:
    holding = (node for node in graph.node if node.op_type != CONSTANT and holds_tensors(node))
    return any(next(graphs_in(attribute), None) for node in holding for attribute in node.attribute)


def weighed(rest: Sequence[Leftover], batch_size: int) -> dict[str, int]:
    """What `ModelGraph.uncounted` says: parameters, and the multiply-adds of a sample; empty for nothing."""
    figures = {
        "parameters": sum(one.parameters for one in rest),
        "macs": sum(one.macs for one in rest) // batch_size,
    }
    return {name: figure for name, figure in figures.items() if figure}


def _can_be_weight(tensors: Tensors, name: str) -> bool:
    """Numbers, more than one and not all alike, that are no mask and no scales of others."""
    spec = tensors.stored[name]
    if name in tensors.scales or tensors.is_uniform(name) or _is_mask(tensors.values.get(name)):
        return False
    return _weighs(spec)


def _is_mask(value: Values | None) -> bool:
    """True for numbers that are known to be zero or one other."""
    if value is None or value.dtype.kind not in "fiu":
        return False
    others = value[value != 0]
    return bool(others.size) and others.size < value.size and bool((others == others[0]).all())


def _quantised(known: OnnxTrace) -> tuple[set[str], dict[str, tuple[int, ...]]]:
    """What quantised operators read as scales, and the shapes of what they read packed."""
    scales: set[str] = set()
    unpacked: dict[str, tuple[int, ...]] = {}
    for step in known.steps:
        rule = contrib_rule(facts_of(known.tensors, step)) if step.node.op_type in CONTRIB_RULES else None
        if rule is not None:
            read = dict(enumerate(step.inputs))
            for slot in rule.buffers:
                scales.update(known.tensors.roots.get(read.get(slot, ""), ()))
            unpacked |= {read[slot]: spec.shape for slot, spec in rule.unpacked.items()}
    return scales, unpacked


def _how_roots(tensors: Tensors, steps: Iterable[OnnxStep]) -> set[str]:
    """Stored tensors that some step reads as a size, a limit or a position."""
    return {
        root
        for step in steps
        for slot in HOW.get(step.node.op_type, ())
        if slot < len(step.inputs)
        for root in tensors.roots.get(step.inputs[slot], ())
    }


def _roots_read(tensors: Tensors, steps: Iterable[OnnxStep]) -> set[str]:
    return {root for step in steps for name in step.inputs for root in tensors.roots.get(name, ())}


def _macs(known: OnnxTrace, steps: Iterable[OnnxStep]) -> int:
    """Multiply-adds of these steps for the whole batch, those whose shapes are known."""
    return sum(filter(None, (_step_macs(known, step) for step in steps)))


def _step_macs(known: OnnxTrace, step: OnnxStep) -> int:
    made = known.tensors.spec(step.outputs[0]) if step.outputs else None
    inputs = [known.tensors.spec(name) for name in tensors_read(known.tensors, step)]
    if made is None or not inputs or None in inputs:
        return 0
    facts = facts_of(known.tensors, step)
    rule = known_rule(facts)
    weights = weights_of(known.tensors, step, rule, set())
    op = Op(id="dead", kind=rule.kind, output=made, weights=weights, attrs=rule.attrs(facts))
    return forward_macs(op, tuple(spec for spec in inputs if spec is not None))


def _held(step: OnnxStep) -> tuple[FileTensor, ...]:
    """What a step holds itself that can be a weight, unless it is a constant, which is read by others."""
    if step.node.op_type == CONSTANT or not holds_tensors(step.node):
        return ()
    return tuple(one for one in tensors_in(step.node) if _weighs(one.spec))


def _body(step: OnnxStep, held: Iterable[FileTensor]) -> Leftover:
    return Leftover(
        {one.name: one.spec.shape for one in held},
        f"stand in the attributes, branches or body of {label(step.node)}",
        "export the model without it",
    )


def _never_walked(graph: GraphProto, tensors: Tensors, held: Iterable[FileTensor]) -> Leftover:
    """What stands in branches that these inputs do not take."""
    walked = Counter(_plain(name) for name in tensors.stored)
    walked.update(_plain(one.name) for one in held)
    missing: dict[str, tuple[int, ...]] = {}
    for one in tensors_of(graph):
        walked[_plain(one.name)] -= 1
        if walked[_plain(one.name)] < 0 and _weighs(one.spec):
            missing[one.name] = one.spec.shape
    return Leftover(missing, "stand in branches that are not taken", "give inputs that take them")


def _weighs(spec: TensorSpec) -> bool:
    return (spec.dtype in FLOATING or spec.dtype in QUANTISED) and spec.elements > 1


def _stem(name: str, tensors: Tensors) -> str:
    """The stored tensor that weight `name` is: itself, or what it is a second reading of."""
    return name if name in tensors.stored else _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"#\d+$", "", name)
