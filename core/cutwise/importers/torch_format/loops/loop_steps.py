"""A loop read with all its steps side by side: every tensor of its body holds one more axis, of all steps.

A body of 16 x 16 weights that runs 7 times on 2 samples is a layer that reads (7, 2, 16). What runs one
step after another costs the same; what a step hands on to the next is a copy, unless it is kept anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.torch_format.kinds import KINDS, plain_name
from cutwise.importers.torch_format.loops.trip_count import trips_of
from cutwise.importers.torch_format.nodes import (
    Call,
    Ref,
    Subgraph,
    Value,
    made_by,
    operator_of,
    tensor_name,
)
from cutwise.importers.torch_format.schema import ExportNode, Graph
from cutwise.importers.torch_format.scope import TorchProgram, TorchScope

SCAN, WHILE = "higher_order::scan", "higher_order::while_loop"
MAPS = frozenset({"higher_order::map_impl", "higher_order::map"})
LOOPS = frozenset({SCAN, WHILE, *MAPS})

# Ops that keep what they make, so that what a step hands on is in memory already.
KEEPS_OUTPUT = frozenset({"relu", "sigmoid", "tanh", "softmax", "log_softmax", "exp", "sqrt", "reciprocal"})
FILLED = frozenset(
    {"zeros", "ones", "full", "empty", "new_zeros", "new_ones", "new_full", "zeros_like", "ones_like",
     "full_like", "scalar_tensor"}
)  # fmt: skip
SAME = frozenset({"clone", "alias", "detach", "contiguous"})
DIMS = frozenset({"dim", "dim0", "dim1", "dims", "axis", "axis0", "axis1", "start_dim", "end_dim", "source",
                  "destination"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop: its body, how often it runs, and the tensors it starts from.

    `carried` are handed from step to step, `sliced` hold a step along their first axis each, `read` are the
    same in all steps.
    """

    call: Call
    body: Graph
    trips: int
    carried: tuple[str, ...] = ()
    sliced: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


def loop_of(program: TorchProgram, scope: TorchScope, call: Call) -> Loop:
    """The loop that `call` runs; raises `ModelImportError` where data decide how often."""
    graphs = [value.graph for _, value in call.arguments if isinstance(value, Subgraph)]
    lists = [_names(value) for _, value in call.arguments if not isinstance(value, Subgraph)]
    if call.op == WHILE:
        carried, read = (*lists, (), ())[:2]
        return Loop(call, graphs[1], _trips(program, call, graphs, carried), carried, (), read)
    carried, sliced, read = ((), *lists, ())[:3] if call.op in MAPS else (*lists, (), ())[:3]
    place = len(scope.trips) * (bool(sliced) and sliced[0] in program.looped)
    return Loop(call, graphs[0], program.tensors[sliced[0]].shape[place], carried, sliced, read)


def _names(value: Value) -> tuple[str, ...]:
    return tuple(
        item.name for item in (value if isinstance(value, list) else [value]) if isinstance(item, Ref)
    )


def _trips(program: TorchProgram, call: Call, graphs: Sequence[Graph], carried: Sequence[str]) -> int:
    key = f"{call.name}.trips"
    program.sizes.asked.add(key)
    if key in program.sizes.chosen:
        program.sizes.assumed[key] = program.sizes.chosen[key]
        return program.sizes.chosen[key]
    found = trips_of(graphs[0], graphs[1], [program.numbers.get(name) for name in carried])
    if found is None:
        raise ModelImportError(
            f"{program.file}: op {call.name!r} runs as often as its data say; "
            f"say how often: dims={{{key!r}: COUNT}}"
        )
    return found


def start_loop(program: TorchProgram, loop: Loop, inner: TorchScope) -> None:
    """Gives the body its inputs, each with an axis for the steps."""
    own = [tensor_name(argument) for argument in loop.body["inputs"]]
    handed = _kept_anyway(loop.body)
    for place, (name, given) in enumerate(zip(own, loop.carried + loop.sliced + loop.read, strict=False)):
        at = place - len(loop.carried)
        if place < len(loop.carried):
            op = "expand" if handed[place] else "copy"
            inner.names[name] = _spread(program, loop, inner, given, op, *_driven(program, loop, given))
        elif at < len(loop.sliced):
            inner.names[name] = _sliced(program, loop, inner, given)
        elif given in program.fixed or given in program.lasting:
            inner.names[name] = given
        else:
            inner.names[name] = _spread(program, loop, inner, given, "expand")


