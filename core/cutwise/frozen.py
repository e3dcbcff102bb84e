"""Values that nobody can change: read-only arrays and mappings, in every copy too."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import Field, fields
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S", bound=np.generic)
WRITING = (
    "__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update",
)  # fmt: skip


class FrozenDict(dict[K, V]):
    """A dictionary that refuses to be changed; `dict(...)` of it, or `|`, gives one that can be.

    >>> powers = FrozenDict({"device": 10.0})
    >>> powers | {"server": 300.0}
    {'device': 10.0, 'server': 300.0}
    >>> powers["device"] = 0.0
    Traceback (most recent call last):
    TypeError: the mapping of a value cannot be changed; change a copy made with dict(...)
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # a signature here would hide what the keys and values are

        def __init__(self, *given, **named):
            if self:
                _refused()
            super().__init__(*given, **named)

    def __hash__(self) -> int:  # type: ignore[override]  # a dictionary that cannot change has one
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return frozen, (dict(self),)


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("the mapping of a value cannot be changed; change a copy made with dict(...)")


for _name in WRITING:
    setattr(FrozenDict, _name, _refused)


class Frozen:
    """A frozen dataclass whose arrays, mappings and lists cannot be written to either, nor those of a copy.

    Arrays are made read-only where they are, without a copy: whoever builds a value hands its arrays over.
    A class with a `__post_init__` of its own calls this one. Copies and what was sent to another process are
    made by the constructor again.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __post_init__(self) -> None:
        owner: Any = type(self)
        names, read = _reader(owner)
        values = read(self)
        if WRITABLE.isdisjoint(map(type, values)):
            return
        for name, value in zip(names, values, strict=False):
            if type(value) is ARRAY:
                read_only(value)
            elif type(value) in WRITABLE and (made := FREEZERS[type(value)](value)) is not value:
                object.__setattr__(self, name, made)

    def __reduce__(self) -> tuple[Any, ...]:
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return _made_again, (type(self), given)


@cache
def _reader(owner: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Names of the fields, and what reads all of them at once: many values are made in inner loops."""
    names = tuple(f.name for f in fields(owner))
    return names, attrgetter(*names, "__class__")  # one name alone would not give a tuple


def frozen(value: Any) -> Any:
    """The same, with every array in it read-only, and every list, set and mapping one that cannot be changed.

    Values that are dataclasses see to themselves.

    >>> frozen({"cuts": [1, 2]})
    {'cuts': (1, 2)}
    """
    freezer = FREEZERS.get(type(value))
    return value if freezer is None else freezer(value)


def _made_again(owner: type[Any], given: dict[str, Any]) -> Any:
    return owner(**given)


def read_only(array: NDArray[S]) -> NDArray[S]:
    """The same array, which can no longer be written to, nor what it is a view of.

    >>> read_only(np.zeros(2))[0] = 1.0
    Traceback (most recent call last):
    ValueError: assignment destination is read-only
    """
    array.setflags(write=False)
    base = array.base
    while isinstance(base, np.ndarray):
        base.setflags(write=False)
        base = base.base
    return array


def _frozen_tuple(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    made = tuple(map(frozen, parts))
    return parts if all(new is old for new, old in zip(made, parts, strict=True)) else made


def _frozen_dict(mapping: Any) -> FrozenDict[Any, Any]:
    return FrozenDict({key: frozen(part) for key, part in mapping.items()})


FREEZERS: MappingProxyType[type, Callable[[Any], Any]] = MappingProxyType(
    {
        np.ndarray: read_only,
        tuple: _frozen_tuple,
        list: lambda parts: tuple(map(frozen, parts)),
        set: frozenset,
        **dict.fromkeys((dict, OrderedDict, defaultdict, Counter, MappingProxyType), _frozen_dict),
    }
)
"""How each kind of thing that could be written to is made one that cannot."""
WRITABLE = frozenset(FREEZERS)
ARRAY = np.ndarray
