"""Tensors and operators of a TensorFlow Lite file, by the fields of its schema (version 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.importers.tflite_format.flatbuffer import FlatbufferError, FlatTable
from cutwise.importers.tflite_format.operators import NAMES
from cutwise.read_limits import GRAPH_NODES, MODEL_LINKS, NAME_CHARACTERS, TENSOR_ELEMENTS, TFLITE_AXES

# Kind of a number in the schema: our name for it.
DTYPES: Mapping[int, str] = FrozenDict({
    0: "fp32", 1: "fp16", 2: "int32", 3: "uint8", 4: "int64", 5: "string", 6: "bool", 7: "int16", 8: "fp64",
    9: "int8", 10: "fp64", 12: "uint64", 15: "uint32", 16: "uint16", 17: "int4", 18: "bf16",
})  # fmt: skip
CUSTOM, HIGHEST_OLD_CODE = 32, 127


@dataclass(frozen=True, slots=True)
class TfliteTensor:
    """A tensor; `is_stored` where the file holds its numbers, `is_open` where sizes may change."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_stored: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class TfliteOp:
    """An operator: its name, tensors by number (-1 for none), and its options."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: FlatTable | None


@dataclass(frozen=True, slots=True)
class TfliteGraph:
    """The main graph of a file."""

    tensors: tuple[TfliteTensor, ...]
    ops: tuple[TfliteOp, ...]
    inputs: tuple[int, ...]
    others: int


def main_graph(model: FlatTable) -> TfliteGraph:
    """The first graph of `model`, and how many others there are; raises `FlatbufferError` without one."""
    graphs = list(model.tables(2))
    if not graphs:
        raise FlatbufferError("no graph")
    full = [_holds(buffer) for buffer in model.tables(4)]
    codes = [_name(code) for code in model.tables(1)]
    tensors = tuple(_tensor(table, full) for table in graphs[0].tables(0))
    ops = tuple(_ops(graphs[0], codes, len(tensors)))
    if not ops:
        raise FlatbufferError("no operators")
    inputs = _checked(graphs[0].numbers(1, "i"), len(tensors))
    return TfliteGraph(tensors, ops, inputs, len(graphs) - 1)


def _holds(buffer: FlatTable) -> bool:
    """Whether numbers lie in it, or, in files above 2 GB, behind the table."""
    return buffer.length(0) > 0 or buffer.number(1, "Q") > 1


def _name(code: FlatTable) -> str:
    number = max(code.number(3, "i"), code.number(0, "b"))
    if number == CUSTOM:
        return f"custom:{_printable(code.text(1))}"
    return NAMES.get(number, f"operator {number}")


def _tensor(table: FlatTable, full: list[bool]) -> TfliteTensor:
    shape, signature = (table.numbers(field, "i", TFLITE_AXES) for field in (0, 7))
    buffer, kind = table.number(2, "I"), table.number(1, "b")
    elements = 1
    for size in shape:
        elements *= size
        if size < 0 or elements > TENSOR_ELEMENTS:
            raise FlatbufferError(f"a tensor of sizes {list(shape)[:8]}")
    if kind not in DTYPES:
        raise FlatbufferError(f"a tensor of kind {kind}")
    stored = 0 < buffer < len(full) and full[buffer]
    return TfliteTensor(_printable(table.text(3)), shape, DTYPES[kind], stored, -1 in signature[1:])


def _ops(graph: FlatTable, codes: list[str], tensors: int) -> Iterator[TfliteOp]:
    """The operators, as many as a model may have; lists of tensors may be shared, so that all are counted."""
    count = links = 0
    for table in graph.tables(3):
        found = _op(table, codes, tensors)
        count, links = count + 1, links + len(found.inputs) + len(found.outputs)
        if count > GRAPH_NODES or links > MODEL_LINKS:
            raise FlatbufferError(f"more than {GRAPH_NODES:,} operators or {MODEL_LINKS:,} tensors they read")
        yield found


def _op(table: FlatTable, codes: list[str], tensors: int) -> TfliteOp:
    code = table.number(0, "I")
    if code >= len(codes):
        raise FlatbufferError(f"an operator of kind {code}, of which there are {len(codes)}")
    return TfliteOp(
        codes[code],
        _checked(table.numbers(1, "i"), tensors),
        _checked(table.numbers(2, "i"), tensors),
        table.table(4),
    )


def _checked(places: tuple[int, ...], count: int) -> tuple[int, ...]:
    if any(not -1 <= place < count for place in places):
        raise FlatbufferError(f"a tensor that is none of its {count}")
    return places


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:NAME_CHARACTERS]
