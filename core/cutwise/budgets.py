"""How much may come in from outside, and what is said beyond it: one file, which an operator may change."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cutwise.caches import kept
from cutwise.disk.bounded_files import text_in
from cutwise.errors import CutwiseError, ScenarioError, close_names, shown
from cutwise.fields.readable_names import readable_text
from cutwise.frozen import Frozen, FrozenDict

VARIABLE = "CUTWISE_BUDGETS"
OWN_BYTES = 8_000
"""Whatever such a file is, parsing it takes less than 100 MB."""
UNITS = FrozenDict({"bytes": "bytes", "s": "s"})
"""How the name of a budget ends, and the unit of what it bounds; all others are counts."""
LARGEST = 2**40
"""So much and no more is bounded by sizes, counts and times that machines can be told."""
STEPS = FrozenDict({"bytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")), "s": ((3600, "h"), (60, "min"))})
EVERY_DIGIT = 18
FROM_STEP = 1.5
"""A larger unit is written from so many of it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Frozen):
    """At most so much of what `name` says, the sentence beyond it, and why it is that much.

    The sentence is empty where nothing is refused beyond it.
    """

    name: str
    most: int
    says: str
    why: str


@kept
def budgets() -> Mapping[str, Budget]:
    """Every budget that is in force, by name: the shipped ones, changed by the operator's own file.

    Raises `CutwiseError` where that file is named and damaged.

    >>> budgets()["fleet_devices"].most
    10000
    """
    shipped = tomllib.loads((files("cutwise.assets") / "budgets.toml").read_text(encoding="utf-8"))
    own = _own_file(os.environ.get(VARIABLE, ""), shipped)
    return FrozenDict({name: Budget(name=name, **(row | own.get(name, {}))) for name, row in shipped.items()})


def most(name: str) -> int:
    """How much the budget called `name` allows."""
    return budgets()[name].most


def beyond(name: str, given: float | None = None, *, allowed: float | None = None) -> str:
    """What is said of `given`, which is more than the budget, or than what is `allowed` of it.

    >>> beyond("fleet_devices", 340_000)
    'has 340,000 rows, at most 10,000 are planned at once; give fewer, or several scenarios'
    >>> beyond("text_bytes", 8_000_001).partition(" are ")[0]
    'has 8.000001 MB, at most 8 MB'
    """
    budget = budgets()[name]
    limit = budget.most if allowed is None else allowed
    if given is None:
        return budget.says.format(given="more", most=amount(name, limit))
    told = ((amount(name, given, digits=n), amount(name, limit, digits=n)) for n in range(3, EVERY_DIGIT))
    more, at_most = next(((one, other) for one, other in told if one != other), ("more", amount(name, limit)))
    return budget.says.format(given=more, most=at_most)


def bounded(mistakes: Sequence[str], *, unworded: int = 0) -> ScenarioError:
    """The error of many mistakes: the first of them, none longer than a sentence; the rest is counted.

    >>> found = bounded(["x" * 1000] * 120)
    >>> len(found.mistakes), found.mistakes[0][-2:], found.unworded
    (100, 'x…', 20)
    """
    worded = [sentence_of(mistake) for mistake in mistakes[: most("mistakes_worded")]]
    return ScenarioError(worded, unworded=len(mistakes) - len(worded) + unworded)


def shown_mistakes(error: CutwiseError) -> list[str]:
    """What an error says to people: its first mistakes, and how many more there are.

    >>> shown_mistakes(ScenarioError(["a"] * 12, unworded=3))[-1]
    'and up to 5 more'
    """
    unworded = getattr(error, "unworded", 0)
    mistakes = [sentence_of(one) for one in getattr(error, "mistakes", (str(error),))]
    more = max(0, len(mistakes) - most("mistakes_shown")) + unworded
    if not more:
        return mistakes
    name = "mistakes_worded" if unworded else "mistakes_shown"
    return [*mistakes[: most("mistakes_shown")], beyond(name, more)]


def sentence_of(text: str) -> str:
    """A sentence on one line and readable, whatever names are in it; its end cut off where it is too long.

    >>> sentence_of("a\\nb\\u202e: unknown key")
    'a b\ufffd: unknown key'
    """
    return readable_text(text[: _longest() + 1], longest=_longest())


def _longest() -> int:
    return most("sentence_characters")


def amount(name: str, value: float, *, digits: int = 3) -> str:
    """A value in the unit of a budget, as people write it.

    >>> amount("text_bytes", 9_100_000), amount("sweep_s", 3600), amount("sweep_rows", 10**6)
    ('9.1 MB', '60 min', '1,000,000')
    """
    unit = _unit(name)
    for size, word in STEPS.get(unit, ()):
        if value >= FROM_STEP * size:
            count = value / size
            return f"{count:,.0f} {word}" if count >= 10 ** (digits - 1) else f"{count:.{digits}g} {word}"
    return f"{value:,.0f}" + {"bytes": " bytes", "s": " s", "": ""}[unit]


def _unit(name: str) -> str:
    return UNITS.get(name.rpartition("_")[2], "")


def _own_file(path: str, shipped: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """What the operator's file says, by budget."""
    if not path:
        return {}
    try:
        given = tomllib.loads(text_in(path, most_bytes=OWN_BYTES))
    except (CutwiseError, ValueError, RecursionError) as error:
        raise CutwiseError(
            f"{VARIABLE} names {path}, which cannot be read as TOML ({error}); mend the file, or take the "
            "variable away"
        ) from error
    return {name: {"most": _own_most(path, name, value, shipped)} for name, value in given.items()}


def _own_most(path: str, name: str, value: object, shipped: Mapping[str, Any]) -> int:
    if name not in shipped:
        close = close_names(name, shipped)
        hint = f"did you mean {close[0]}?" if close else "cutwise budgets lists them"
        raise CutwiseError(f"{path}: {shown(name)} is no budget; {hint}")
    from cutwise.fields.typed_number import typed_number

    too_large = isinstance(value, int) and abs(value) > LARGEST
    written = value if isinstance(value, str) else f"{LARGEST + 1}" if too_large else shown(value)
    try:
        number = typed_number(written, _unit(name) or "count", whole=True)
    except CutwiseError as error:
        raise CutwiseError(f"{path}: {name}: {error}") from error
    if isinstance(value, bool) or not 1 <= number <= LARGEST:
        raise CutwiseError(f"{path}: {name}: give a whole number of 1 to {LARGEST:,}, not {shown(value)}")
    return round(number)
