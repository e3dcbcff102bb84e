"""A table of named things that refuses a name twice and answers an unknown name with a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from cutwise.errors import UnknownNameError
from cutwise.frozen import FrozenDict

T = TypeVar("T")


class NamedTable(Mapping[str, T]):
    """Names and what they stand for, in the order given; an unknown name is answered with a suggestion.

    >>> NamedTable("shape", {"square": 4})["sqare"]
    Traceback (most recent call last):
    cutwise.errors.UnknownNameError: unknown shape 'sqare'; did you mean 'square'?
    """

    _entries: Mapping[str, T]

    def __init__(self, what: str, entries: Mapping[str, T]) -> None:
        self._what = what
        self._entries = FrozenDict(entries)

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError(f"{name} of the table of {self._what} cannot be changed")
        super().__setattr__(name, value)

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            raise UnknownNameError(self._what, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Registry(NamedTable[T]):
    """A table that is filled while modules are imported, and refuses a name twice.

    >>> shapes: Registry[int] = Registry("shape")
    >>> shapes.add("square", 4)
    4
    >>> shapes["square"]
    4
    """

    _entries: dict[str, T]

    def __init__(self, what: str) -> None:
        self._what = what
        self._entries = {}

    def add(self, name: str, entry: T) -> T:
        """Registers `entry` under `name` and returns it; a second use of a name is a programming error."""
        if name in self._entries:
            raise ValueError(f"{self._what} {name!r} is registered twice")
        self._entries[name] = entry
        return entry

    def named(self, *names: str) -> Callable[[T], T]:
        """A decorator that registers what it decorates under each of `names`."""

        def register(entry: T) -> T:
            for name in names:
                self.add(name, entry)
            return entry

        return register
