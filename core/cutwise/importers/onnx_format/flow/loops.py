"""Loops written out turn by turn, so that each op of a turn is an op; long ones are walked once and counted.

What a loop carries may grow from turn to turn, and the number of a turn decides what is looked up, so a
turn is walked like any other part of the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format.flow.joining import fresh, joined, same, start_of, taken
from cutwise.importers.onnx_format.flow.scopes import BranchScope, Walk, body_of
from cutwise.importers.onnx_format.functions import all_nodes
from cutwise.importers.onnx_format.tensors import OnnxTrace, label
from cutwise.read_limits import GRAPH_NODES, LOOP_ENDLESS_TRIPS

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

# Of a loop whose turns only data say, as of pictures in a film.
ASSUMED_TURNS = 16
# So many times the nodes of a loop are walked to learn when its condition ends it.
WALKED = 8
# LoopWalk that a loop without a limit is expected to take when its nested loops are given room.
USUAL_TURNS = 64


@dataclass(slots=True)
class LoopWalk:
    """A loop while it is walked: what it carries into the next turn, and what each turn hands out."""

    node: NodeProto
    body: GraphProto
    scope: BranchScope
    carried: list[str]
    handed: list[list[str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Nodes of one turn, those in branches and bodies included."""
        return max(1, sum(1 for _ in all_nodes(self.body.node)))


def trips_key(node: NodeProto) -> str:
    """What `dims` calls the number of turns of a loop: its name, or the first tensor it makes."""
    return f"{node.name or next((name for name in node.output if name), '?')}:trips"


def loop(known: OnnxTrace, node: NodeProto, scope: BranchScope, walk: Walk) -> bool:
    """Walks the body of a `Loop` as often as it runs; its turns are asked for where only data say them."""
    body = body_of(node)
    if body is None or len(body.input) < 2 or len(body.output) < len(body.input) - 1:
        return False
    inputs = [scope.unique(name) if name else "" for name in node.input]
    turns = LoopWalk(node, body, scope, [start_of(known, name) for name in inputs[2:]])
    limit = _known(known, inputs[0]) if inputs[0] else LOOP_ENDLESS_TRIPS
    count = _assumed(known, node) if limit is None else limit
    if count < LOOP_ENDLESS_TRIPS and count * turns.size > known.room:
        _counted(known, turns, count, walk)
        return True
    start, before = len(known.steps), list(turns.carried)
    going = _known(known, inputs[1]) if len(inputs) > 1 and inputs[1] else 1
    number, decided = 0, going is not None
    while number < count and going != 0:
        if count >= LOOP_ENDLESS_TRIPS and (going is None or number * turns.size > WALKED * known.room):
            count, decided = max(_assumed(known, node), number), True
            continue
        with _inside(known, count if count < LOOP_ENDLESS_TRIPS else USUAL_TURNS):
            stop = _turn(known, turns, number, walk)
        going, number = _known(known, stop), number + 1
        decided = decided and (going is not None or count >= LOOP_ENDLESS_TRIPS)
    if not decided:
        known.notes.append(
            f"{label(node)} may end before its turn {number}, which only data say; all turns are priced"
        )
    if number * turns.size > known.room:
        del known.steps[start:]
        _counted(known, LoopWalk(node, body, scope, before), number, walk)
    else:
        _finish(known, turns)
    return True


def scan(known: OnnxTrace, node: NodeProto, scope: BranchScope, walk: Walk) -> bool:
    """Walks the body of a `Scan` once for each place along the scanned axes."""
    body = body_of(node)
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if body is None or known.opsets.get("", 1) < 9 or "num_scan_inputs" not in attributes:
        return False
    inputs = [scope.unique(name) for name in node.input]
    held = len(inputs) - attributes["num_scan_inputs"].i
    scanned = inputs[held:]

    def listed(name: str, count: int) -> list[int]:
        return list(attributes[name].ints) if name in attributes else [0] * count

    axes, backward = (listed(name, len(scanned)) for name in ("scan_input_axes", "scan_input_directions"))
    if held < 0 or any(known.tensors.spec(name) is None for name in scanned):
        return False
    length = _length(known, node, scanned, axes)
    turns = LoopWalk(node, body, scope, [start_of(known, name) for name in inputs[:held]])
    whole = length * turns.size <= known.room
    for number in range(length if whole else 1):
        with _inside(known, length, trips=1 if whole else length):
            elements = [fresh(known, f"{name}[{number}]") for name in scanned]
            for name, element, axis, back in zip(scanned, elements, axes, backward, strict=True):
                taken(known, name, element, axis=axis, place=length - 1 - number if back else number)
            _turn(known, turns, None, walk, elements)
    _finish(known, turns, listed("scan_output_axes", len(turns.handed)), times=1 if whole else length)
    return True


