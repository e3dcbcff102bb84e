"""Which names a graph, a branch or a loop body sees, and how it is walked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format.tensors import OnnxTrace, label
from cutwise.read_limits import GRAPH_DEPTH

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


@dataclass(slots=True)
class BranchScope:
    """The names visible in one graph: a branch sees those around it and may reuse those beside it.

    `path` says which branches and bodies lead there, and is the same in each turn of a loop.
    """

    names: dict[str, str] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    path: tuple[str, ...] = ()

    def define(self, known: OnnxTrace, name: str) -> str:
        """A unique name for a tensor this graph makes; raises `ModelImportError` for a second maker."""
        self._claim(known, name)
        unique = name if name not in known.taken else f"{name}#{len(known.taken)}"
        known.taken.add(unique)
        self.names[name] = unique
        if known.loops:
            known.once.setdefault((self.path, name), unique)
        return unique

    def alias(self, known: OnnxTrace, name: str, same: str) -> None:
        """Lets `name` stand for what is known as `same`; raises `ModelImportError` for a second maker."""
        if name:
            self._claim(known, name)
            self.names[name] = same

    def inner(self, known: OnnxTrace, node: NodeProto, part: str = "body") -> BranchScope:
        """The scope of a branch or a body of `node`; raises `ModelImportError` where it lies too deep."""
        if len(self.path) >= GRAPH_DEPTH:
            raise ModelImportError(
                f"{known.file}: {label(node)} nests branches more than {GRAPH_DEPTH} levels deep"
            )
        made = next((name for name in node.output if name), "")
        return BranchScope(dict(self.names), set(), (*self.path, f"{made}:{part}"))

    def unique(self, name: str) -> str:
        """What `name` is known as."""
        return self.names.get(name, name)

    def _claim(self, known: OnnxTrace, name: str) -> None:
        if name in self.defined:
            raise ModelImportError(f"{known.file}: tensor {name!r} is made twice; export the model again")
        self.defined.add(name)


Walk: TypeAlias = Callable[[OnnxTrace, "GraphProto", BranchScope], None]
"""Walks a graph in a scope, so that branches and bodies can be walked from where they stand."""


def body_of(node: NodeProto, name: str = "body") -> GraphProto | None:
    """The graph under attribute `name` of `node`."""
    return next((attribute.g for attribute in node.attribute if attribute.name == name), None)
