"""From a PyTorch module of your own to a ModelGraph, or to a small file without weights; needs PyTorch.

The module is exported (torch.export, nothing is trained or run on data; a module on the meta device has no
weights at all) and read back by the same reader as files.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cutwise.disk.scratch_folders import scratch_folder
from cutwise.disk.written_files import write_file
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import checked_dims
from cutwise.importers.torch_format.archive import Archive, read_archive
from cutwise.importers.torch_format.forms.plain_forms import plain_results, register_dataclasses, unwrapped
from cutwise.importers.torch_format.forms.written_archive import without_traces, zipped
from cutwise.importers.torch_format.functions.recording import recorded_functions
from cutwise.importers.torch_format.nodes import only_item, tensor_name
from cutwise.importers.torch_format.schema import (
    Argument,
    ExportDocument,
    FunctionNote,
    Notes,
    Spec,
)
from cutwise.importers.torch_format.torch_export import graph_of

if TYPE_CHECKING:
    import torch

DynamicShapes: TypeAlias = dict[str, Any] | tuple[Any, ...] | list[Any] | None
"""What `torch.export` takes: for each input, which of its dimensions are open."""

INSTALL = "install it with pip install 'cutwise[torch]'"
NOTES_FORMAT = "cutwise-export/1"

NO_INPUT: Spec = {}
NO_ARGUMENT: Argument = {}


def from_torch(
    module: torch.nn.Module,
    example_inputs: object,
    *,
    name: str | None = None,
    dynamic_shapes: DynamicShapes = None,
    dims: Mapping[str, int] | None = None,
) -> ModelGraph:
    """The graph of `module` as it runs on `example_inputs`: a tensor, a tuple, or a mapping of keywords.

    The module is taken in the mode it is in (`train()` or `eval()`), on whatever device; on the meta
    device it needs no memory. `dynamic_shapes` leaves dimensions open as torch.export does, `dims` gives
    these sizes by name. Samples lie along the axis that goes through the module unmixed, the first if it
    does, or along an open dimension that is called "batch". Parameters without `requires_grad` are not
    trained. Raises `ModelImportError` when PyTorch is missing or cannot export the module.

    >>> import torch
    >>> with torch.device("meta"):
    ...     net, image = torch.nn.Conv2d(3, 8, 3), torch.empty(1, 3, 32, 32)
    >>> graph = from_torch(net, image)
    >>> [op.kind for op in graph.ops], graph.parameters
    (['input', 'conv2d'], 224)
    """
    label = name or type(module).__name__
    archive = _exported(module, example_inputs, dynamic_shapes, label)
    return graph_of(archive, checked_dims(dims), file=label, name=label)


def export(
    module: torch.nn.Module,
    example_inputs: object,
    path: str | os.PathLike[str],
    *,
    dynamic_shapes: DynamicShapes = None,
    dims: Mapping[str, int] | None = None,
) -> ModelGraph:
    """Writes the graph of `module` without its weights to `path`, a ".pt2" file, and returns it as read back.

    The file is a zip of the exported program as JSON, without stack traces, and of notes that name tied
    weights and open dimensions: some 10 to 200 KB, the same bytes for the same model. Arguments and
    errors are those of `from_torch`.
    """
    target = Path(path)
    if target.suffix != ".pt2":
        raise ModelImportError(f"{target}: is not called .pt2; give a file name that ends in .pt2")
    archive = _exported(module, example_inputs, dynamic_shapes, target.stem)
    graph = graph_of(archive, checked_dims(dims), file=target.name, name=target.stem)
    write_file(target, zipped(archive, target.stem), fault=ModelImportError)
    return graph


def _exported(
    module: torch.nn.Module, example_inputs: object, dynamic_shapes: DynamicShapes, label: str
) -> Archive:
    try:
        import torch
    except ImportError:
        raise ModelImportError(f"PyTorch is not installed; {INSTALL}") from None
    if not isinstance(module, torch.nn.Module):
        raise ModelImportError(
            f"{label}: is a {type(module).__name__}, not a torch.nn.Module; give the model itself"
        )
    module = unwrapped(module, label)
    arguments, keywords = _arguments(example_inputs, label)
    register_dataclasses((arguments, keywords))
    try:
        with warnings.catch_warnings(), _no_logs(), plain_results(module):
            warnings.simplefilter("ignore")
            with recorded_functions() as functions:
                program = torch.export.export(
                    module, arguments, keywords, dynamic_shapes=dynamic_shapes, strict=False
                )
            document = _document(program)
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelImportError(
            f"{label}: torch.export cannot export it ({type(error).__name__}: {reason}); "
            "try it with torch.export.export(module, example_inputs, strict=False)"
        ) from error
    notes: Notes = {
        "format": NOTES_FORMAT,
        "ties": _ties(module),
        "dims": _names_of_dims(document, dynamic_shapes),
        "functions": _named_functions(document, functions),
    }
    return Archive(without_traces(document), {}, notes)


@contextlib.contextmanager
def _no_logs() -> Iterator[None]:
    """torch logs tracebacks and prints graphs of what it then raises; the one sentence says it."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(level)


