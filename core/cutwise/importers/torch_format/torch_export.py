"""Reads torch.export archives (.pt2), with weights or without, from the JSON inside; PyTorch not needed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.importers.importer import Importer
from cutwise.importers.onnx_format.module_paths import printable
from cutwise.importers.torch_format.archive import Archive, looks_like_torch_export, read_archive
from cutwise.importers.torch_format.graph import build_ops
from cutwise.importers.torch_format.nodes import only_item, tensor_name
from cutwise.importers.torch_format.program import TorchProgram, checked_graph_module, read_program
from cutwise.importers.torch_format.recurrent import RECURRENT
from cutwise.importers.torch_format.schema import Bounds, ExportDocument, GraphModule, Notes, StoredMeta
from cutwise.importers.torch_format.sizes import Sizes
from cutwise.read_limits import PRODUCER_CHARACTERS

BATCH = re.compile(r"(^|_)(batch|bs|b|n)(_?size)?$", re.IGNORECASE)
LENGTH = re.compile(r"seq|token|length|time|step|word", re.IGNORECASE)


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph in the archive at `path`; open dimensions get the sizes in `dims`, or those of the example.

    Raises `ModelImportError` when the archive is damaged or hostile, or of a newer schema.
    """
    return graph_of(read_archive(path), dims, file=path.name, name=path.stem)