def _driven(program: TorchProgram, loop: Loop, given: str) -> tuple[tuple[str, Value], ...]:
    """What drives a state that starts from a number everywhere: it is no constant behind the first step."""
    made = next((call for call in program.calls if given in call.outputs), None)
    if made is None or plain_name(made.op) not in FILLED:
        return ()
    data = [name for name in (*loop.sliced, *loop.read) if name not in program.lasting]
    return (("driven_by", Ref(data[0])),) if data else ()


def _spread(
    program: TorchProgram, loop: Loop, inner: TorchScope, given: str, op: str, *more: tuple[str, Value]
) -> str:
    outer = inner.trips[:-1] if given in program.looped else ()
    spec = program.tensors[given]
    shape = (*inner.trips, *spec.shape[len(outer) :])
    return _made(program, loop, given, op, replace(spec, shape=shape), *more)


def _sliced(program: TorchProgram, loop: Loop, inner: TorchScope, given: str) -> str:
    at = len(inner.trips) - 1 if given in program.looped else 0
    return _made(program, loop, given, "loop_steps", program.tensors[given], ("dim", at))


def _made(
    program: TorchProgram, loop: Loop, given: str, op: str, spec: TensorSpec, *more: tuple[str, Value]
) -> str:
    name = f"{loop.call.name}.{given}.steps"
    program.tensors[name] = spec
    program.looped.add(name)
    first = ("src" if op == "copy" else "self", Ref(given))
    program.calls.append(Call(name, op, "", (first, *more), (name,), loop.call.modules))
    return name


def end_loop(program: TorchProgram, loop: Loop, inner: TorchScope, results: Sequence[str]) -> None:
    """The results of the loop: of what is carried the last step, of all else every step."""
    at = len(inner.trips) - 1
    for place, (made, result) in enumerate(zip(loop.call.outputs, results, strict=False)):
        steps = result in program.looped
        last = steps and place < len(loop.carried)
        spec = program.tensors[result]
        program.tensors[made] = replace(spec, shape=spec.shape[:at] + spec.shape[at + 1 :]) if last else spec
        if steps and at:
            program.looped.add(made)
        pick: tuple[tuple[str, Value], ...] = (("dim", at), ("index", -1)) if last else ()
        op, arguments = "select" if last else "alias", (("self", Ref(result)), *pick)
        program.calls.append(Call(made, op, "", arguments, (made,), loop.call.modules))


def shifted(program: TorchProgram, call: Call, scope: TorchScope) -> Call:
    """`call` with the axes of the steps before all others, where it reads what has them."""
    if not any(name in program.looped for name in call.refs()):
        return call
    by = len(scope.trips)
    for name in filter(None, call.outputs):
        spec = program.tensors[name]
        program.tensors[name] = replace(spec, shape=(*scope.trips, *spec.shape))
        program.strides[name] = ()
        program.looped.add(name)
    permutes = plain_name(call.op) == "permute"
    arguments = tuple(
        (name, _moved(value, by, whole=permutes) if name in DIMS else value) for name, value in call.arguments
    )
    return replace(call, arguments=arguments)


def _moved(value: Value, by: int, *, whole: bool) -> Value:
    if isinstance(value, list):
        moved = [item + by if isinstance(item, int) and item >= 0 else item for item in value]
        return [*range(by), *moved] if whole else moved
    return value + by if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value


def _kept_anyway(body: Graph) -> list[bool]:
    """For each result of a body, whether the op that makes it keeps it."""
    makers = {name: node for node in body["nodes"] for name in made_by(node)}
    return [_keeps(tensor_name(output), makers) for output in body["outputs"]] + [False] * len(body["inputs"])


def _keeps(name: str, makers: Mapping[str, ExportNode]) -> bool:
    for _ in range(len(makers)):
        node = makers.get(name)
        if node is None:
            return False
        op = plain_name(operator_of(node)[0])
        if op not in SAME:
            return KINDS.get(op) in KEEPS_OUTPUT
        name = tensor_name(node["inputs"][0]["arg"])
    return False
