"""The array types of the library, defined once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
SmallInts: TypeAlias = NDArray[np.signedinteger[Any]]
Words: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

Number: TypeAlias = float | Floats
"""A quantity of one thing, or of many things at once."""


def larger(one: Number, other: Number) -> Number:
    """The larger of two quantities, one by one where they are arrays.

    >>> larger(np.array([1.0, 4.0]), 3.0).tolist(), larger(1.0, 2.0)
    ([3.0, 4.0], 2.0)
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.maximum(one, other)
    return max(one, other)


def added(terms: Iterable[Number]) -> Number:
    """The terms added in order; 0 for none.

    >>> added([1.0, np.array([1.0, 2.0])]).tolist(), added([])
    ([2.0, 3.0], 0.0)
    """
    found: Number | None = None
    for term in terms:
        found = term if found is None else found + term
    return 0.0 if found is None else found


def party_column(values: Iterable[Number]) -> Floats:
    """One number a party as an array (parties,); of one party alone, the rows that it is given in.

    >>> party_column([1, 2.5]).tolist(), party_column([np.array([1.0, 2.0, 3.0])]).tolist()
    ([1.0, 2.5], [1.0, 2.0, 3.0])
    """
    found = list(values)
    return np.atleast_1d(np.array(found[0] if len(found) == 1 else found, dtype=np.float64))


def masked(values: Iterable[bool]) -> Mask:
    """The truth values as an array."""
    return np.array(list(values), dtype=np.bool_)
