"""Reads torch.export archives (.pt2), with weights or without, from the JSON inside; PyTorch not needed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cutwise.errors import ModelImportError, shown
from cutwise.graph.model_graph import FLOATING, ModelGraph
from cutwise.importers.importer import Importer
from cutwise.importers.onnx_format.module_paths import printable
from cutwise.importers.torch_format.archive import Archive, looks_like_torch_export, read_archive
from cutwise.importers.torch_format.axes.sample_axis import SampleAxis, batch_of
from cutwise.importers.torch_format.functions.guesses import guess_doubts, guessed_functions
from cutwise.importers.torch_format.functions.regions import CustomFunction, traced_functions
from cutwise.importers.torch_format.graph import build_ops
from cutwise.importers.torch_format.nodes import only_item, tensor_name
from cutwise.importers.torch_format.program import checked_graph_module, read_program
from cutwise.importers.torch_format.schema import ExportDocument, GraphModule, Notes, StoredMeta
from cutwise.importers.torch_format.scope import TorchProgram
from cutwise.importers.torch_format.sizes import Sizes
from cutwise.read_limits import PRODUCER_CHARACTERS

SHORT = frozenset({"bf16", "fp16"})
# What `dims` calls the number of times that a loop runs ends so.
TRIPS = ".trips"


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph in the archive at `path`; open dimensions get the sizes in `dims`, or those of the example.

    Raises `ModelImportError` when the archive is damaged or hostile, or of a newer schema.
    """
    return graph_of(read_archive(path), dims, file=path.name, name=path.stem)


def graph_of(archive: Archive, dims: Mapping[str, int], *, file: str, name: str) -> ModelGraph:
    """The graph of an archive's JSON; messages call it `file`."""
    module = checked_graph_module(archive.program, file)
    sizes = Sizes(file, bounds=archive.program.get("range_constraints", {}))
    open_dims = _open_dims(module, sizes, archive.notes)
    chosen = _chosen(dims, open_dims, sizes)
    samples = _samples(module, sizes, archive, open_dims, chosen) if 1 in chosen.values() else None
    sizes.chosen.update(chosen)
    program = read_program(module, sizes, _ties(archive))
    program.functions, unsure = _functions(archive, program)
    ops = build_ops(program)
    _refuse_unasked(dims, open_dims, sizes)
    bound = {symbol: sizes.chosen.get(symbol, sizes.examples.get(symbol, 1)) for symbol in open_dims}
    batch = samples or _batch(program, open_dims)
    return ModelGraph(
        name=name,
        ops=ops,
        batch_size=bound.get(batch.symbol, batch.size),
        dims={
            **{open_dims[symbol][0]: size for symbol, size in bound.items() if symbol != batch.symbol},
            **sizes.assumed,
        },
        uncounted={"parameters": program.uncounted} if program.uncounted else {},
        provenance={
            "format": "torch-export",
            "file": file,
            "producer": f"PyTorch {archive.program.get('torch_version', '')}".strip()[:PRODUCER_CHARACTERS],
            **_held_as(program),
        },
        warnings=tuple(
            dict.fromkeys(
                [
                    *program.warnings,
                    *unsure,
                    *_assumed(sizes),
                    *_decomposed(program, archive.program),
                    *batch.doubts,
                ]
            )
        ),
    )


def _held_as(program: TorchProgram) -> dict[str, str]:
    """The short number format of all parameters, where they have one, as a field that a workload has."""
    formats = {w.dtype for w in program.stored.values() if w.role != "buffer" and w.dtype in FLOATING}
    if len(formats) != 1 or not formats <= SHORT:
        return {}
    return {"workload": json.dumps({"weights_dtype": formats.pop()})}


def _functions(archive: Archive, program: TorchProgram) -> tuple[list[CustomFunction], tuple[str, ...]]:
    """The autograd functions that the archive notes, or stack traces name, or that are guessed."""
    noted = archive.notes.get("functions")
    if noted is not None:
        return [CustomFunction(n["name"], frozenset(n["calls"]), tuple(n["saves"])) for n in noted], ()
    if any(
        "stack_trace" in node.get("metadata", {})
        for node in archive.program["graph_module"]["graph"]["nodes"]
    ):
        return list(traced_functions(program.calls)), ()
    guessed = list(guessed_functions(program.calls))
    return guessed, tuple(guess_doubts(program.calls, guessed))


def _batch(program: TorchProgram, open_dims: Mapping[str, tuple[str, ...]]) -> SampleAxis:
    names = {symbol: keys[0] for symbol, keys in open_dims.items() if ":" not in keys[0]}
    outputs = {name: program.tensors[name].shape for name in program.outputs}
    return batch_of(program.trace, program.inputs, outputs, names)


def _samples(
    module: GraphModule,
    sizes: Sizes,
    archive: Archive,
    open_dims: Mapping[str, tuple[str, ...]],
    chosen: Mapping[str, int],
) -> SampleAxis:
    """The batch as the example shows it: an axis of size 1 cannot be followed."""
    others = {name: size for name, size in chosen.items() if name not in open_dims}
    example = read_program(module, replace(sizes, chosen=others), _ties(archive))
    build_ops(example)
    return _batch(example, open_dims)


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
    dims: Mapping[str, int], open_dims: Mapping[str, tuple[str, ...]], sizes: Sizes
) -> dict[str, int]:
    """Sizes by symbol; raises `ModelImportError` for what is not open, and for sizes the model excludes."""
    chosen: dict[str, int] = {}
    for name, size in dims.items():
        symbol = next((symbol for symbol, keys in open_dims.items() if name in keys), "")
        if not symbol and (name in sizes.bounds or name.endswith(TRIPS)):
            symbol = name
        if not symbol:
            raise _not_open(name, open_dims, sizes)
        bounds = sizes.bounds.get(symbol, {})
        low, high = bounds.get("min_val"), bounds.get("max_val")
        # A lower bound of 2 only says that the sizes 0 and 1 were not tried.
        if (isinstance(low, int) and low > 2 and size < low) or (isinstance(high, int) and size > high):
            raise ModelImportError(
                f"{sizes.file}: dims gives {shown(name)} the size {size}; the model takes {low} to {high}"
            )
        chosen[symbol] = size
    return chosen


def _refuse_unasked(dims: Mapping[str, int], open_dims: Mapping[str, tuple[str, ...]], sizes: Sizes) -> None:
    known = {key for keys in open_dims.values() for key in keys} | sizes.asked
    for name in dims:
        if name not in known:
            raise _not_open(name, open_dims, sizes)


def _not_open(name: str, open_dims: Mapping[str, tuple[str, ...]], sizes: Sizes) -> ModelImportError:
    keys = ", ".join([*(keys[0] for keys in open_dims.values()), *sorted(sizes.asked)]) or "none"
    return ModelImportError(
        f"{sizes.file}: dims names {shown(name)}, which is not open in this file; open are: {keys}"
    )


def _assumed(sizes: Sizes) -> Iterator[str]:
    for name, size in sizes.assumed.items():
        if name not in sizes.chosen:
            yield (
                f"data decide the size {name!r}: {size}, the most it can be, is assumed; "
                f"dims={{{name!r}: …}} gives another size"
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
