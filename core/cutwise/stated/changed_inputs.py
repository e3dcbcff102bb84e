"""Which inputs differ among several questions: the path of each, and what stands there in every question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final

from cutwise.frozen import Frozen
from cutwise.schemes import SCHEMES
from cutwise.stated.stated_question import StatedQuestion

NAMES: Final = frozenset({"name"})
"""Fields that name things and change no figure."""
EVERY: Final = "*"


class NoInput(Enum):
    """Where a question has no such input: another kind of channel, a scheme without that option."""

    ABSENT = "absent"


ABSENT: Final = NoInput.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedInput(Frozen):
    """An input that is not the same in all questions, `values` in their order, `ABSENT` where there is none.

    `path` is "model", "model.height" for a size, "scheme", "option.groups", "cut", "devices" or "edges" for
    how many there are, or a path in the scenario; the values of all devices stand at
    "devices.*.memory_bytes".
    """

    path: str
    values: tuple[Any, ...]


def changed_inputs(questions: Sequence[StatedQuestion]) -> tuple[ChangedInput, ...]:
    """Every input that differs between any two of the questions, in the order in which people read them.

    What names things, who is looked at and what is compared with are no inputs: they change no figure. What
    only some kinds of a table have is told where it is not the kind's default.

    >>> slow = StatedQuestion(scheme="split_learning")
    >>> [(one.path, one.values) for one in changed_inputs([StatedQuestion(), slow])]
    [('scheme', ('fast_split', 'split_learning'))]
    >>> changed_inputs([slow, slow])
    ()
    """
    if not questions:
        return ()
    scenarios = tuple(question.scenario for question in questions)
    return (
        *_of_model(questions),
        *_differing("scheme", tuple(question.scheme for question in questions)),
        *_of_options(questions),
        *_differing("cut", tuple(question.cut for question in questions)),
        *_of_fields("", scenarios),
    )


def _of_model(questions: Sequence[StatedQuestion]) -> Iterator[ChangedInput]:
    models = [question.model for question in questions]
    if len({model.digest or model.sample for model in models}) > 1:
        yield ChangedInput(path="model", values=tuple(models))
    for size in dict.fromkeys(name for model in models for name in model.dims):
        yield from _differing(f"model.{size}", tuple(model.dims.get(size, ABSENT) for model in models))


def _of_options(questions: Sequence[StatedQuestion]) -> Iterator[ChangedInput]:
    """The options that a question gives, with their default or no such option in the others."""
    for name in dict.fromkeys(name for question in questions for name in question.options):
        given = tuple(question.options.get(name, _default(question.scheme, name)) for question in questions)
        yield from _differing(f"option.{name}", given)


def _default(scheme: str, option: str) -> Any:
    known = {one.name: one.default for one in fields(SCHEMES[scheme])}
    return known.get(option, ABSENT)


def _differing(path: str, values: tuple[Any, ...]) -> Iterator[ChangedInput]:
    first = values[0]
    if all(value is first or value == first for value in values):
        return
    present = [value for value in values if value is not ABSENT]
    if all(map(is_dataclass, present)):
        yield from _of_fields(path, values)
    elif all(isinstance(value, tuple) for value in present) and any(map(_are_parties, present)):
        yield from _of_parties(path, values)
    else:
        yield ChangedInput(path=path, values=values)


def _of_fields(path: str, values: tuple[Any, ...]) -> Iterator[ChangedInput]:
    """The fields in which tables differ; of a field that only some kinds have, the default is not told."""
    present = [value for value in values if value is not ABSENT]
    names = dict.fromkeys(one.name for value in present for one in fields(value))
    for name in sorted(names, key=lambda name: name != "kind"):
        inner = tuple(getattr(value, name, ABSENT) for value in values)
        if name not in NAMES and not (ABSENT in inner and _is_default(present, name)):
            yield from _differing(_within(path, name), inner)


def _is_default(present: Sequence[Any], name: str) -> bool:
    own = [value for value in present if hasattr(value, name)]
    return all(getattr(value, name) == getattr(type(value)(), name) for value in own)


def _within(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _are_parties(value: Any) -> bool:
    return bool(value) and is_dataclass(value[0])


def _of_parties(path: str, fleets: tuple[Any, ...]) -> Iterator[ChangedInput]:
    """How many there are, and the fields in which they differ.

    Of fleets of several sizes a field differs where one has a value that another has not, and a fleet of
    none has nothing but defaults.
    """
    counts = tuple(len(fleet) for fleet in fleets)
    yield from _differing(path, counts)
    usual = type(next(party for fleet in fleets for party in fleet))()
    for name, default in _leaves(usual):
        columns = tuple(tuple(_at(party, name) for party in fleet) for fleet in fleets)
        seen = [set(map(repr, column or (default,))) for column in columns]
        same = columns.count(columns[0]) == len(columns)
        if not (same or (len(set(counts)) > 1 and seen.count(seen[0]) == len(seen))):
            yield ChangedInput(path=f"{path}.{EVERY}.{name}", values=columns)


def _leaves(party: Any) -> Iterator[tuple[str, Any]]:
    """Dotted names and values of every field, through the tables within it."""
    for one in fields(party):
        inner = getattr(party, one.name)
        if is_dataclass(inner):
            yield from ((f"{one.name}.{name}", value) for name, value in _leaves(inner))
        elif one.name not in NAMES:
            yield one.name, inner


def _at(party: Any, path: str) -> Any:
    for name in path.split("."):
        party = getattr(party, name)
    return party
