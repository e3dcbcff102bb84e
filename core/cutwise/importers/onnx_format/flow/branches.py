"""Branches: the one a known condition takes, or the dearer of the two where only data decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import FLOATING
from cutwise.importers.onnx_format.flow.branch_work import multiply_adds, work_behind
from cutwise.importers.onnx_format.flow.joining import chosen
from cutwise.importers.onnx_format.flow.scopes import BranchScope, Walk, body_of
from cutwise.importers.onnx_format.tensors import (
    BranchMisfitError,
    OnnxStep,
    OnnxTrace,
    SizeMisfitError,
    label,
)

if TYPE_CHECKING:
    from onnx import NodeProto

BRANCHES = ("then_branch", "else_branch")


@dataclass(frozen=True, slots=True)
class Tried:
    """A branch as it was walked: its steps and results, what it stores, and its multiply-adds."""

    name: str
    steps: Sequence[OnnxStep]
    results: Sequence[str]
    stored: frozenset[str]
    macs: int
    parameters: int


def branch(known: OnnxTrace, node: NodeProto, scope: BranchScope, walk: Walk) -> bool:
    """Puts the branch of an `If` in its place: the one that is taken, or the dearer one, which is said."""
    name = scope.unique(node.input[0]) if node.input else ""
    condition = known.tensors.values.get(name)
    if condition is not None and condition.size == 1:
        taken = _walked(known, node, BRANCHES[0 if bool(condition.flat[0]) else 1], scope, walk)
        known.steps += taken.steps
    else:
        taken = _dearer(known, node, scope, walk)
    open_choice = condition is None and work_behind(known, name) > 0
    for made, result in zip(node.output, taken.results, strict=False):
        if open_choice and made and known.tensors.spec(result) is not None:
            chosen(known, result, name, scope.define(known, made))
        else:
            scope.alias(known, made, result)
    return True


def _walked(known: OnnxTrace, node: NodeProto, name: str, scope: BranchScope, walk: Walk) -> Tried:
    graph = body_of(node, name)
    if graph is None:
        raise ModelImportError(f"{known.file}: {label(node)} has no {name}; export the model again")
    start, before = len(known.steps), set(known.tensors.stored)
    inner = scope.inner(known, node, name)
    try:
        walk(known, graph, inner)
        steps = known.steps[start:]
    finally:
        del known.steps[start:]
    results = tuple(inner.unique(result.name) for result in graph.output)
    stored = frozenset(known.tensors.stored.keys() - before)
    return Tried(name, steps, results, stored, 0, 0)


def _dearer(known: OnnxTrace, node: NodeProto, scope: BranchScope, walk: Walk) -> Tried:
    tried, refusals = [], []
    for name in BRANCHES:
        try:
            tried.append(_weighed(known, _walked(known, node, name, scope, walk)))
        except ModelImportError as error:
            refusals.append(error)
    if not tried:
        raise refusals[0]
    if refusals and known.strict and isinstance(refusals[0], SizeMisfitError):
        raise BranchMisfitError(str(refusals[0]))
    tried.sort(key=lambda one: (one.macs, one.parameters, len(one.steps)), reverse=True)
    for other in tried[1:]:
        for name in () if known.loops else other.stored:
            known.tensors.stored.pop(name)
    known.steps += tried[0].steps
    known.notes.append(f"{label(node)} takes a branch that only data decide: {_said(tried)}")
    return tried[0]


def _weighed(known: OnnxTrace, one: Tried) -> Tried:
    specs = [known.tensors.stored[name] for name in one.stored]
    parameters = sum(spec.elements for spec in specs if spec.dtype in FLOATING and spec.elements > 1)
    macs = multiply_adds(known, one.steps)
    return Tried(one.name, one.steps, one.results, one.stored, macs, parameters)


def _said(tried: Sequence[Tried]) -> str:
    first = tried[0]
    if len(tried) == 1:
        return f"the {first.name} is priced, as the other does not fit these sizes and is left out"
    other = tried[1]
    return (
        f"the {first.name} is priced ({first.macs:,} multiply-adds, {first.parameters:,} parameters of its "
        f"own), the {other.name} is left out ({other.macs:,} multiply-adds, {other.parameters:,} parameters)"
    )
