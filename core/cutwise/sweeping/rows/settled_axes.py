"""Swept paths checked against the scenario before any row is made: what is wrong is said once, beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import is_dataclass
from numbers import Real
from typing import Any

import numpy as np

from cutwise.analyses.sweep_settings import overlaps
from cutwise.budgets import bounded
from cutwise.errors import ScenarioError, shown
from cutwise.scenario.changes import EVERY, changed, path_parts
from cutwise.scenario.parts import Scenario
from cutwise.sweeping.rows.axes import LINEAR, LOG, SweptAxis
from cutwise.sweeping.rows.swept_ranges import FROM, POINTS, SPACING, TO, is_range, range_mistakes

Setting = dict[str, Any]


def settled_axes(over: Mapping[str, Any], scenario: Scenario, *, draws: bool) -> tuple[SweptAxis, ...]:
    """An axis for each path, its numbers in SI units, its values such as the scenario takes.

    Raises `ScenarioError` with every path that leads nowhere and every value that is not allowed there.

    >>> (axis,) = settled_axes({"channel.uplink_bps": ["1 Mbit/s", 2e6]}, Scenario(), draws=False)
    >>> axis.values.tolist()
    [1000000.0, 2000000.0]
    """
    if not isinstance(over, Mapping):
        raise ScenarioError([f"must be a table of paths and lists of values, not {shown(over)}"])
    mistakes = [*overlaps(tuple(over)), *_shape_mistakes(over, draws)]
    if mistakes:
        raise bounded(mistakes)
    found: list[SweptAxis] = []
    for path, given in over.items():
        try:
            found.append(_settled(path, given, scenario, found))
        except ScenarioError as error:
            mistakes += error.mistakes
    if mistakes:
        raise bounded(mistakes)
    return tuple(found)


def _shape_mistakes(over: Mapping[str, Any], draws: bool) -> Iterator[str]:
    for path, given in over.items():
        if is_range(given):
            yield from range_mistakes(path, given, draws=draws)
        elif isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            yield f"{shown(path)} needs a list of values, not {shown(given)}"
        elif isinstance(given, Sized) and not len(given):
            yield f"{shown(path)} has an empty list; give it values, or leave the path out"


def _settled(path: str, given: Any, scenario: Scenario, before: list[SweptAxis]) -> SweptAxis:
    def taken(value: object) -> Any:
        """What the scenario has at the path where it is given `value`, in every kind it may have by then."""
        for setting in _settings(before):
            value_there = _at(changed(scenario, {**setting, path: value}), path)
        return value_there

    if is_range(given):
        return _settled_range(path, given, taken)
    if isinstance(given, np.ndarray):
        given = given.ravel()
    values = given if isinstance(given, np.ndarray | list | tuple) else list(given)
    if _all_numbers(values):
        return SweptAxis(path=path, values=_settled_numbers(path, values, taken))
    made = [taken(value) for value in values]
    if all(isinstance(value, str) for value in values) and _all_numbers(made):
        return SweptAxis(path=path, values=np.asarray(made))
    plain = tuple(
        given_value if is_dataclass(value) or isinstance(value, tuple) else value
        for given_value, value in zip(values, made, strict=True)
    )
    return SweptAxis(path=path, values=np.asarray(plain) if _all_numbers(plain) else plain)


def _settings(before: list[SweptAxis]) -> Iterator[Setting]:
    """The first of everything before, and each other name in its turn: they may change what there is."""
    first = {axis.path: axis.given(axis.at_places(np.zeros(1, dtype=np.int64)))[0] for axis in before}
    yield first
    for axis in before:
        if not axis.is_number:
            yield from ({**first, axis.path: value} for value in axis.values[1:])


def _settled_numbers(path: str, values: Any, taken: Callable[[object], Any]) -> Any:
    """The same as doubles or whole numbers; bounds are intervals, so that the ends stand for all."""
    numbers = np.asarray(values)
    kinds = {type(taken(values[place])) for place in (numbers.argmin(), numbers.argmax())}
    if kinds != {int}:
        return numbers.astype(np.float64)
    if len(broken := numbers[numbers != np.rint(numbers)]):
        raise ScenarioError([f"{path}: must be a valid integer, not {broken[0]}"])
    return numbers.astype(np.int64)


def _settled_range(path: str, given: Mapping[str, Any], taken: Callable[[object], Any]) -> SweptAxis:
    name, ends = shown(path), [taken(given[FROM]), taken(given[TO])]
    if not _all_numbers(ends):
        raise ScenarioError([f"{name}: a range has numbers at its ends, not {shown(given[FROM])}"])
    low, high = ends
    whole, points, spacing = isinstance(low, int), given.get(POINTS, 0), given.get(SPACING, LINEAR)
    if not low < high:
        raise ScenarioError([f"{name}: from has to be below to; these are {low:g} and {high:g}"])
    if spacing == LOG and low <= 0:
        raise ScenarioError([f"{name}: spacing log needs from above 0, not {low:g}; give {LINEAR}"])
    if whole and points > high - low + 1:
        raise ScenarioError([f"{name}: there are no {points:,} whole numbers from {low:,} to {high:,}"])
    return SweptAxis(path=path, low=float(low), high=float(high), spacing=spacing, points=points, whole=whole)


def _all_numbers(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "iuf"
    return all(isinstance(value, Real) and not isinstance(value, bool | np.bool_) for value in values)


def _at(value: Any, path: str) -> Any:
    for part in path_parts(path):
        is_list = isinstance(value, tuple)
        value = value[0 if part == EVERY else int(part)] if is_list else getattr(value, part)
    return value
