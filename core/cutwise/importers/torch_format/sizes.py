"""Sizes in a torch.export program: numbers, or expressions in the dimensions that were left open.

An expression such as "Add(FloorDiv(Symbol('s1', positive=True), Integer(2)), Integer(1))" is walked as a
syntax tree of a few allowed forms; it is never evaluated by Python or by sympy, which would run it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.torch_format.schema import Bounds, Expression, Size
from cutwise.read_limits import AXIS_SIZE, EXPRESSION_CHARACTERS, EXPRESSION_DEPTH, EXPRESSION_EXPONENT


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > EXPRESSION_EXPONENT:
        raise ValueError(f"the exponent {exponent}")
    return base ** int(exponent)


Arithmetic = Callable[..., Fraction | int]
FUNCTIONS: Mapping[str, Arithmetic] = FrozenDict(
    {
        "Integer": lambda value: value,
        "Rational": operator.truediv,
        "Add": lambda *terms: sum(terms),
        "Mul": lambda *factors: math.prod(factors),
        "Pow": _power,
        "PowByNatural": _power,
        "Mod": operator.mod,
        "PythonMod": operator.mod,
        "FloorDiv": operator.floordiv,
        "CleanDiv": operator.floordiv,
        "IntTrueDiv": operator.truediv,
        "FloatTrueDiv": operator.truediv,
        "Max": lambda *values: max(values),
        "Min": lambda *values: min(values),
        "floor": math.floor,
        "ceiling": math.ceil,
        "FloorToInt": math.floor,
        "CeilToInt": math.ceil,
        "TruncToInt": math.trunc,
        "ToFloat": lambda value: value,
        "Identity": lambda value: value,
    }
)
OPERATORS: Mapping[type[ast.operator], Arithmetic] = FrozenDict(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: _power,
    }
)


@dataclass(slots=True)
class Sizes:
    """Turns the sizes of one file into numbers, with `chosen` sizes for symbols that are given others.

    `examples` are the sizes the program was exported with, by symbol, `bounds` those between which a size
    lies that data decide; `asked` are the names of sizes that can be given beside those of the inputs, and
    `assumed` what is taken for them.
    """

    file: str
    examples: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    assumed: dict[str, int] = field(default_factory=dict)
    _trees: dict[str, ast.expr] = field(default_factory=dict)

    def symbol(self, size: Size) -> str:
        """The symbol that `size` is, or empty for numbers and longer expressions."""
        if "as_expr" not in size:
            return ""
        tree = self._tree(str(size["as_expr"]["expr_str"]))
        return _symbol_name(tree)

    def value(self, size: Size) -> int:
        """`size` as a number; raises `ModelImportError` where data decides it, or where it is absurd."""
        if "as_int" in size:
            return self._checked(size["as_int"], "a size")
        expression = size["as_expr"]
        text, hint = str(expression["expr_str"]), _hint(expression)
        if hint is not None and not self.chosen:
            return self._checked(hint, text)
        tree = self._tree(text)
        self._ask(tree)
        try:
            found = evaluated(tree, {**self.examples, **self.assumed, **self.chosen})
        except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise ModelImportError(
                f"{self.file}: the size {text[:120]!r} cannot be computed ({error}); data decides it, or it "
                "is written in an unknown way: export the model with fixed sizes"
            ) from None
        return self._checked(found, text)

    def learn(self, size: Size) -> None:
        """Notes the example size of a symbol."""
        symbol, hint = self.symbol(size), _hint(size["as_expr"]) if "as_expr" in size else None
        if symbol and hint is not None:
            self.examples.setdefault(symbol, self._checked(hint, symbol))

    def _ask(self, tree: ast.expr) -> None:
        """Takes the most that a size can be that data decide; raises `ModelImportError` without a bound."""
        for name in filter(None, map(_symbol_name, _parts(tree))):
            if name in self.examples:
                continue
            self.asked.add(name)
            most = self.bounds.get(name, {}).get("max_val")
            if name not in self.chosen and not isinstance(most, int):
                raise ModelImportError(
                    f"{self.file}: data decide the size {name[:40]!r}; "
                    f"say what it is: dims={{{name[:40]!r}: SIZE}}"
                )
            self.assumed[name] = self.chosen.get(name, most if isinstance(most, int) else 0)

    def _tree(self, text: str) -> ast.expr:
        if text not in self._trees:
            if len(text) > EXPRESSION_CHARACTERS:
                raise ModelImportError(
                    f"{self.file}: holds a size of {len(text)} characters, at most {EXPRESSION_CHARACTERS} "
                    "are read; export the model with fixed sizes"
                )
            try:
                self._trees[text] = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                raise ModelImportError(
                    f"{self.file}: the size {text[:120]!r} is no expression; export the model again"
                ) from None
        return self._trees[text]

    def _checked(self, value: object, text: str) -> int:
        number = value if isinstance(value, int | Fraction) and not isinstance(value, bool) else -1
        if number.denominator != 1 or not 0 <= number <= AXIS_SIZE:
            raise ModelImportError(
                f"{self.file}: {text[:120]} is {str(value)[:40]}, which is no size; export the model again"
            )
        return int(number)


def evaluated(tree: ast.expr, symbols: Mapping[str, int], depth: int = EXPRESSION_DEPTH) -> Fraction:
    """The value of a size expression; raises `ValueError` for whatever is no arithmetic on symbols.

    >>> size = ast.parse("FloorDiv(Add(Symbol('s1', positive=True), Integer(3)), 2)", mode="eval").body
    >>> evaluated(size, {"s1": 8})
    Fraction(5, 1)
    >>> evaluated(ast.parse("__import__('os').getcwd()", mode="eval").body, {})
    Traceback (most recent call last):
    ...
    ValueError: the form Call
    """
    if depth == 0:
        raise ValueError(f"more than {EXPRESSION_DEPTH} levels of brackets")
    name = _symbol_name(tree)
    if name:
        if name not in symbols:
            raise ValueError(f"the open size {name[:40]}")
        return Fraction(symbols[name])
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return _bounded(tree.value)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return -evaluated(tree.operand, symbols, depth - 1)
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
        apply, operands = OPERATORS[type(tree.op)], [tree.left, tree.right]
    elif isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in FUNCTIONS:
        apply, operands = FUNCTIONS[tree.func.id], tree.args
    else:
        raise ValueError(f"the form {type(tree).__name__}")
    return _bounded(apply(*(evaluated(operand, symbols, depth - 1) for operand in operands)))


def _bounded(value: Fraction | int) -> Fraction:
    exact = Fraction(value)
    if abs(exact.numerator) > AXIS_SIZE**2 or exact.denominator > AXIS_SIZE:
        raise ValueError("a number beyond any size")
    return exact


def _parts(tree: ast.expr, depth: int = EXPRESSION_DEPTH) -> Iterator[ast.expr]:
    """Numbers, symbols and what is unknown, without what only puts them together."""
    together = tree.args if isinstance(tree, ast.Call) and not _symbol_name(tree) else []
    if isinstance(tree, ast.BinOp):
        together = [tree.left, tree.right]
    if isinstance(tree, ast.UnaryOp):
        together = [tree.operand]
    yield from [] if together else [tree]
    for part in together if depth else ():
        yield from _parts(part, depth - 1)


def _symbol_name(tree: ast.expr) -> str:
    """The name in "s1" and in "Symbol('s1', positive=True)"; empty for other forms."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "Symbol":
        first: Sequence[ast.expr] = tree.args[:1]
        if first and isinstance(first[0], ast.Constant) and isinstance(first[0].value, str):
            return first[0].value
    return ""


def _hint(expression: Expression) -> int | None:
    """The size in the example that an expression was exported with."""
    stated = expression.get("hint")
    hint = stated.get("as_int") if isinstance(stated, Mapping) else stated
    return hint if isinstance(hint, int) and not isinstance(hint, bool) else None
