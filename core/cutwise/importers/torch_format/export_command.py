"""Writes the graph of a model that is defined in your own Python file: "my_model.py:build" → "model.pt2".

This runs that file, on the machine it is started on, like any other program of yours.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.refused import EXPORT_COMMAND
from cutwise.importers.torch_format.from_torch import export

WANTED = "return the module and its example inputs: return model, (example,)"


def export_from_source(
    source: str, out: str | os.PathLike[str], *, dims: Mapping[str, int] | None = None
) -> ModelGraph:
    """The graph of the model that the function in `source` ("my_model.py:build") makes, written to `out`.

    The function takes no arguments and returns the module and its example inputs, and as a third value,
    if it likes, what torch.export calls dynamic shapes; `dims` are sizes that its data decide. Raises
    `ModelImportError` with one sentence for everything that goes wrong, mistakes in that file included.
    """
    path, function = _parts(source)
    build = _function(path, function)
    with _beside(path):
        made = _run(path, f"{function}()", build)
    if not isinstance(made, tuple) or len(made) not in (2, 3):
        kind = f"a tuple of {len(made)}" if isinstance(made, tuple) else f"a {type(made).__name__}"
        raise ModelImportError(f"{path.name}: {function}() returns {kind}; {WANTED}")
    module, example_inputs, dynamic_shapes = (*made, None)[:3]
    with _beside(path):
        return export(module, example_inputs, out, dynamic_shapes=dynamic_shapes, dims=dims)


def _parts(source: str) -> tuple[Path, str]:
    file, colon, function = source.rpartition(":")
    if not colon or not function.isidentifier():
        raise ModelImportError(
            f"{source!r} names no function of a file; write file and function with a colon between: "
            f"{EXPORT_COMMAND}"
        )
    path = Path(file)
    if path.suffix != ".py":
        raise ModelImportError(
            f"{path}: is no Python file; give the file that defines the model: {EXPORT_COMMAND}"
        )
    if not os.path.isfile(path):
        raise ModelImportError(f"{path}: no such file; check the path")
    return path.resolve(), function


def _function(path: Path, name: str) -> Callable[[], Any]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ModelImportError(f"{path}: cannot be loaded as a Python file; check it with python {path.name}")
    module = importlib.util.module_from_spec(spec)
    loader = spec.loader
    with _beside(path, module):
        _run(path, "the file", lambda: loader.exec_module(module))
    found = getattr(module, name, None)
    if not callable(found):
        functions = [n for n, value in vars(module).items() if callable(value) and not n.startswith("_")]
        there = f"it has {', '.join(functions[:5])}" if functions else "it defines none"
        raise ModelImportError(f"{path.name}: has no function {name!r}; {there}")
    return found


def _run(path: Path, what: str, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except ModuleNotFoundError as error:
        raise ModelImportError(
            f"{path.name}: needs the package {error.name!r}, which is not installed here; install it first"
        ) from error
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelImportError(
            f"{path.name}{_line(path, error)}: {what} fails with {type(error).__name__}: {reason}; "
            f"correct it, or try it with python {path.name}"
        ) from error


def _line(path: Path, error: BaseException) -> str:
    """Where in the file it went wrong: ", line 12"."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""


@contextmanager
def _beside(path: Path, module: ModuleType | None = None) -> Iterator[None]:
    """Lets the file import what lies beside it, and lets its classes find their own module."""
    sys.path.insert(0, str(path.parent))
    if module is not None:
        sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.path.remove(str(path.parent))