def _length(known: OnnxTrace, node: NodeProto, scanned: Sequence[str], axes: Sequence[int]) -> int:
    shapes = [known.tensors.known_spec(name).shape for name in scanned]
    if any(not -len(shape) <= axis < len(shape) for shape, axis in zip(shapes, axes, strict=True)):
        raise ModelImportError(
            f"{known.file}: {label(node)} scans axes its inputs do not have; export it again"
        )
    lengths = {shape[axis] for shape, axis in zip(shapes, axes, strict=True)}
    if len(lengths) != 1:
        raise ModelImportError(
            f"{known.file}: {label(node)} scans tensors of the lengths {sorted(lengths)}; "
            "export it with one length"
        )
    return lengths.pop()


def _turn(
    known: OnnxTrace, turns: LoopWalk, number: int | None, walk: Walk, elements: Sequence[str] = ()
) -> str:
    """Walks the body once and returns the name of what says whether there is another turn."""
    if len(known.steps) > GRAPH_NODES:
        raise ModelImportError(
            f"{known.file}: {label(turns.node)} is more than {GRAPH_NODES} ops when it is written out; "
            "export it with fewer turns"
        )
    inner = turns.scope.inner(known, turns.node)
    counters = turns.body.input[: len(turns.body.input) - len(turns.carried) - len(elements)]
    for place, value in enumerate(counters):
        rank = len(value.type.tensor_type.shape.dim)
        start = np.full((1,) * rank, number if place == 0 else 1, dtype=bool if place else np.int64)
        inner.alias(known, value.name, _constant(known, turns.node, start))
    for value, name in zip(turns.body.input[len(counters) :], [*turns.carried, *elements], strict=True):
        inner.alias(known, value.name, name)
    walk(known, turns.body, inner)
    made = [inner.unique(value.name) for value in turns.body.output]
    stop = made.pop(0) if counters else ""
    handed = made[len(turns.carried) :]
    turns.carried = made[: len(turns.carried)]
    turns.handed = turns.handed or [[] for _ in handed]
    for parts, name in zip(turns.handed, handed, strict=True):
        parts.append(name)
    return stop


def _counted(known: OnnxTrace, turns: LoopWalk, count: int, walk: Walk) -> None:
    """Walks one turn for all of `count`, whose tensors keep their sizes."""
    before = [known.tensors.spec(name) for name in turns.carried]
    with _inside(known, count, trips=count):
        _turn(known, turns, 0, walk)
    if [known.tensors.spec(name) for name in turns.carried] != before:
        raise ModelImportError(
            f"{known.file}: {label(turns.node)} runs {count} turns and what it carries grows with each; "
            "export it with fewer turns"
        )
    _finish(known, turns, times=count)


def _finish(known: OnnxTrace, turns: LoopWalk, axes: Sequence[int] = (), *, times: int = 1) -> None:
    outputs = list(turns.node.output)
    for name, last in zip(outputs, turns.carried, strict=False):
        if times > 1 and name and known.tensors.spec(last) is not None:
            # What is left after the last turn is no tensor of each turn.
            same(known, last, turns.scope.define(known, name))
        else:
            turns.scope.alias(known, name, last)
    for slot, name in enumerate(outputs[len(turns.carried) :]):
        unique = turns.scope.define(known, name) if name else ""
        parts = turns.handed[slot] if slot < len(turns.handed) else []
        if unique and parts:
            axis = axes[slot] if slot < len(axes) else 0
            joined(known, parts, unique, axis=axis, new_axis=True, times=times)


@contextmanager
def _inside(known: OnnxTrace, count: int, *, trips: int = 1) -> Iterator[None]:
    """What stands in a turn is marked so, and loops in it share the room that this one has."""
    outer = known.loops, known.trips, known.room
    known.loops, known.trips, known.room = (
        known.loops + 1,
        known.trips * trips,
        known.room / max(1, count // trips),
    )
    try:
        yield
    finally:
        known.loops, known.trips, known.room = outer


def _known(known: OnnxTrace, name: str) -> int | None:
    value = known.tensors.values.get(name)
    return int(value.flat[0]) if value is not None and value.size == 1 else None


def _assumed(known: OnnxTrace, node: NodeProto) -> int:
    key = trips_key(node)
    count = known.turns.get(key)
    if count is None:
        known.notes.append(
            f"how often {label(node)} runs is known only when it runs; {ASSUMED_TURNS} turns are assumed, "
            f"dims={{{key!r}: …}} gives another number"
        )
    known.chosen[key] = ASSUMED_TURNS if count is None else count
    return known.chosen[key]


def _constant(known: OnnxTrace, node: NodeProto, value: np.ndarray) -> str:
    name = fresh(known, f"{node.output[0]}:turn")
    known.tensors.roots[name] = ()
    known.tensors.set_value(name, value)
    return name
