"""The errors Cutwise raises; a caller who catches `CutwiseError` catches all of them.

CutwiseError
├── ModelImportError    a model file cannot be read, or must not be
├── ScenarioError       a scenario breaks a rule; lists every mistake with its path
│   └── UnreadableTextError   a text is neither TOML nor JSON
├── QuantityError       a typed quantity is not understood; says what would be
├── UnknownNameError    a name is not registered; says which ones are close
└── SolverError         a method cannot answer this problem
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence

LONGEST_NAME, LONGEST_SHOWN = 200, 80
"""Characters of what may be a name that somebody meant, and of a value in a message."""


class CutwiseError(Exception):
    """Something the user can put right; the message says what, where and what to do."""


class ModelImportError(CutwiseError):
    """A model file cannot be read, or must not be read."""


class ScenarioError(CutwiseError, ValueError):
    """A scenario breaks one or more rules; `mistakes` holds one sentence for each.

    `unworded` says how many findings there may be beyond these.

    It is a `ValueError` too, so that a validator that collects value errors collects these.

    >>> print(ScenarioError(["rounds: 0 is below the smallest value 1"]))
    rounds: 0 is below the smallest value 1
    """

    def __init__(self, mistakes: Sequence[str], *, unworded: int = 0) -> None:
        self.mistakes, self.unworded = tuple(mistakes), unworded
        super().__init__("\n".join((*mistakes, *([f"and up to {unworded:,} more"] if unworded else []))))

    def reworded(self, sentence: Callable[[str], str]) -> ScenarioError:
        """The same with each sentence changed."""
        return type(self)([sentence(mistake) for mistake in self.mistakes], unworded=self.unworded)


class UnreadableTextError(ScenarioError):
    """A text is neither TOML nor JSON."""


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
        close = close_names(name, names)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
        super().__init__(f"unknown {what} {shown(name)}; {hint}")


def close_names(name: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> list[str]:
    """The known names that are spelled almost so, the closest first; none for what is no name.

    >>> close_names("gsfll", ["gsfl", "card"]), close_names("g" * 10**6, ["gsfl"])
    (['gsfl'], [])
    """
    if len(name) > LONGEST_NAME:
        return []
    return difflib.get_close_matches(name, list(known), n=most, cutoff=alike)


def shown(value: object) -> str:
    """A value as a message shows it, its end cut off where it is long.

    >>> shown("n" * 500)[-3:]
    'nn…'
    """
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        return "a number of too many digits"
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def key_shown(key: object) -> str:
    """A key or path as a message begins with it, its end cut off where it is long.

    >>> key_shown("samples"), key_shown("k" * 500)[-3:]
    ('samples', 'kk…')
    """
    text = str(key)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


class SolverError(CutwiseError):
    """A method cannot answer this problem."""
