"""Follows the calls of a torch.export program: what is constant, what overwrites what, what reads a weight.

A program may write into tensors that it has made views of; whoever reads such memory later reads what
was written. Tensors that no model input reaches (masks, tables, transposed weights) become no vertices:
the weights they are made from belong to the ops that read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cutwise.graph.model_graph import Weight
from cutwise.importers.onnx_format.module_paths import printable
from cutwise.importers.torch_format.facts import Facts, TorchRule, TorchStep
from cutwise.importers.torch_format.kinds import COPY, KINDS, PICKS, SHAPE_ONLY, VIEWS, is_in_place
from cutwise.importers.torch_format.nodes import Call, Ref, Value
from cutwise.importers.torch_format.ops import rule_for
from cutwise.importers.torch_format.recurrent import RECURRENT, recurrent_steps
from cutwise.importers.torch_format.scope import TorchProgram

# Operators that hand back their input itself where nothing is to be done.
MAYBE_SAME = frozenset({"contiguous", "to", "type_as"})
COMPUTING = frozenset({"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d"})
MATRIX_PRODUCTS = frozenset({"linear", "addmm", "mm", "bmm", "baddbmm", "matmul", "einsum"})


@dataclass(slots=True)
class Walk:
    """What is known while the calls are followed in order.

    `constants` depend on no model input; each has the stored tensors it is made from. `memory` names the
    tensor in whose memory a view lies, `latest` the tensor that holds what that memory holds by now;
    `written` and `seen` are the numbers of the writes after which it was written and a view was made.
    """

    program: TorchProgram
    steps: list[TorchStep] = field(default_factory=list)
    constants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    memory: dict[str, str] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    writes: int = 0
    products: int = 0
    tables: set[str] = field(default_factory=set)


def current(walk: Walk, name: str) -> str:
    """The tensor that holds what reading `name` gives by now."""
    root = walk.memory.get(name, name)
    if walk.written.get(root, 0) <= walk.seen.get(name, 0):
        return name
    held, tensors = walk.latest[root], walk.program.tensors
    if tensors[name].shape == tensors[root].shape:
        return held
    again = f"{name}.{walk.writes}"
    if again in walk.seen:
        return again
    tensors[again] = tensors[name]
    walk.memory[again], walk.seen[again] = root, walk.writes
    if held in walk.constants:
        walk.constants[again] = walk.constants[held]
    else:
        walk.steps.append(TorchStep(name=again, kind="slice", inputs=(held,), outputs=(again,)))
        walk.program.trace.adopt(again, held, tensors[again].shape)
    return again


def follow(walk: Walk, call: Call) -> None:
    """Enters what `call` makes: constants, or steps and what they overwrite."""
    target = next(iter(call.refs()), "")
    call = replace(call, arguments=tuple((name, _current_value(walk, v)) for name, v in call.arguments))
    facts = Facts(call, walk.program.tensors, walk.program.strides, walk.constants)
    walk.program.trace.follow(facts)
    refs, made = call.refs(), [name for name in call.outputs if name]
    is_view = bool(refs) and _is_view(facts, refs[0], made[0])
    if is_view:
        walk.memory |= dict.fromkeys(made, walk.memory.get(refs[0], refs[0]))
        walk.seen |= dict.fromkeys(made, walk.writes)
    if facts.op in SHAPE_ONLY or all(name in walk.constants for name in refs):
        _enter_constants(walk, facts, made)
    elif facts.op in RECURRENT:
        _enter_recurrence(walk, facts)
    else:
        _enter_step(walk, facts, made)
    if is_in_place(call.op) and target and not is_view:
        _write(walk, target, made[0])


def _current_value(walk: Walk, value: Value) -> Value:
    if isinstance(value, list):
        return [_current_value(walk, item) for item in value]
    return Ref(current(walk, value.name)) if isinstance(value, Ref) else value


def _is_view(facts: Facts, source: str, made: str) -> bool:
    if facts.op in MAYBE_SAME:
        same_type = facts.tensors[source].dtype == facts.tensors[made].dtype
        return same_type and facts.strides.get(source) == facts.strides.get(made)
    return KINDS.get(facts.op) in VIEWS or facts.op in PICKS


def _enter_constants(walk: Walk, facts: Facts, made: Sequence[str]) -> None:
    read = [] if facts.op in SHAPE_ONLY else facts.call.refs()
    roots = tuple(dict.fromkeys(root for name in read for root in walk.constants[name]))
    walk.constants |= dict.fromkeys(made, roots)
    if facts.op in MATRIX_PRODUCTS and sum(bool(_parameters(walk, name)) for name in read) > 1:
        walk.products += 1


def _parameters(walk: Walk, name: str) -> list[Weight]:
    stored = walk.program.stored
    return [stored[r] for r in walk.constants[name] if r in stored and stored[r].role != "buffer"]


def _enter_recurrence(walk: Walk, facts: Facts) -> None:
    steps = recurrent_steps(
        facts, lambda names: tuple(_weights(walk, "lstm", names, main=True)), walk.program.tensors
    )
    walk.steps += [replace(step, attrs={**step.attrs, **_stop(facts.call)}) for step in steps]


def _stop(call: Call) -> dict[str, bool]:
    return {"stops_gradient": True} if call.stops_gradient else {}


def _enter_step(walk: Walk, facts: Facts, made: Sequence[str]) -> None:
    call, rule = facts.call, rule_for(facts)
    if rule.kind == "attention":
        _enter_learned(walk, facts, rule.data[:3])
    inputs = tuple(name for name in _in_order(facts, rule) if name not in walk.constants)
    weights = tuple(_weights_by_slot(walk, facts, rule))
    if rule.kind == "einsum" and not _are_operands(walk, facts, weights):
        rule = TorchRule("other:einsum")
    elif rule.kind != "einsum":
        weights = tuple({weight.id: weight for weight in weights}.values())
    if not inputs:
        walk.constants |= dict.fromkeys(made, ())
        return
    attrs = {
        **rule.attrs(facts),
        **_made_of(walk, facts, rule),
        **_computed(walk, facts, rule),
        **_stop(call),
    }
    walk.steps.append(
        TorchStep(
            name=call.name, kind=rule.kind, inputs=inputs, outputs=call.outputs, weights=weights, attrs=attrs,
            modules=call.modules,
        )
    )  # fmt: skip


def _made_of(walk: Walk, facts: Facts, rule: TorchRule) -> dict[str, int]:
    """How many weights the main one is computed from, where there are several."""
    names = facts.call.refs(rule.weights[0]) if rule.weights and rule.kind != "einsum" else []
    roots = {
        walk.program.stored[r].id
        for n in names
        for r in walk.constants.get(n, ())
        if r in walk.program.stored
    }
    return {"main_weights": len(roots)} if len(roots) > 1 else {}


def _computed(walk: Walk, facts: Facts, rule: TorchRule) -> dict[str, float]:
    """Bytes of a matrix that is computed from weights, in every pass anew: kept for the input's gradient."""
    if not rule.weights or rule.kind not in COMPUTING:
        return {}
    memory, lasting = walk.memory, walk.program.lasting
    names = [
        n
        for n in facts.call.refs(rule.weights[0])
        if walk.constants.get(n) and memory.get(n, n) not in lasting
    ]
    sizes = sum(facts.tensors[name].size_bytes for name in names)
    return {"kept_once_bytes": float(sizes)} if sizes else {}


