"""The module behind wrappers, dataclasses among its inputs, and results without what no export knows."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cutwise.errors import ModelImportError

if TYPE_CHECKING:
    import torch


def unwrapped(module: torch.nn.Module, label: str) -> torch.nn.Module:
    """The module inside what runs it in parallel or compiles it; refuses scripted ones."""
    import torch

    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while isinstance(module, parallel) or isinstance(getattr(module, "_orig_mod", None), torch.nn.Module):
        inner: Any = module.module if isinstance(module, parallel) else module._orig_mod
        module = inner
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelImportError(
            f"{label}: is a scripted module; give the module that it was made from, before torch.jit"
        )
    return module


def register_dataclasses(example: object) -> None:
    """Lets torch.export take the dataclasses among `example` inputs apart."""
    import torch

    if dataclasses.is_dataclass(example) and not isinstance(example, type | Mapping):
        with contextlib.suppress(ValueError, AttributeError):
            kind = type(example)
            name = f"{kind.__module__}.{kind.__qualname__}"
            torch.export.register_dataclass(kind, serialized_type_name=name)
        for field in dataclasses.fields(example):
            register_dataclasses(getattr(example, field.name, None))
    elif isinstance(example, Mapping):
        for value in example.values():
            register_dataclasses(value)
    elif isinstance(example, list | tuple):
        for value in example:
            register_dataclasses(value)


@contextlib.contextmanager
def plain_results(module: torch.nn.Module) -> Iterator[None]:
    """`module` hands out tensors in lists and dictionaries alone: caches and the like are left out."""
    forward, own = module.forward, module.__dict__.get("forward")

    @functools.wraps(forward)
    def plain_forward(*args: Any, **kwargs: Any) -> Any:
        return _plain(forward(*args, **kwargs))

    module.forward = plain_forward
    try:
        yield
    finally:
        if own is None:
            del module.forward
        else:
            module.forward = own


def _plain(result: Any) -> Any:
    import torch

    if isinstance(result, torch.Tensor | int | float | bool | str):
        return result
    if isinstance(result, Mapping):
        return {str(name): _plain(value) for name, value in result.items()}
    if isinstance(result, list | tuple):
        return tuple(map(_plain, result))
    if dataclasses.is_dataclass(result):
        return {field.name: _plain(getattr(result, field.name)) for field in dataclasses.fields(result)}
    return None
