"""The names of a model's graph as people can read them, whatever its file calls things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cutwise.fields.readable_names import readable_name, readable_names, readable_text


def readable_parts(graph: Any) -> dict[str, Any]:
    """The fields of a graph that is being made whose names or sentences would not be readable, made so.

    Ops, weights and blocks that differ go on differing, and who reads whom stays; texts among `attrs` are
    no names.
    """
    parts: dict[str, Any] = {"name": readable_name(graph.name)}
    if renamed := readable_names(_names(graph)):
        parts["ops"] = tuple(_renamed(op, renamed) for op in graph.ops)
        parts["dims"] = {renamed.get(name, name): size for name, size in graph.dims.items()}
    parts["warnings"] = tuple(readable_text(warning) for warning in graph.warnings)
    parts["provenance"] = {name: readable_text(said, longest=None) for name, said in graph.provenance.items()}
    return {name: part for name, part in parts.items() if part != getattr(graph, name)}


def _names(graph: Any) -> set[str]:
    """Every name once; what an op reads is another one's name."""
    names = set(graph.dims)
    for op in graph.ops:
        names.update((op.id, op.kind, op.block, op.source))
        for weight in op.weights:
            names.add(weight.id)
    return names


def _renamed(op: Any, renamed: Mapping[str, str]) -> Any:
    names = {
        name: renamed.get(given := getattr(op, name), given) for name in ("id", "kind", "block", "source")
    }
    inputs = tuple(renamed.get(name, name) for name in op.inputs)
    weights = tuple(replace(weight, id=renamed.get(weight.id, weight.id)) for weight in op.weights)
    return replace(op, **names, inputs=inputs, weights=weights)