def _enter_learned(walk: Walk, facts: Facts, parameters: Sequence[str]) -> None:
    """Makes queries, keys or values that no input reaches (learned ones) steps of their own.

    Attention is priced by its three operands, so none may be missing.
    """
    for name in dict.fromkeys(name for parameter in parameters for name in facts.call.refs(parameter)):
        if name in walk.constants:
            weights = tuple(_weights(walk, "identity", [name], main=False))
            kind = "identity" if weights else "constant"
            step = TorchStep(
                name=f"{facts.call.name}_learned", kind=kind, inputs=(), outputs=(name,), weights=weights,
                modules=facts.call.modules,
            )  # fmt: skip
            walk.steps.append(step)
            del walk.constants[name]


def _in_order(facts: Facts, rule: TorchRule) -> list[str]:
    """Tensors that are read, those of `rule.data` first; a plain copy reads nothing of what it overwrites."""
    first = [name for parameter in rule.data for name in facts.call.refs(parameter)]
    if facts.op == "copy":
        return first
    slots = {*rule.data}
    return first + [
        n for parameter, value in facts.call.arguments if parameter not in slots for n in _names(value)
    ]


def _names(value: Value) -> list[str]:
    return [item.name for item in (value if isinstance(value, list) else [value]) if isinstance(item, Ref)]


def _weights_by_slot(walk: Walk, facts: Facts, rule: TorchRule) -> Iterator[Weight]:
    """Weights among the constants that are read, the main one first."""
    known = (*rule.weights, *rule.buffers)
    others = dict.fromkeys(name for name, _ in facts.call.arguments if name not in known)
    for slot in (*known, *others):
        names = [name for name in facts.call.refs(slot) if name in walk.constants]
        main = slot == known[0] if known else False
        yield from _weights(walk, rule.kind, names, main=main or slot in rule.buffers)


def _weights(walk: Walk, kind: str, names: Sequence[str], *, main: bool) -> Iterator[Weight]:
    """The stored tensors that the constants `names` are made from.

    Where the op cannot do without (`main`) tables and computed constants count too, as buffers.
    """
    program = walk.program
    for name in names:
        read = program.tensors[name]
        roots = sorted(walk.constants[name], key=lambda root: program.tensors[root].elements != read.elements)
        for root in roots:
            weight = program.stored.get(root)
            if weight is None and not main:
                walk.tables.add(root)
                continue
            weight = weight or _buffer(walk, root)
            same = weight.elements == read.elements and (kind.startswith("conv") or kind == "einsum")
            yield replace(weight, shape=read.shape) if same else weight
        if main and not roots:
            yield _buffer(walk, name)


def _buffer(walk: Walk, name: str) -> Weight:
    spec = walk.program.tensors[name]
    return Weight(id=printable(name), shape=spec.shape, dtype=spec.dtype, role="buffer")


def _are_operands(walk: Walk, facts: Facts, weights: Sequence[Weight]) -> bool:
    """True when each constant operand of an einsum is one whole weight."""
    shapes = [facts.tensors[name].shape for name in facts.call.refs("tensors") if name in walk.constants]
    return shapes == [weight.shape for weight in weights]


def _write(walk: Walk, target: str, made: str) -> None:
    """Enters that the memory of `target` holds `made` from now on, as a whole or in part."""
    tensors, root = walk.program.tensors, walk.memory.get(target, target)
    before, whole = walk.latest.get(root, root), made
    walk.writes += 1
    walk.written[root] = walk.seen[made] = walk.writes
    walk.memory[made] = root
    if tensors[target].shape != tensors[root].shape:
        whole = before
        parts = tuple(name for name in (before, made) if name not in walk.constants)
        if parts:
            whole = f"{made}.whole"
            tensors[whole] = tensors[root]
            walk.steps.append(TorchStep(name=whole, kind=COPY, inputs=parts, outputs=(whole,)))
            for part in parts:
                walk.program.trace.adopt(whole, part, tensors[whole].shape)
    walk.latest[root] = whole
