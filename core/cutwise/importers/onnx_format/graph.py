"""From traced ONNX nodes to ops: one vertex for each tensor that reaches an output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import Op, Weight
from cutwise.importers.onnx_format.contrib.contrib_rules import contrib_rule
from cutwise.importers.onnx_format.contrib.gradients import without_lost_gradients
from cutwise.importers.onnx_format.contrib.names import BETWEEN
from cutwise.importers.onnx_format.inference import SHAPE_ONLY_INPUTS
from cutwise.importers.onnx_format.module_paths import ModulePlace, named, place, printable
from cutwise.importers.onnx_format.ops import Attr, NodeFacts, OnnxRule, rule_for
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, Tensors, label, sizes_remedy
from cutwise.importers.onnx_format.weights import weights_of

if TYPE_CHECKING:
    from onnx import AttributeProto

CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A step that becomes vertices: its rule and facts, its weights, the outputs that are needed."""

    step: OnnxStep
    facts: NodeFacts
    rule: OnnxRule
    weights: tuple[Weight, ...]
    made: tuple[str, ...]


def build_ops(known: OnnxTrace, inputs: Sequence[str]) -> tuple[Op, ...]:
    """The ops of a traced graph in topological order, model inputs first.

    Raises `ModelImportError` when a tensor that reaches an output has no known shape, or when no
    output depends on an input.
    """
    needed = needed_tensors(known)
    used_inputs = [name for name in inputs if name in needed]
    if not used_inputs:
        raise ModelImportError(f"{known.file}: no output depends on an input of the model; export it again")
    for name in used_inputs:
        if known.tensors.spec(name) is None:
            raise ModelImportError(
                f"{known.file}: input {name!r} states no shape; export the model with the sizes of its inputs"
            )
    drafts = _joined(known, _drafts(known, needed))
    ids = {name: printable(name) for name in used_inputs}
    placed = named([_place(draft) for draft in drafts], list(ids.values()))
    for draft, (own, _) in zip(drafts, placed, strict=True):
        ids |= _output_ids(draft, own)
    ops = [_input_op(known, name, ids[name]) for name in used_inputs]
    for draft, (_, block) in zip(drafts, placed, strict=True):
        ops += _vertices(known, draft, ids, block)
    return without_lost_gradients(ops)


def needed_tensors(known: OnnxTrace) -> set[str]:
    """Tensors that an output depends on, and that depend on an input."""
    needed = {name for name in known.outputs if not known.tensors.is_constant(name)}
    for step in reversed(known.steps):
        if needed.intersection(step.outputs):
            needed.update(tensors_read(known.tensors, step))
    return needed


def tensors_read(tensors: Tensors, step: OnnxStep) -> list[str]:
    """Tensors whose data `step` reads and that depend on an input of the model."""
    shape_only = SHAPE_ONLY_INPUTS.get(step.node.op_type, frozenset())
    return [
        name
        for slot, name in enumerate(step.inputs)
        if name and slot not in shape_only and not tensors.is_constant(name)
    ]


def _drafts(known: OnnxTrace, needed: set[str]) -> list[Draft]:
    drafts: list[Draft] = []
    seen: set[str] = set()
    for step in known.steps:
        made = tuple(name for name in step.outputs if name in needed)
        if made:
            _check_shapes(known, step, made)
            facts = facts_of(known.tensors, step)
            rule = known_rule(facts)
            drafts.append(Draft(step, facts, rule, weights_of(known.tensors, step, rule, seen), made))
    return drafts


def known_rule(facts: NodeFacts) -> OnnxRule:
    """How the node is read, whatever its domain."""
    return contrib_rule(facts) or rule_for(facts)


def facts_of(tensors: Tensors, step: OnnxStep) -> NodeFacts:
    """What the rule of `step` may look at, worked out once all it makes is known."""
    made = next(filter(None, step.outputs), "")
    if made not in tensors.facts:
        tensors.facts[made] = _facts(tensors, step)
    facts: NodeFacts = tensors.facts[made]
    return facts


