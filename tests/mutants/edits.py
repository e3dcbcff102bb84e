"""Small faults for a Python source: each place where an operator applies, as an edit of the text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
BOOLEANS = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
EXTREMES = {"min": "max", "minimum": "maximum", "argmin": "argmax"}
EXTREMES |= {largest: least for least, largest in EXTREMES.items()}
UNTOUCHED = {"decorator_list", "returns", "annotation", "type_comment"}
"""Fields of a node that compute nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Bytes `start` to `end` of the source become `new`; `kind` names the operator."""

    start: int
    end: int
    new: str
    kind: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source as bytes, in which positions of the syntax tree are found."""

    text: bytes
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Source:
        lengths = [len(line) for line in text.encode().splitlines(keepends=True)]
        return cls(text.encode(), tuple(sum(lengths[:number]) for number in range(len(lengths) + 1)))

    def span(self, node: ast.expr | ast.slice) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[end_line - 1] + end_column

    def read(self, node: ast.expr) -> str:
        start, end = self.span(node)
        return self.text[start:end].decode()


def edits_of(text: str) -> list[Edit]:
    """Every edit of `text` that an operator knows, in the order of the syntax tree."""
    source = Source.of(text)
    return [
        edit
        for node in _computing(ast.parse(text))
        for operator in OPERATORS.get(type(node), ())
        for edit in operator(node, source)
    ]


def applied(text: str, edit: Edit) -> str:
    """The source with the edit."""
    raw = text.encode()
    return (raw[: edit.start] + edit.new.encode() + raw[edit.end :]).decode()


def _computing(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that compute something; texts with values have no exact positions."""
    yield node
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children if name not in UNTOUCHED else ():
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _computing(child)


def _swap(
    source: Source, left: ast.expr, right: ast.expr, pair: tuple[str, str], kind: str
) -> Iterator[Edit]:
    """The operator between two expressions, replaced."""
    start, end = source.span(left)[1], source.span(right)[0]
    place = source.text.find(pair[0].encode(), start, end)
    if place >= 0:
        yield Edit(start=place, end=place + len(pair[0]), new=pair[1], kind=kind)


def _arithmetic(node: ast.BinOp, source: Source) -> Iterator[Edit]:
    if pair := ARITHMETIC.get(type(node.op)):
        yield from _swap(source, node.left, node.right, pair, "arithmetic swapped")


def _dropped_term(node: ast.BinOp, source: Source) -> Iterator[Edit]:
    kept = {ast.Add: (node.left, node.right), ast.Sub: (node.left,)}.get(type(node.op), ())
    start, end = source.span(node)
    for term in kept:
        yield Edit(start=start, end=end, new=f"({source.read(term)})", kind="term dropped")


def _assigned(node: ast.AugAssign, source: Source) -> Iterator[Edit]:
    if pair := ARITHMETIC.get(type(node.op)):
        yield from _swap(source, node.target, node.value, pair, "arithmetic swapped")


def _comparison(node: ast.Compare, source: Source) -> Iterator[Edit]:
    terms = [node.left, *node.comparators]
    for number, op in enumerate(node.ops):
        if pair := COMPARISONS.get(type(op)):
            yield from _swap(source, terms[number], terms[number + 1], pair, "comparison swapped")


def _boolean(node: ast.BoolOp, source: Source) -> Iterator[Edit]:
    for left, right in zip(node.values[:-1], node.values[1:], strict=True):
        yield from _swap(source, left, right, BOOLEANS[type(node.op)], "and for or")


def _constant(node: ast.Constant, source: Source) -> Iterator[Edit]:
    if type(node.value) in (int, float):
        start, end = source.span(node)
        yield Edit(start=start, end=end, new=repr(node.value + 1), kind="constant raised")


def _extreme_name(node: ast.Name, source: Source) -> Iterator[Edit]:
    if node.id in EXTREMES:
        start, end = source.span(node)
        yield Edit(start=start, end=end, new=EXTREMES[node.id], kind="least for largest")


def _extreme_attribute(node: ast.Attribute, source: Source) -> Iterator[Edit]:
    if node.attr in EXTREMES:
        end = source.span(node)[1]
        start = end - len(node.attr)
        yield Edit(start=start, end=end, new=EXTREMES[node.attr], kind="least for largest")


def _condition(
    node: ast.If | ast.While | ast.IfExp | ast.Assert | ast.comprehension, source: Source
) -> Iterator[Edit]:
    for test in node.ifs if isinstance(node, ast.comprehension) else [node.test]:
        start, end = source.span(test)
        yield Edit(start=start, end=end, new=f"not ({source.read(test)})", kind="condition negated")


def _dropped_not(node: ast.UnaryOp, source: Source) -> Iterator[Edit]:
    if isinstance(node.op, ast.Not):
        start, end = source.span(node)
        yield Edit(start=start, end=end, new=f"({source.read(node.operand)})", kind="not dropped")


def _slice(node: ast.Slice, source: Source) -> Iterator[Edit]:
    if (node.lower or node.upper) and not node.step:
        lower, upper = (source.read(bound) if bound else "" for bound in (node.lower, node.upper))
        start, end = source.span(node)
        yield Edit(start=start, end=end, new=f"{upper}:{lower}", kind="bounds swapped")


OPERATORS: dict[type[ast.AST], tuple[Callable[..., Iterator[Edit]], ...]] = {
    ast.BinOp: (_arithmetic, _dropped_term),
    ast.AugAssign: (_assigned,),
    ast.Compare: (_comparison,),
    ast.BoolOp: (_boolean,),
    ast.Constant: (_constant,),
    ast.Name: (_extreme_name,),
    ast.Attribute: (_extreme_attribute,),
    ast.If: (_condition,),
    ast.While: (_condition,),
    ast.IfExp: (_condition,),
    ast.comprehension: (_condition,),
    ast.UnaryOp: (_dropped_not,),
    ast.Slice: (_slice,),
}
