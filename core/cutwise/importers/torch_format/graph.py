"""From the calls of a torch.export program to ops: one vertex for each tensor that reaches an output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import Op, Weight
from cutwise.importers.onnx_format.module_paths import ModulePlace, named, printable
from cutwise.importers.torch_format.facts import TorchStep
from cutwise.importers.torch_format.functions.regions import doubts, kept_by_functions
from cutwise.importers.torch_format.scope import TorchProgram
from cutwise.importers.torch_format.walk import Walk, current, follow
from cutwise.units import binary_text


def build_ops(program: TorchProgram) -> tuple[Op, ...]:
    """The ops of `program` in topological order, model inputs first.

    Adds what was assumed to the program's warnings, leaves the inputs that are read, and names what the
    outputs hold in the end. Raises `ModelImportError` when no output depends on an input.
    """
    walk = Walk(program, constants={name: (name,) for name in program.lasting})
    for call in program.calls:
        follow(walk, call)
    program.outputs = [current(walk, name) for name in program.outputs]
    needed = _needed(walk, program.outputs)
    inputs = [name for name in program.inputs if name in needed]
    if not inputs:
        raise ModelImportError(f"{program.file}: no output depends on an input of the model; export it again")
    steps = [step for step in walk.steps if needed.intersection(step.outputs)]
    program.warnings += doubts(program.functions, steps)
    steps = kept_by_functions(steps, program.functions)
    program.warnings += _warnings(walk, steps, needed)
    program.uncounted = sum(weight.elements for weight in _unused_weights(program, _used(steps)))
    program.inputs = inputs
    ids = {name: printable(name) for name in inputs}
    placed = named([_place(step) for step in steps], list(ids.values()))
    ops = [Op(id=ids[name], kind="input", output=program.tensors[name], source=name) for name in inputs]
    for step, (own, block) in zip(steps, placed, strict=True):
        made = [(at, name) for at, name in enumerate(step.outputs) if name in needed]
        ids |= {name: f"{own}:{at}" if number else own for number, (at, name) in enumerate(made)}
        ops += _vertices(program, step, made, ids, block)
    return tuple(ops)


def _needed(walk: Walk, outputs: Sequence[str]) -> set[str]:
    needed = {name for name in outputs if name not in walk.constants}
    for step in reversed(walk.steps):
        if needed.intersection(step.outputs):
            needed.update(step.inputs)
    return needed


def _place(step: TorchStep) -> ModulePlace:
    weight = step.weights[0].id if step.weights else ""
    return ModulePlace(
        tuple(map(printable, step.modules)), printable(step.name), step.kind, tuple(weight.split(".")[:-1])
    )


def _vertices(
    program: TorchProgram, step: TorchStep, made: Sequence[tuple[int, str]], ids: dict[str, str], block: str
) -> Iterator[Op]:
    inputs = tuple(ids[name] for name in step.inputs)
    for number, (at, name) in enumerate(made):
        index = {"output_index": at} if len(made) > 1 else {}
        yield Op(
            id=ids[name],
            kind=step.kind,
            inputs=inputs,
            output=program.tensors[name],
            weights=step.weights if number == 0 else (),
            block=block,
            attrs={**step.attrs, **index},
            source=step.name,
        )


def _warnings(walk: Walk, steps: Sequence[TorchStep], needed: set[str]) -> Iterator[str]:
    program = walk.program
    for name in program.inputs:
        if name not in needed:
            yield f"input {name!r} is read by no op and is left out"
    if walk.products:
        yield (
            f"{walk.products} matrix products of parameters alone are not counted; "
            "their parameters belong to the ops that read the result"
        )
    used = _used(steps)
    yield from _frozen(program, used)
    yield from _unused(program, used)
    stopped = [step.weights[0] for step in steps if step.weights and step.attrs.get("stops_gradient")]
    if stopped:
        yield (
            f"{len(stopped)} ops with parameters ({_examples(stopped)}) run under torch.no_grad() and are "
            "not trained"
        )
    tables = sum(program.tensors[name].size_bytes for name in walk.tables)
    if tables > TABLE_BYTES:
        yield f"{binary_text(tables)} of constant tables and masks are not counted as memory"


def _frozen(program: TorchProgram, used: Set[str]) -> Iterator[str]:
    read = {weight.id: weight for weight in program.stored.values() if weight.id in used}
    parameters = [weight for weight in read.values() if weight.role != "buffer"]
    frozen = [weight for weight in parameters if weight.role == "frozen"]
    if frozen and len(frozen) == len(parameters):
        yield "no parameter of the file needs a gradient (requires_grad), so that nothing is trained"
    elif frozen:
        yield (
            f"{len(frozen)} parameter tensors ({_examples(frozen)}; {_elements(frozen)} parameters) need no "
            "gradient in the file and are not trained"
        )


def _unused(program: TorchProgram, used: Set[str]) -> Iterator[str]:
    unused = _unused_weights(program, used)
    if unused:
        yield (
            f"{len(unused)} parameter tensors ({_examples(unused)}; {_elements(unused)} parameters) reach no "
            "output and are not counted"
        )


def _used(steps: Sequence[TorchStep]) -> set[str]:
    return {weight.id for step in steps for weight in step.weights}


def _unused_weights(program: TorchProgram, used: Set[str]) -> list[Weight]:
    """Parameters that no op reads, those that share a tensor once."""
    stored = {weight.id: weight for weight in program.stored.values()}
    return [weight for weight in stored.values() if weight.id not in used and weight.role != "buffer"]


def _elements(weights: Sequence[Weight]) -> str:
    return f"{sum(weight.elements for weight in weights):,}"


# Below this, tables are no matter for any device.
TABLE_BYTES = 2**20


def _examples(weights: Sequence[Weight]) -> str:
    names = ", ".join(repr(weight.id) for weight in weights[:3])
    return names + (", …" if len(weights) > 3 else "")