def _arguments(example_inputs: object, label: str) -> tuple[tuple[object, ...], dict[str, object]]:
    import torch

    seen: set[int] = set()

    def distinct(tensor: torch.Tensor) -> torch.Tensor:
        # One tensor given twice would be traced as one input.
        twice = id(tensor) in seen
        seen.add(id(tensor))
        return tensor.clone() if twice else tensor

    given: object = torch.utils._pytree.tree_map_only(torch.Tensor, distinct, example_inputs)
    if isinstance(given, torch.Tensor):
        return (given,), {}
    if isinstance(given, Mapping):
        return (), dict(given)
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(given), {}
    raise ModelImportError(
        f"{label}: example inputs are a {type(example_inputs).__name__}; "
        "give a tensor, a tuple of arguments or a mapping of keyword arguments"
    )


def _document(program: torch.export.ExportedProgram) -> ExportDocument:
    """The exported program as JSON, without weights; by way of a whole archive where PyTorch changed."""
    try:
        from torch._export.serde.serialize import serialize

        artifact = serialize(
            program, serialize_state_dict=False, serialize_constants=False, serialize_example_inputs=False
        )
        text = artifact.exported_program
    except (ImportError, TypeError, AttributeError):
        import torch

        with scratch_folder("export") as folder:
            path = folder / "model.pt2"
            torch.export.save(program, path)
            return read_archive(path).program
    document: ExportDocument = json.loads(text)
    return document


def _ties(module: torch.nn.Module) -> list[list[str]]:
    """Names of parameters and buffers that are one and the same tensor, in groups of two or more."""
    names: dict[int, list[str]] = defaultdict(list)
    for every in (module.named_parameters, module.named_buffers):
        for name, tensor in every(remove_duplicate=False):
            names[id(tensor)].append(name)
    return [group for group in names.values() if len(group) > 1]


def _named_functions(document: ExportDocument, functions: Sequence[FunctionNote]) -> list[FunctionNote]:
    """`functions` with the inputs of the program, which they name by their place, by their own names."""
    specs = document["graph_module"]["signature"]["input_specs"]
    inputs = [tensor_name(entry.get("arg")) for _, entry in map(only_item, specs)]
    places = {f"#{place}": name for place, name in enumerate(inputs)}
    return [{**f, "saves": [places.get(name, name) for name in f["saves"]]} for f in functions]


def _names_of_dims(document: ExportDocument, dynamic_shapes: DynamicShapes) -> dict[str, str]:
    """Names the user gave to open dimensions, by "input:axis"."""
    leaves = list(_shape_leaves(dynamic_shapes))
    specs = document["graph_module"]["signature"]["input_specs"]
    inputs = [
        argument["as_tensor"]["name"]
        for spec in specs
        if "as_tensor" in (argument := spec.get("user_input", NO_INPUT).get("arg", NO_ARGUMENT))
    ]
    if len(leaves) != len(inputs):
        return {}
    return {
        f"{name}:{axis}": own
        for name, leaf in zip(inputs, leaves, strict=True)
        for axis, dim in leaf.items()
        if isinstance(own := getattr(dim, "__name__", None), str)
    }


def _shape_leaves(shapes: object) -> Iterator[Mapping[int, object]]:
    """What each input tensor leaves open, by axis, in the order of the inputs."""
    if shapes is None:
        yield {}
    elif isinstance(shapes, Mapping) and all(isinstance(axis, int) for axis in shapes):
        yield shapes
    elif isinstance(shapes, Mapping):
        for value in shapes.values():
            yield from _shape_leaves(value)
    elif isinstance(shapes, Sequence) and any(isinstance(i, Mapping | Sequence) or i is None for i in shapes):
        for value in shapes:
            yield from _shape_leaves(value)
    elif isinstance(shapes, Iterable):
        yield dict(enumerate(shapes))
