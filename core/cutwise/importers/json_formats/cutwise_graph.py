"""Reads `cutwise-graph/1`, the open hand-made format: ops inputs first, figures per sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NotRequired, TypedDict, TypeGuard, cast

from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import (
    FIGURE,
    is_figure,
    json_type,
    read_object,
    refuse,
    refuse_dims,
    shown,
)
from cutwise.plain import Json
from cutwise.read_limits import IN_PROCESS_BYTES, JSON_FILE_BYTES

FORMAT = "cutwise-graph/1"

BYTE_AND_FLOP_FIGURES = (
    "forward_flops",
    "backward_flops",
    "weight_bytes",
    "trainable_bytes",
    "exchanged_bytes",
    "saved_bytes",
    "output_bytes",
    "gradient_bytes",
)
MEASURED_FIGURES = ("device_forward_s", "device_backward_s", "server_forward_s", "server_backward_s")
FIGURES = (*BYTE_AND_FLOP_FIGURES, *MEASURED_FIGURES)

GRAPH_KEYS = ("format", "name", "ops")
OP_KEYS = ("id", "kind", "inputs", "block", *FIGURES)

# The file states bytes, not shapes; an empty shape derives to the 0 that a missing figure means.
UNSTATED = TensorSpec(shape=(0,))


class OpEntry(TypedDict):
    """One op, once nothing is wrong with it."""

    id: str
    kind: NotRequired[str]
    inputs: NotRequired[list[str]]
    block: NotRequired[str]


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph in the `cutwise-graph/1` file at `path`, which has no open dimensions.

    Figures are kept as the file states them, defaults not filled in. Raises one `ModelImportError`
    that names every mistake (up to ten) with its op and its remedy.
    """
    document = read_object(path)
    refuse_dims(path, dims)
    entries = document.get("ops")
    refuse(path, _document_mistakes(document), _op_mistakes(entries if isinstance(entries, list) else []))
    listed = cast("list[OpEntry]", entries)
    refuse(path, _order_mistakes(listed))
    return ModelGraph(
        name=str(document.get("name", path.stem)),
        ops=tuple(_op(entry) for entry in listed),
        provenance={"format": FORMAT, "file": path.name},
    )


def is_graph_json(head: bytes, path: Path) -> bool:
    """True for JSON that names our format, or that lists `ops` and forgot to."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{"):
        return False
    if b'"cutwise-graph/' in head or b'"ops"' in head:
        return True
    return path.stat().st_size <= JSON_FILE_BYTES and _mentions(path, b'"cutwise-graph/')


def _mentions(path: Path, needle: bytes) -> bool:
    overlap, carry = len(needle) - 1, b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if needle in carry + chunk:
                return True
            carry = chunk[-overlap:]
    return False


def _document_mistakes(document: Mapping[str, Json]) -> Iterator[str]:
    if "format" not in document:
        yield f'the key "format" is missing; add "format": "{FORMAT}"'
    elif document["format"] != FORMAT:
        yield f'"format" is {shown(document["format"])}; the format read here is "{FORMAT}"'
    yield from _unknown_keys("the file", document, GRAPH_KEYS)
    name = document.get("name", "model")
    if not isinstance(name, str) or not name.strip():
        yield f'"name" is {shown(name)}; give a text'
    ops = document.get("ops")
    if not isinstance(ops, list):
        yield (
            f'"ops" is {shown(ops)}; give a list of ops' if "ops" in document else 'the list "ops" is missing'
        )
    elif not ops:
        yield '"ops" is empty; list at least one op'


def _op_mistakes(entries: list[Json]) -> Iterator[str]:
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict):
            yield f"op number {position + 1} is a JSON {json_type(entry)}; give an object"
            continue
        where = f"op {entry['id']!r}" if _is_name(entry.get("id")) else f"op number {position + 1}"
        yield from _identity_mistakes(where, entry, seen)
        yield from _unknown_keys(where, entry, OP_KEYS)
        for figure in FIGURES:
            if figure in entry:
                yield from _figure_mistakes(where, figure, entry[figure])


def _identity_mistakes(where: str, entry: Mapping[str, Json], seen: set[str]) -> Iterator[str]:
    name, kind, inputs = entry.get("id"), entry.get("kind", "custom"), entry.get("inputs", [])
    if not _is_name(name):
        yield f'{where}: "id" is {shown(name)}; give each op a text of its own as id'
    elif name in seen:
        yield f"{where}: the id is used twice; ids must be unique"
    else:
        seen.add(str(name))
    if not _is_name(kind):
        yield f'{where}: "kind" is {shown(kind)}; give a text such as "custom" or "input"'
    if not isinstance(entry.get("block", ""), str):
        yield f'{where}: "block" is {shown(entry["block"])}; give a path such as "layer1/0"'
    if not isinstance(inputs, list) or not all(isinstance(item, str) for item in inputs):
        yield f'{where}: "inputs" is {shown(inputs)}; give a list of op ids'
    elif inputs and kind == "input":
        yield f"{where}: is an input and reads {inputs[0]!r}; an input reads nothing"


def _figure_mistakes(where: str, figure: str, value: Json) -> Iterator[str]:
    measured = figure in MEASURED_FIGURES
    wanted = f"{FIGURE}, or a pair [fixed, per sample] of them" if measured else FIGURE
    numbers = value if measured and isinstance(value, list) and len(value) == 2 else [value]
    if not all(is_figure(number) for number in numbers):
        yield f"{where}: {figure} is {shown(value)}; give {wanted}"


def _order_mistakes(entries: list[OpEntry]) -> Iterator[str]:
    position = {entry["id"]: number for number, entry in enumerate(entries)}
    misplaced = [
        (entry["id"], name)
        for number, entry in enumerate(entries)
        for name in entry.get("inputs", [])
        if position.get(name, len(entries)) >= number
    ]
    if not misplaced:
        return
    unknown = [(reader, name) for reader, name in misplaced if name not in position]
    for reader, name in unknown:
        yield f"op {reader!r} reads {name!r}, which is no op of this file; correct the id or add the op"
    if not unknown and (cycle := _cycle(entries)):
        yield f"ops {' → '.join(map(repr, cycle))} form a cycle; a model graph has none"
    elif not unknown:
        for reader, name in misplaced:
            yield f"op {reader!r} reads {name!r}, which is listed after it; list ops inputs first"


def _cycle(entries: list[OpEntry]) -> list[str]:
    try:
        TopologicalSorter({entry["id"]: entry.get("inputs", []) for entry in entries}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _unknown_keys(where: str, entry: Mapping[str, Json], known: tuple[str, ...]) -> Iterator[str]:
    for key in entry:
        if key not in known:
            yield f"{where}: unknown key {shown(key)}; known are {', '.join(known)}"


def _op(entry: OpEntry) -> Op:
    stated: Mapping[str, object] = entry
    return Op(
        id=entry["id"],
        kind=entry.get("kind", "custom"),
        inputs=tuple(entry.get("inputs", ())),
        output=UNSTATED,
        block=entry.get("block", ""),
        figures={name: _figure(stated[name]) for name in FIGURES if name in stated},
        source=entry["id"],
    )


def _figure(value: object) -> float | tuple[float, float]:
    if isinstance(value, list):
        return float(value[0]), float(value[1])
    assert isinstance(value, int | float)
    return float(value)


def _is_name(value: Json) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


IMPORTER = Importer(
    name="cutwise-graph",
    about="cutwise-graph JSON",
    suffixes=(".json",),
    sniff=is_graph_json,
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
)
