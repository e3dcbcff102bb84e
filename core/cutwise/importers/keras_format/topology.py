"""The JSON of a Keras model in order: which layer is called with which tensors, in Keras 2 and 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn, TypeAlias

from cutwise.errors import ModelImportError
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import GRAPH_DEPTH, GRAPH_NODES

TENSOR, INPUT = "__keras_tensor__", "InputLayer"
Ref: TypeAlias = tuple[str, int, int]
"""A tensor: name of the layer that makes it, number of that layer's call, number of its result."""


@dataclass(frozen=True, slots=True)
class Described:
    """A layer as the file describes it."""

    name: str
    kind: str
    module: str
    config: Mapping[str, Json]
    calls: tuple[tuple[Ref, ...], ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """The layers of one model, its calls in an order in which they can run, its inputs and outputs.

    `shapes` are what the file says of tensors, batch first, None where a size is open.
    """

    layers: Mapping[str, Described]
    order: tuple[tuple[str, int], ...]
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]
    shapes: Mapping[Ref, tuple[int | None, ...]]


def is_model(config: Json) -> bool:
    """True for the settings of a model: a layer made of layers."""
    return isinstance(config, list) or (isinstance(config, dict) and isinstance(config.get("layers"), list))


def topology(file: str, config: Json) -> Topology:
    """The layers that `config`, the settings of a Functional or Sequential model, lists.

    Raises `ModelImportError` for layers without names, references to nothing, and circles.
    """
    listed = (
        config if isinstance(config, list) else config.get("layers") if isinstance(config, dict) else None
    )
    if not isinstance(listed, list) or not listed:
        refuse(file, "lists no layers")
    if len(listed) > GRAPH_NODES:
        refuse(file, f"lists {len(listed):,} layers, at most {GRAPH_NODES:,} are read")
    shapes: dict[Ref, tuple[int | None, ...]] = {}
    if isinstance(config, dict) and "output_layers" in config:
        layers = _by_name(file, [_described(file, entry, shapes) for entry in listed])
        inputs, outputs = (_refs(file, config.get(key)) for key in ("input_layers", "output_layers"))
    else:
        layers = _chained(file, _with_input(config, listed), shapes)
        first, *_, last = [*layers, *layers]
        inputs, outputs = ((first, 0, 0),), ((last, 0, 0),)
    return Topology(layers, _order(file, layers), inputs, outputs, shapes)


def refuse(file: str, fact: str) -> NoReturn:
    """Raises `ModelImportError`: a fact about this model, and what to do."""
    raise ModelImportError(f"{file}: {fact}; save the model again with model.save('model.keras')")


def _described(file: str, entry: Json, shapes: dict[Ref, tuple[int | None, ...]]) -> Described:
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        refuse(file, f"lists {shown(entry)} where a layer should be")
    config = entry.get("config")
    settings = config if isinstance(config, dict) else {"layers": config}
    name = entry.get("name") or settings.get("name")
    if not isinstance(name, str) or not name:
        refuse(file, f"has a {shown(entry['class_name'])} layer without a name")
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        refuse(file, f"says of layer {shown(name)} that it reads {shown(nodes)}")
    calls = tuple(tuple(_tensors(node, shapes, GRAPH_DEPTH)) for node in nodes)
    module = entry.get("module")
    return Described(
        name, str(entry["class_name"]), module if isinstance(module, str) else "", settings, calls or ((),)
    )


def _tensors(node: Json, shapes: dict[Ref, tuple[int | None, ...]], depth: int) -> Iterator[Ref]:
    """Tensors in the arguments of a call, in order: objects in Keras 3, lists in Keras 2."""
    if depth == 0:
        return
    if isinstance(node, dict):
        if node.get("class_name") == TENSOR and isinstance(node.get("config"), dict):
            yield from _tensor(node["config"], shapes)
            return
        for value in node.values():
            yield from _tensors(value, shapes, depth - 1)
    elif isinstance(node, list):
        if _is_ref(node):
            name, call, number, *rest = node
            yield str(name), int(str(call)), int(str(number))
            node = rest
        for value in node:
            yield from _tensors(value, shapes, depth - 1)


def _tensor(config: Json, shapes: dict[Ref, tuple[int | None, ...]]) -> Iterator[Ref]:
    assert isinstance(config, dict)
    history, shape = config.get("keras_history"), config.get("shape")
    if isinstance(history, list) and _is_ref(history):
        ref = (str(history[0]), int(str(history[1])), int(str(history[2])))
        if isinstance(shape, list) and all(size is None or _is_size(size) for size in shape):
            shapes[ref] = tuple(size if isinstance(size, int) else None for size in shape)
        yield ref


def _is_ref(value: Json) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and all(isinstance(part, int) and not isinstance(part, bool) and part >= 0 for part in value[1:3])
    )


def _is_size(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _refs(file: str, value: Json) -> tuple[Ref, ...]:
    """Inputs or outputs of a model: one, a list, or a table of them."""
    found = tuple(_tensors(value, {}, GRAPH_DEPTH))
    if not found:
        refuse(file, f"names {shown(value)} as its inputs or outputs")
    return found


def _by_name(file: str, layers: Sequence[Described]) -> dict[str, Described]:
    named = {layer.name: layer for layer in layers}
    if len(named) < len(layers):
        refuse(file, "has several layers of one name")
    return named


def _with_input(config: Json, listed: Sequence[Json]) -> list[Json]:
    """The layers of a sequence with the input before them that only their settings state."""
    first = listed[0] if isinstance(listed[0], dict) else {}
    if first.get("class_name") == INPUT:
        return list(listed)
    own = first.get("config")
    stated = own.get("batch_input_shape") if isinstance(own, dict) else None
    stated = stated or (config.get("build_input_shape") if isinstance(config, dict) else None)
    made: Json = {"class_name": INPUT, "config": {"name": "input", "batch_shape": stated}}
    return [made, *listed]


def _chained(
    file: str, listed: Sequence[Json], shapes: dict[Ref, tuple[int | None, ...]]
) -> dict[str, Described]:
    """The layers of a sequence: each reads what the one before it makes."""
    chained: dict[str, Described] = {}
    before: tuple[Ref, ...] = ()
    for number, entry in enumerate(listed):
        config = entry.get("config") if isinstance(entry, dict) else None
        unnamed = isinstance(config, list) or (isinstance(config, dict) and not config.get("name"))
        named = {**entry, "name": f"layer_{number}"} if isinstance(entry, dict) and unnamed else entry
        found = _described(file, named, shapes)
        if found.name in chained:
            refuse(file, "has several layers of one name")
        chained[found.name] = Described(found.name, found.kind, found.module, found.config, (before,))
        before = ((found.name, 0, 0),)
    return chained


def _order(file: str, layers: Mapping[str, Described]) -> tuple[tuple[str, int], ...]:
    reads = {
        (layer.name, number): {(name, call) for name, call, _ in refs}
        for layer in layers.values()
        for number, refs in enumerate(layer.calls)
    }
    for (reader, _), sources in reads.items():
        for name, call in sources:
            if (name, call) not in reads:
                refuse(file, f"layer {shown(reader)} reads call {call} of {shown(name)}, which there is not")
    try:
        return tuple(TopologicalSorter(reads).static_order())
    except CycleError as error:
        refuse(
            file,
            f"layers {', '.join(shown(name) for name, _ in error.args[1][:4])} read each other in a circle",
        )
