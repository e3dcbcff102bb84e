"""Walks everything that can be reached from a value, and tries to change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise.registry import NamedTable

READ_ONLY = (FrozenDict, MappingProxyType, NamedTable)


def writable(value: Any, path: str = "", seen: set[int] | None = None) -> Iterator[str]:
    """Where in a value something can be written to: one line a place."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if any(attempt(value) for attempt in ATTEMPTS):
        yield f"{path}: {type(value).__name__}"
    for name, part in parts_of(value):
        yield from writable(part, f"{path}{name}", seen)


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value holds, by how it is reached: fields, what properties keep, items."""
    if is_dataclass(value) and not isinstance(value, type):
        yield from ((f".{f.name}", getattr(value, f.name)) for f in fields(value) if hasattr(value, f.name))
        yield from ((f".{name}", part) for name, part in getattr(value, "__dict__", {}).items())
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from ((f"[{key!r}].key", key), (f"[{key!r}]", part))
    elif isinstance(value, tuple | list | set | frozenset):
        yield from ((f"[{place}]", part) for place, part in enumerate(value))


def _array_can_be_written(value: Any) -> bool:
    if not isinstance(value, np.ndarray) or not value.size or not value.flags.writeable:
        return False
    try:
        value[...] = value.copy()
    except ValueError:
        return False
    return True


def _mapping_can_be_written(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    try:
        value["written by a test"] = None  # type: ignore[index]
    except TypeError:
        return not isinstance(value, READ_ONLY)
    return True


def _attribute_can_be_set(value: Any) -> bool:
    if not is_dataclass(value) or isinstance(value, type):
        return False
    return any(_is_set(value, f.name) for f in fields(value))


def _is_set(value: Any, name: str) -> bool:
    try:
        setattr(value, name, getattr(value, name, None))
    except FrozenInstanceError:
        return False
    return True


def _is_a_list_or_set(value: Any) -> bool:
    return isinstance(value, list | set | bytearray)


ATTEMPTS = (_array_can_be_written, _mapping_can_be_written, _attribute_can_be_set, _is_a_list_or_set)
