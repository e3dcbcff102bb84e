"""LoRA as a rewrite of the graph: adapters become ops like any other, so that every price includes them.

The adapter of a linear layer `fc` is `fc/lora_a` (in → rank) and `fc/lora_b` (rank → out) beside `fc/base`,
the layer as it was; their sum takes the name `fc`, so that cuts, pins and readers of `fc` mean the
adapted layer. Merged adapters are weights of the layer itself; those of stacked experts, which have one
pair of matrices each, always are (as peft's for a parameter).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from cutwise.caches import kept
from cutwise.costs.gradient_flow import adapter_weights, frozen_ops, named_by
from cutwise.costs.layer_roles import HEAD, linear_roles
from cutwise.costs.options.tuning import LORA_TARGETS, Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError, shown
from cutwise.graph.model_graph import FLOATING, ModelGraph, Op, TensorSpec, Weight

BASE, LORA_A, LORA_B = "base", "lora_a", "lora_b"
KEPT = frozenset({"dropout_ratio", "joint_features"})  # said of a layer's result, with its adapter
EXPERTS = "experts"
MOST_NAMED = 5  # layers that a message lists


def rewritten(graph: ModelGraph, workload: Workload) -> ModelGraph:
    """`graph` as it is trained or run under `workload`: with its adapters, if any.

    A target that is a pattern is held against ids, blocks and the names that the model's file has, with
    slashes for their dots. Frozen ops get no adapter; adapters that are merged leave no trace in inference.
    A graph that has adapters already is answered as it is. Raises `ScenarioError` for a target without a
    linear layer, and for a sequence length the graph was not read at.
    """
    if mistake := _length_mistake(graph, workload.sequence_length):
        raise ScenarioError([mistake])
    tuning = workload.tuning
    if not isinstance(tuning, Lora) or (tuning.merged and not workload.training) or adapter_weights(graph):
        return graph
    return _adapted(graph, tuning, workload.frozen)


def without_adapters(graph: ModelGraph) -> ModelGraph:
    """The graph that adapters were added to."""
    bases = {base: op.id for op in graph.ops if (base := op.attrs.get("adapts"))}
    dropped = {op.id for op in graph.ops if op.attrs.get("adapter") and "merged_rank" not in op.attrs}
    kept = [
        replace(op, id=bases.get(op.id, op.id))
        for op in graph.ops
        if op.id not in dropped and "adapts" not in op.attrs
    ]
    return replace(graph, ops=tuple(kept)) if bases else graph


def _length_mistake(graph: ModelGraph, asked: int | None) -> str:
    read_at = graph.dims.get("sequence")
    if asked is None or asked == read_at:
        return ""
    if read_at is None:
        return (
            f"workload.sequence_length: {graph.name} has no open dimension 'sequence'; leave it out, or "
            "export the model with an open one"
        )
    return (
        f"workload.sequence_length: {graph.name} was read at {read_at} tokens, not {asked}; load it with "
        f"dims={{'sequence': {asked}}} (--dim sequence={asked})"
    )


@kept
def _adapted(graph: ModelGraph, tuning: Lora, frozen: tuple[str, ...]) -> ModelGraph:
    targets = _targets(graph, tuning, frozen)

    def adapted(op: Op) -> Iterator[Op]:
        return _merged(op, tuning) if tuning.merged or EXPERTS in op.attrs else _side_branch(op, tuning)

    ops = (made for at, op in enumerate(graph.ops) for made in (adapted(op) if at in targets else (op,)))
    return replace(graph, ops=tuple(ops))


def _side_branch(op: Op, tuning: Lora) -> Iterator[Op]:
    down, up = _adapter(op, tuning.rank)
    base, lora_a, lora_b = (f"{op.id}/{part}" for part in (BASE, LORA_A, LORA_B))
    narrow = TensorSpec(shape=(*op.output.shape[:-1], tuning.rank), dtype=op.output.dtype)
    own = {name: value for name, value in op.attrs.items() if name not in KEPT}
    yield replace(op, id=base, attrs=own)
    yield _small_layer(op, lora_a, reads=op.inputs[0], output=narrow, weight=down, reads_input=True)
    yield _small_layer(op, lora_b, reads=lora_a, output=op.output, weight=up)
    scaled = {"factor": tuning.factor, "adapts": base} | {
        key: op.attrs[key] for key in KEPT & op.attrs.keys()
    }
    yield replace(op, kind="add", inputs=(base, lora_b), weights=(), attrs={**scaled, **_stop(op)})


def _small_layer(op: Op, name: str, *, reads: str, output: TensorSpec, weight: Weight, **attrs: bool) -> Op:
    outputs, inputs = weight.shape
    sizes = {"in_features": inputs, "out_features": outputs, "adapter": (weight.id,)}
    whole = {**sizes, **attrs, **_stop(op)}
    return replace(op, id=name, inputs=(reads,), output=output, weights=(weight,), attrs=whole)


def _stop(op: Op) -> dict[str, bool]:
    """What stands beside a layer that stops gradients gets none either."""
    return {"stops_gradient": True} if op.attrs.get("stops_gradient") else {}


def _merged(op: Op, tuning: Lora) -> Iterator[Op]:
    down, up = _adapter(op, tuning.rank)
    attrs = {"merged_rank": tuning.rank, "factor": tuning.factor, "adapter": (down.id, up.id)}
    yield replace(op, weights=(*op.weights, down, up), attrs={**op.attrs, **attrs})


def _adapter(op: Op, rank: int) -> tuple[Weight, Weight]:
    """Both matrices of an adapter, of all experts together; layers that share a weight share its adapter."""
    matrix = op.weights[0]
    outputs = op.output.shape[-1]
    inputs = op.attrs.get("in_features") or matrix.elements // outputs
    rank *= op.attrs.get(EXPERTS, 1)
    dtype = matrix.dtype if matrix.dtype in FLOATING else op.output.dtype
    return (
        Weight(id=f"{matrix.id}.{LORA_A}", shape=(rank, inputs), dtype=dtype),
        Weight(id=f"{matrix.id}.{LORA_B}", shape=(outputs, rank), dtype=dtype),
    )


def _targets(graph: ModelGraph, tuning: Lora, frozen: tuple[str, ...]) -> frozenset[int]:
    roles = linear_roles(graph)
    experts = [at for at, op in enumerate(graph.ops) if EXPERTS in op.attrs]
    mistakes, found = [], set[int]()
    for target in tuning.targets:
        hits = {at for at, role in roles.items() if _matcher(target)(graph.ops[at], role)}
        if target not in LORA_TARGETS:
            hits |= {at for at in experts if named_by(target)(graph.ops[at])}
        found |= hits
        if not hits:
            mistakes.append(
                f"workload.tuning.targets: {shown(target)} matches no linear layer of {graph.name}, which "
                f"has {_inventory(graph, roles)}{_named(graph, experts)}"
            )
    held = frozen_ops(graph, frozen)
    if found and all(held[at] for at in found):
        mistakes.append("workload.frozen: freezes every layer that workload.tuning.targets names")
    if mistakes:
        raise ScenarioError(mistakes)
    return frozenset(at for at in found if not held[at])


def _matcher(target: str) -> Callable[[Op, str], bool]:
    if target == "all_linear":
        return lambda op, role: role != HEAD
    if target in {"attention", "mlp"}:
        return lambda op, role: role == target
    matches, in_file = named_by(target), named_by(target.replace(".", "/"))
    return lambda op, role: matches(op) or in_file(Op(id=op.source.replace(".", "/"), kind=op.kind))


def _inventory(graph: ModelGraph, roles: Mapping[int, str]) -> str:
    """What there is to adapt: linear layers by role, and other layers with weights by kind."""
    linears = [
        f"{len(places)} linear ({role}: {_some([graph.ops[at].id for at in places])})"
        for role in dict.fromkeys(roles.values())
        if (places := [at for at, found in roles.items() if found == role])
    ]
    others = Counter(op.kind for at, op in enumerate(graph.ops) if op.weights and at not in roles)
    rest = [f"{count} {kind}" for kind, count in others.most_common(MOST_NAMED)]
    return ", ".join(linears + rest) or "no layer with weights"


def _named(graph: ModelGraph, experts: Sequence[int]) -> str:
    if not experts:
        return ""
    return f"; stacked experts get adapters by name only: {_some([graph.ops[at].id for at in experts])}"


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
