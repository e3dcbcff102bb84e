"""Sizes that a file names by a sum or product of other names: "past_sequence_length + sequence_length"."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.read_limits import AXIS_SIZE, EXPRESSION_CHARACTERS

Operator = Callable[[int, int], int]
OPERATORS: Mapping[type[ast.operator], Operator] = FrozenDict(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.FloorDiv: operator.floordiv,
        ast.Div: operator.floordiv,
        ast.Mod: operator.mod,
    }
)
# Where a file has both parts, this name is theirs together.
TOTALS: Mapping[str, tuple[str, str]] = FrozenDict(
    {
        "total_sequence_length": ("past_sequence_length", "sequence_length"),
        "past_and_current_length": ("past_sequence_length", "sequence_length"),
        "past_decoder_sequence_length + 1": ("past_decoder_sequence_length", "1"),
    }
)


def parts_of(name: str) -> frozenset[str]:
    """The names that `name` is made of, itself where it is no sum or product.

    >>> sorted(parts_of("past_sequence_length + 1"))
    ['past_sequence_length']
    """
    tree = _tree(name)
    return frozenset() if tree is None else frozenset(_names(tree))


def computed(name: str, sizes: Mapping[str, int]) -> int | None:
    """The size that `name` means where its parts have `sizes`; None where one has none.

    >>> computed("2*(past + sequence)", {"past": 3, "sequence": 4})
    14
    """
    tree = _tree(name)
    if tree is None:
        return None
    try:
        size = _value(tree, sizes)
    except (KeyError, ZeroDivisionError):
        return None
    return size if 0 <= size <= AXIS_SIZE else None


def total_of(name: str, names: frozenset[str]) -> str:
    """The sum that `name` is known to be among `names`, or `name` itself."""
    parts = TOTALS.get(name, ())
    return " + ".join(parts) if parts and set(parts) <= names else name


def _tree(name: str) -> ast.expr | None:
    if len(name) > EXPRESSION_CHARACTERS:
        return None
    try:
        tree = ast.parse(name, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return tree if _is_sum(tree) else None


def _is_sum(tree: ast.expr) -> bool:
    if isinstance(tree, ast.BinOp):
        return type(tree.op) in OPERATORS and _is_sum(tree.left) and _is_sum(tree.right)
    return isinstance(tree, ast.Name) or (isinstance(tree, ast.Constant) and type(tree.value) is int)


def _names(tree: ast.expr) -> set[str]:
    if isinstance(tree, ast.BinOp):
        return _names(tree.left) | _names(tree.right)
    return {tree.id} if isinstance(tree, ast.Name) else set()


def _value(tree: ast.expr, sizes: Mapping[str, int]) -> int:
    if isinstance(tree, ast.BinOp):
        return OPERATORS[type(tree.op)](_value(tree.left, sizes), _value(tree.right, sizes))
    if isinstance(tree, ast.Name):
        return sizes[tree.id]
    assert isinstance(tree, ast.Constant)
    assert isinstance(tree.value, int)
    return tree.value
