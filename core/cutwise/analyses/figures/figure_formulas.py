"""A formula in its two forms: in words, and with numbers put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """One formula twice: `words` say what is multiplied and added, `numbers` are those of the plan.

    Both have the same marks in the same places, and `numbers` can be computed by Python.
    """

    words: str
    numbers: str


Part: TypeAlias = "tuple[Any, str] | Formula"
"""What stands in a place of a formula: a value with what it is called, or a formula of its own."""


def formula(template: str, **parts: Part) -> Formula:
    """The formula whose places are filled with what `parts` are called, and with their values.

    >>> formula("8 * {size} / {rate}", size=(1e6, "uplink bytes"), rate=(2e7, "uplink rate"))
    Formula(words='8 * uplink bytes / uplink rate', numbers='8 * 1000000 / 20000000')
    """
    words = {name: one.words if isinstance(one, Formula) else one[1] for name, one in parts.items()}
    numbers = {
        name: one.numbers if isinstance(one, Formula) else number(one[0]) for name, one in parts.items()
    }
    return Formula(words=template.format(**words), numbers=template.format(**numbers))


def number(value: Any) -> str:
    """A number as Python reads it, with nine digits; endless rates too."""
    return f"{one_of(value):.9g}".replace("inf", "1e999")


def one_of(value: Any) -> float:
    """The first of an array, or the number itself."""
    return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])
