"""Dataclasses with values in their fields that were checked before, as columns of many rows are."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, TypeVar

import numpy as np

from cutwise.frozen import read_only

T = TypeVar("T")


def with_checked(value: T, checked: Mapping[str, Any]) -> T:
    """The dataclass with these values in its fields, which the caller has checked against their bounds.

    A field may hold an array then, one number a row and read-only, where its class takes a number alone.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Box:
    ...     width_m: float = 1.0
    >>> with_checked(Box(), {"width_m": [1.0, 2.0]})
    Box(width_m=[1.0, 2.0])
    """
    made = copy(value)
    for name, one in checked.items():
        held = read_only(one.view()) if isinstance(one, np.ndarray) else one
        object.__setattr__(made, name, held)
    return made
