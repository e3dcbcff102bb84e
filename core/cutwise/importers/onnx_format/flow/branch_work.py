"""What steps cost before they are ops: enough to tell the dearer of two branches."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.costs.ops.forward_work import forward_macs
from cutwise.graph.model_graph import Op
from cutwise.importers.onnx_format.graph import facts_of, known_rule, tensors_read
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace
from cutwise.importers.onnx_format.weights import weights_of


def multiply_adds(known: OnnxTrace, steps: Sequence[OnnxStep]) -> int:
    """Multiply-adds of a forward pass through `steps`; 0 for those that have no formula or shape."""
    return sum(_macs(known, step) for step in steps)


def work_behind(known: OnnxTrace, name: str) -> int:
    """Multiply-adds of all steps that tensor `name` depends on."""
    needed, behind = {name}, []
    for step in reversed(known.steps):
        if needed.intersection(step.outputs):
            needed.update(tensors_read(known.tensors, step))
            behind.append(step)
    return multiply_adds(known, behind)


def _macs(known: OnnxTrace, step: OnnxStep) -> int:
    facts = facts_of(known.tensors, step)
    inputs = [known.tensors.spec(name) for name in tensors_read(known.tensors, step)]
    shapes = tuple(spec for spec in inputs if spec is not None)
    output = facts.outputs[0] if facts.outputs else None
    if output is None or not inputs or len(shapes) < len(inputs):
        return 0
    try:
        rule = known_rule(facts)
        op = Op(
            id="step",
            kind=rule.kind,
            output=output,
            weights=weights_of(known.tensors, step, rule, set()),
            attrs=rule.attrs(facts),
        )
        return forward_macs(op, shapes) * step.trips
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        # As it cannot be priced, it decides nothing; if it is needed it is refused where it stands.
        return 0