def graph_of(archive: Archive, dims: Mapping[str, int], *, file: str, name: str) -> ModelGraph:
    """The graph of an archive's JSON; messages call it `file`."""
    module = checked_graph_module(archive.program, file)
    sizes = Sizes(file)
    open_dims = _open_dims(module, sizes, archive.notes)
    sizes.chosen.update(_chosen(dims, open_dims, archive.program, file))
    program = read_program(module, sizes, _ties(archive))
    ops = build_ops(program)
    bound = {symbol: sizes.chosen.get(symbol, sizes.examples.get(symbol, 1)) for symbol in open_dims}
    batch = _batch_symbol(open_dims)
    batch_size = bound[batch] if batch else _fixed_batch_size(program, ops)
    warnings = [*program.warnings, *_decomposed(program, archive.program)]
    if not batch:
        warnings += _batch_doubts(program, ops, batch_size)
    return ModelGraph(
        name=name,
        ops=ops,
        batch_size=max(1, batch_size),
        dims={open_dims[symbol][0]: size for symbol, size in bound.items() if symbol != batch},
        provenance={
            "format": "torch-export",
            "file": file,
            "producer": f"PyTorch {archive.program.get('torch_version', '')}".strip()[:PRODUCER_CHARACTERS],
        },
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _open_dims(module: GraphModule, sizes: Sizes, notes: Notes) -> dict[str, tuple[str, ...]]:
    """For each symbol an input axis stands for, what `dims` may call it: its name or "input:axis" first."""
    tensors, names = module["graph"]["tensor_values"], notes.get("dims", {})
    found: dict[str, list[str]] = defaultdict(list)
    for kind, entry in map(only_item, module["signature"]["input_specs"]):
        own = tensor_name(entry.get("arg"))
        for axis, size in enumerate(tensors[own]["sizes"] if kind == "user_input" and own else ()):
            if symbol := sizes.symbol(size):
                sizes.learn(size)
                place = f"{own}:{axis}"
                found[symbol] += [printable(str(names.get(place, place))), place]
    named = {symbol: sorted(keys, key=lambda key: ":" in key) for symbol, keys in found.items()}
    return {symbol: (*dict.fromkeys(keys), symbol) for symbol, keys in named.items()}


def _chosen(
    dims: Mapping[str, int], open_dims: Mapping[str, tuple[str, ...]], program: ExportDocument, file: str
) -> dict[str, int]:
    """Sizes by symbol; raises `ModelImportError` for what is not open, and for sizes the model excludes."""
    chosen: dict[str, int] = {}
    for name, size in dims.items():
        symbol = next((symbol for symbol, keys in open_dims.items() if name in keys), "")
        if not symbol:
            keys = ", ".join(keys[0] for keys in open_dims.values()) or "none"
            raise ModelImportError(
                f"{file}: dims names {name!r}, which is not open in this file; open are: {keys}"
            )
        bounds: Bounds = program.get("range_constraints", {}).get(symbol, {})
        low, high = bounds.get("min_val"), bounds.get("max_val")
        # A lower bound of 2 only says that the sizes 0 and 1 were not tried.
        if (isinstance(low, int) and low > 2 and size < low) or (isinstance(high, int) and size > high):
            raise ModelImportError(
                f"{file}: dims gives {name!r} the size {size}; the model takes {low} to {high}"
            )
        chosen[symbol] = size
    return chosen


def _batch_symbol(open_dims: Mapping[str, tuple[str, ...]]) -> str:
    """The symbol that counts samples: one with such a name, or one that stands at the first axis."""
    named = (symbol for symbol, keys in open_dims.items() if BATCH.match(keys[0]))
    first = (
        symbol for symbol, keys in open_dims.items() if any(key.endswith(":0") for key in keys)
        and not LENGTH.search(keys[0])
    )  # fmt: skip
    return next(named, "") or next(first, "")


def _fixed_batch_size(program: TorchProgram, ops: Sequence[Op]) -> int:
    """The size of the first axis, when all inputs with two or more axes and the first output agree on it."""
    sizes = {program.tensors[name].shape[:1] for name in program.outputs[:1]} | _first_axes(ops)
    size = sizes.pop() if len(sizes) == 1 and _first_axes(ops) else (1,)
    return max(1, *size) if size else 1


def _first_axes(ops: Sequence[Op]) -> set[tuple[int, ...]]:
    """Sizes of the first axes of all inputs with two or more axes, each as a tuple."""
    return {op.output.shape[:1] for op in ops if op.kind == "input" and len(op.output.shape) > 1}


def _batch_doubts(program: TorchProgram, ops: Sequence[Op], batch_size: int) -> Iterator[str]:
    """Signs that the first axis does not count samples, or counts them and was not taken to."""
    axes = _first_axes(ops)
    if batch_size == 1 and len(axes) == 1 and axes != {(1,)}:
        yield (
            f"the inputs' first axis has size {max(axes)[0]}, the first output's has not: the example is "
            "taken for one sample; export with one sample, or with Dim('batch') where the samples are"
        )
    for call in program.calls:
        source = next(iter(call.refs("input")), "")
        if call.op in RECURRENT and source and not dict(call.arguments).get("batch_first"):
            shape = program.tensors[source].shape
            if len(shape) > 2 and shape[0] == batch_size > 1:
                yield (
                    f"op {call.name!r} has time along its first axis, and {batch_size} steps are taken for "
                    "as many samples; use batch_first=True, or export with Dim('batch') at the second axis"
                )


def _decomposed(program: TorchProgram, document: ExportDocument) -> Iterator[str]:
    """Programs lowered to core operators write attention out, with copies that training does not make."""
    written_out = any(call.op == "_softmax" for call in program.calls)
    if written_out and "TRAINING" not in document.get("verifiers", ["TRAINING"]):
        yield (
            "the program is decomposed into core operators: attention is read as it is written out, with "
            "more memory than training takes; save the program before run_decompositions()"
        )


def _ties(archive: Archive) -> dict[str, str]:
    """The common name of weights that are one tensor: what our exporter notes, or one stored payload.

    Weights without data all name the same payload, which says nothing.
    """
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, entry in archive.weights.get("config", {}).items():
        meta: StoredMeta = entry.get("tensor_meta") or {}
        if meta.get("device", {}).get("type") != "meta":
            groups[entry["path_name"], str(meta.get("sizes")), str(meta.get("strides"))].append(name)
    tied = [*groups.values(), *archive.notes.get("ties", [])]
    return {name: str(names[0]) for names in tied if len(names) > 1 for name in names}


IMPORTER = Importer(
    name="torch-export",
    about=".pt2 of torch.export",
    suffixes=(".pt2",),
    sniff=looks_like_torch_export,
    read=read,
)
