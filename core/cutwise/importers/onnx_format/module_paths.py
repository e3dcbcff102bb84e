"""Module paths and readable ids for ONNX nodes, from what exporters leave of them.

torch's exporter writes the modules around a node into its metadata, its older exporter and most
others into the node's name ("/layer1/layer1.0/conv1/Conv"). A module that holds nothing but ops of
one kind ("layer1/0/conv1") is that op, not a block.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

from cutwise.read_limits import NAME_CHARACTERS, ONNX_SCOPES_CHARACTERS

SCOPES_KEY = "pkg.torch.onnx.name_scopes"


@dataclass(frozen=True, slots=True)
class ModulePlace:
    """Where an op sits: the modules around it, its own name, its kind; the module its weight names."""

    modules: tuple[str, ...]
    own: str
    kind: str
    weight_module: tuple[str, ...] = ()


def place(node: NodeProto, output: str, kind: str, weight: str) -> ModulePlace:
    """Where `node` sits; `weight` is the name of a weight it reads, or empty."""
    name = printable(node.name or output)
    scopes = _name_scopes(node)
    if scopes:
        modules = tuple(part for part in scopes[-2].split(".") if part) if len(scopes) > 1 else ()
        return ModulePlace(modules, printable(scopes[-1]) or name, kind)
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1:
        return ModulePlace(_without_repeats(parts[:-1]), parts[-1], kind)
    module = tuple(part for part in printable(weight).split(".")[:-1] if part)
    return ModulePlace((), parts[0] if parts else name, kind, module)


def named(places: Sequence[ModulePlace], taken: Sequence[str]) -> list[tuple[str, str]]:
    """A unique id and a block path for every op, in order; ids in `taken` are not used again.

    Where no node says what module it is in, the names of the weights do.
    """
    if not any(where.modules for where in places):
        places = [replace(where, modules=where.weight_module) for where in places]
    kinds: dict[tuple[str, ...], set[str]] = defaultdict(set)
    parents: set[tuple[str, ...]] = set()
    for where in places:
        kinds[where.modules].add(where.kind)
        parents |= {where.modules[:length] for length in range(len(where.modules))}
    counts = Counter(where.modules for where in places)
    shared = _shared_prefix([where.modules for where in places])
    used, result = set(taken), []
    for where in places:
        leaf = bool(where.modules) and len(kinds[where.modules]) == 1 and where.modules not in parents
        block = where.modules[:-1] if leaf else where.modules
        parts = where.modules if leaf and counts[where.modules] == 1 else (*where.modules, where.own)
        result.append((_unique("/".join(parts), used), "/".join(block[shared:])))
    return result


def printable(name: str) -> str:
    """`name` without control characters, at most 200 characters long."""
    return re.sub(r"[\x00-\x1f\x7f]", "_", name)[:NAME_CHARACTERS]


def _name_scopes(node: NodeProto) -> list[str]:
    for entry in node.metadata_props:
        if entry.key == SCOPES_KEY and len(entry.value) <= ONNX_SCOPES_CHARACTERS:
            try:
                scopes = ast.literal_eval(entry.value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return []
            if isinstance(scopes, list) and all(isinstance(part, str) for part in scopes):
                return scopes
    return []


def _without_repeats(parts: Sequence[str]) -> tuple[str, ...]:
    """("layer1", "layer1.0", "conv1") as ("layer1", "0", "conv1")."""
    modules: list[str] = []
    before = ""
    for part in parts:
        fresh = part.removeprefix(before + ".") if before else part
        modules += [piece for piece in fresh.split(".") if piece]
        before = part
    return tuple(modules)


def _shared_prefix(paths: Sequence[tuple[str, ...]]) -> int:
    length = 0
    while paths and all(len(path) > length and path[length] == paths[0][length] for path in paths):
        length += 1
    return length


def _unique(name: str, used: set[str]) -> str:
    candidate, number = name, 1
    while candidate in used:
        number += 1
        candidate = f"{name}#{number}"
    used.add(candidate)
    return candidate
