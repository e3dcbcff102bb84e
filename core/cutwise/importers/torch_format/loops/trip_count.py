"""How often a while loop runs, where the program spells its counter out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from cutwise.frozen import FrozenDict
from cutwise.importers.torch_format.kinds import plain_name
from cutwise.importers.torch_format.nodes import (
    Number,
    Ref,
    Value,
    argument_value,
    made_by,
    operator_of,
    tensor_name,
)
from cutwise.importers.torch_format.schema import Graph
from cutwise.read_limits import LOOP_TRIPS

_MADE: Mapping[str, Callable[..., Number]] = FrozenDict({
    "zeros": lambda *given: 0, "ones": lambda *given: 1, "full": lambda size, value, *given: value,
    "scalar_tensor": lambda value, *given: value,
})  # fmt: skip
_OF_NUMBERS: Mapping[str, Callable[..., Number]] = FrozenDict({
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floor_divide": operator.floordiv,
    "neg": operator.neg, "rsub": lambda a, b: b - a, "remainder": operator.mod,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
    "ne": operator.ne, "logical_and": lambda a, b: bool(a) and bool(b),
    "logical_or": lambda a, b: bool(a) or bool(b), "logical_not": operator.not_,
    **dict.fromkeys(("clone", "alias", "detach", "to", "_to", "lift_fresh", "item"), lambda a, *given: a),
})  # fmt: skip
_PAIRS = frozenset({"add", "sub", "mul", "rsub"})


def number_of(op: str, values: Sequence[Value], numbers: Mapping[str, Number]) -> Number | None:
    """The single number that an operator makes of known `numbers`, or None where they do not tell.

    >>> number_of("add", [Ref("i"), 2], {"i": 3})
    5
    """
    name = plain_name(op)
    if name in _MADE:
        return _applied(_MADE[name], list(values)) if name == "scalar_tensor" or not values[0] else None
    if name not in _OF_NUMBERS or not values or not isinstance(values[0], Ref):
        return None
    known = [
        numbers.get(v.name) if isinstance(v, Ref) else v for v in values[: 2 if name in _PAIRS else None]
    ]
    return None if any(value is None for value in known) else _applied(_OF_NUMBERS[name], known)


def _applied(function: Callable[..., Number], values: Sequence[Value | Number]) -> Number | None:
    try:
        found = function(*values)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if isinstance(found, int | float) and abs(found) < LOOP_TRIPS**2 else None


def trips_of(condition: Graph, body: Graph, carried: Sequence[Number | None]) -> int | None:
    """How often `body` runs from the numbers `carried` while `condition` holds; None where data decide."""
    held = list(carried)
    for trips in range(LOOP_TRIPS):
        goes_on = _results(condition, held)[:1]
        if goes_on == [None] or not goes_on:
            return None
        if not goes_on[0]:
            return trips
        held = _results(body, held)[: len(held)]
    return None


def _results(graph: Graph, given: Sequence[Number | None]) -> list[Number | None]:
    names = map(tensor_name, graph["inputs"])
    numbers = {name: value for name, value in zip(names, given, strict=False) if value is not None}
    for node in graph["nodes"]:
        made = next(made_by(node), "")
        values = [argument_value(item["arg"], lambda name: name) for item in node["inputs"]]
        found = number_of(operator_of(node)[0], values, numbers)
        if made and found is not None:
            numbers[made] = found
    return [numbers.get(tensor_name(output)) for output in graph["outputs"]]
