"""Safetensors files whose weights are a hole in the file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutwise.importers.hugging_face.safetensors_header import DTYPES

Tensors = Mapping[str, tuple[str, tuple[int, ...]]]


def listed(tensors: Tensors) -> dict[str, Any]:
    """A header as the format's own library writes it: one tensor right behind the other."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        start, end = end, end + math.prod(shape) * DTYPES[dtype][1] // 8
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    return entries


def write(path: Path, header: bytes, *, data_bytes: int = 0, length: int | None = None) -> Path:
    path.write_bytes((len(header) if length is None else length).to_bytes(8, "little") + header)
    os.truncate(path, path.stat().st_size + data_bytes)
    return path


def saved(path: Path, tensors: Tensors) -> Path:
    """A file that lists `tensors`, name → dtype and shape."""
    entries = listed(tensors)
    end = max(
        (entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"), default=0
    )
    return write(path, json.dumps(entries).encode(), data_bytes=end)
