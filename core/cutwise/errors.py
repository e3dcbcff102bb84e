"""The errors Cutwise raises; a caller who catches `CutwiseError` catches all of them.

CutwiseError
├── ModelImportError    a model file cannot be read, or must not be
├── ScenarioError       a scenario breaks a rule; lists every mistake with its path
├── QuantityError       a typed quantity is not understood; says what would be
├── UnknownNameError    a name is not registered; says which ones are close
└── SolverError         a method cannot answer this problem
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class CutwiseError(Exception):
    """Something the user can put right; the message says what, where and what to do."""


class ModelImportError(CutwiseError):
    """A model file cannot be read, or must not be read."""


class ScenarioError(CutwiseError, ValueError):
    """A scenario breaks one or more rules; `mistakes` holds one sentence for each.

    It is a `ValueError` too, so that a validator that collects value errors collects these.

    >>> print(ScenarioError(["rounds: 0 is below the smallest value 1"]))
    rounds: 0 is below the smallest value 1
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class QuantityError(CutwiseError, ValueError):
    """A typed quantity is not understood; the message says why and what would be."""


class UnknownNameError(CutwiseError):
    """A name is not among the registered ones.

    >>> print(UnknownNameError("scheme", "gsfll", ["gsfl", "card"]))
    unknown scheme 'gsfll'; did you mean 'gsfl'?
    >>> print(UnknownNameError("scheme", "x", ["gsfl", "card"]))
    unknown scheme 'x'; known: card, gsfl
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
        super().__init__(f"unknown {what} {name!r}; {hint}")


class SolverError(CutwiseError):
    """A method cannot answer this problem."""