def _facts(tensors: Tensors, step: OnnxStep) -> NodeFacts:
    values = {slot: tensors.values.get(name) for slot, name in enumerate(step.inputs)}
    return NodeFacts(
        op_type=step.node.op_type,
        attributes={attribute.name: _attribute(attribute) for attribute in step.node.attribute},
        inputs=tuple(tensors.spec(name) for name in step.inputs),
        constant=tuple(tensors.is_constant(name) for name in step.inputs),
        outputs=tuple(tensors.spec(name) for name in step.outputs),
        numbers={
            slot: float(value.flat[0])
            for slot, value in values.items()
            if value is not None and value.size == 1 and value.dtype.kind in "iuf"
        },
    )


def _attribute(attribute: AttributeProto) -> Attr:
    from onnx import AttributeProto

    read: dict[AttributeProto.AttributeType, Callable[[], Attr]] = {
        AttributeProto.INT: lambda: attribute.i,
        AttributeProto.FLOAT: lambda: attribute.f,
        AttributeProto.INTS: lambda: list(attribute.ints),
        AttributeProto.FLOATS: lambda: list(attribute.floats),
        AttributeProto.STRING: lambda: attribute.s.decode(errors="replace"),
    }
    return read[attribute.type]() if attribute.type in read else None


def _place(draft: Draft) -> ModulePlace:
    weight = draft.weights[0].id if draft.weights else ""
    return place(draft.step.node, draft.made[0], draft.rule.kind, weight)


def _output_ids(draft: Draft, own: str) -> dict[str, str]:
    rest = {name: f"{own}:{draft.step.outputs.index(name)}" for name in draft.made[1:]}
    return {draft.made[0]: own} | rest


def _input_op(known: OnnxTrace, name: str, own: str) -> Op:
    return Op(id=own, kind="input", output=known.tensors.known_spec(name), source=name)


def _vertices(known: OnnxTrace, draft: Draft, ids: dict[str, str], block: str) -> Iterator[Op]:
    inputs = tuple(ids[name] for name in tensors_read(known.tensors, draft.step))
    attrs = draft.rule.attrs(draft.facts)
    if draft.step.trips > 1:
        attrs |= {"trips": draft.step.trips}
    for number, name in enumerate(draft.made):
        index = {"output_index": draft.step.outputs.index(name)} if len(draft.made) > 1 else {}
        yield Op(
            id=ids[name],
            kind=draft.rule.kind,
            inputs=inputs,
            output=known.tensors.known_spec(name),
            weights=draft.weights if number == 0 else (),
            block=block,
            attrs=attrs | index,
            source=draft.step.node.name or name,
        )


def _check_shapes(known: OnnxTrace, step: OnnxStep, made: Sequence[str]) -> None:
    for name in made:
        if known.tensors.spec(name) is None:
            reads = ", ".join(filter(None, step.inputs)) or "nothing"
            remedy = "without control flow" if step.node.op_type in CONTROL_FLOW else "with all shapes fixed"
            if BETWEEN in step.node.op_type:
                remedy = "with the sizes of what operators of other domains make"
            remedy += f", or {sizes_remedy(known)}" if known.open else ""
            raise ModelImportError(
                f"{known.file}: {label(step.node)} makes {name!r}, whose shape does not follow from what it "
                f"reads ({reads}); export the model {remedy}"
            )


def _joined(known: OnnxTrace, drafts: Sequence[Draft]) -> list[Draft]:
    """`drafts` with bias additions joined to the product before them, where nothing else reads that."""
    readers = Counter(name for draft in drafts for name in tensors_read(known.tensors, draft.step))
    kept: list[Draft] = []
    maker: dict[str, int] = {}
    for draft in drafts:
        product = next(iter(tensors_read(known.tensors, draft.step)), "")
        at = maker.get(product)
        alone = readers[product] == 1 and product not in known.outputs
        if at is not None and alone and _is_bias(draft, kept[at]):
            kept[at] = replace(kept[at], weights=(*kept[at].weights, *draft.weights), made=draft.made)
        else:
            at = len(kept)
            kept.append(draft)
        maker |= dict.fromkeys(draft.made, at)
    return kept


def _is_bias(draft: Draft, product: Draft) -> bool:
    if draft.rule.kind != "add" or product.rule.kind != "linear" or len(draft.weights) != 1:
        return False
    features = product.rule.attrs(product.facts)["out_features"]
    same = draft.facts.outputs[0] == product.facts.outputs[0]
    return same and len(product.weights) == 1 and draft.weights[0].shape == (features,)
