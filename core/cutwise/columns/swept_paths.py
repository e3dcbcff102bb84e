"""Which paths of a scenario take a column of numbers, and a column that is checked as its field is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cutwise.arrays import Floats, Ints, Mask
from cutwise.errors import ScenarioError
from cutwise.fields.checked_columns import with_checked
from cutwise.fields.field_rules import NUMBERS
from cutwise.scenario.changes import EVERY, changed, path_parts
from cutwise.scenario.parts import Scenario
from cutwise.units import facts_of, hints_of

Column: TypeAlias = Floats | Ints
Columns: TypeAlias = Mapping[str, Column]

STRUCTURAL = ("compression", "privacy", "objective", "workload", "convergence")
"""Parts of a scenario whose numbers change what is priced, pinned or asked, but for these:"""
NUMBERS_OF_WORK = frozenset({"local_epochs", "local_iterations", "label_bytes"})
PINNING = frozenset({"limits.accuracy_loss_ratio"})


def is_numeric(scenario: Scenario, path: str) -> bool:
    """True for a path whose values go as one column of numbers into everything that is worked out.

    Others make scenarios that are asked one after another: names, formats, models, and numbers that change
    what is priced or pinned.

    >>> [is_numeric(Scenario(), path) for path in ("channel.uplink_bps", "devices.*.samples")]
    [True, True]
    >>> [is_numeric(Scenario(), path) for path in ("workload.batch_size", "server.profile", "x")]
    [False, False, False]
    """
    parts = path_parts(path)
    if parts[0] in STRUCTURAL and not (parts[0] == "workload" and parts[-1] in NUMBERS_OF_WORK):
        return False
    owner = owner_of(scenario, parts)
    if ".".join(parts) in PINNING or owner is None:
        return False
    hint = hints_of(type(owner))[parts[-1]]
    kinds = set(get_args(hint) or (hint,)) - {type(None)}
    return kinds <= NUMBERS


def owner_of(scenario: Scenario, parts: Sequence[str]) -> Any:
    """The part of a scenario that has the field at the end of a path; None where there is none."""
    value: Any = scenario
    for part in parts[:-1]:
        value = _inner(value, part)
    known = is_dataclass(value) and any(f.name == parts[-1] for f in fields(value))
    return value if known else None


def _inner(value: Any, part: str) -> Any:
    if isinstance(value, tuple):
        at = 0 if part == EVERY else int(part) if part.isdigit() else len(value)
        return value[at] if at < len(value) else None
    known = is_dataclass(value) and any(f.name == part for f in fields(value))
    return getattr(value, part) if known else None


def checked_column(scenario: Scenario, path: str, values: Any) -> Column:
    """The values as a column of numbers within the bounds of their field, whole where the field is.

    Raises `ScenarioError` naming the first row that is not what may stand there, and how many are not.

    >>> checked_column(Scenario(), "devices.*.samples", [10.0, 20.0])
    array([10, 20])
    >>> checked_column(Scenario(), "rounds", [5, 0])
    Traceback (most recent call last):
    cutwise.errors.ScenarioError: rounds: must be greater than or equal to 1, not 0 (row 1)
    """
    kept = isinstance(values, np.ndarray) and not values.flags.writeable
    given = np.asarray(values) if kept else np.array(values)
    if given.dtype.kind not in "iuf":
        raise _refused(scenario, path, values, np.ones(len(given), dtype=bool))
    parts = path_parts(path)
    owner = type(owner_of(scenario, parts))
    hint = hints_of(owner)[parts[-1]]
    whole = float not in (get_args(hint) or (hint,))
    if wrong := _beyond(given, facts_of(owner, parts[-1]), whole=whole):
        raise _refused(scenario, path, given, wrong[0])
    found: Column = given.astype(np.int64, copy=False) if whole else given.astype(np.float64, copy=False)
    found.flags.writeable = False
    return found


def _beyond(given: NDArray[Any], facts: Mapping[str, Any], *, whole: bool) -> list[Mask]:
    """Which rows (rows,) do not keep to the field's type and bounds; empty where all do."""
    if not len(given):
        return []
    low, high = given.min(), given.max()
    kept = (
        low == low
        and np.isfinite([low, high]).all()
        and low >= facts.get("ge", -np.inf)
        and low > facts.get("gt", -np.inf)
        and high <= facts.get("le", np.inf)
        and high < facts.get("lt", np.inf)
    )
    wrong = np.zeros(len(given), dtype=bool)
    if not kept:
        wrong |= ~(given >= facts.get("ge", -np.inf)) | ~(given <= facts.get("le", np.inf))
        wrong |= (given <= facts.get("gt", -np.inf)) | (given >= facts.get("lt", np.inf))
        wrong |= ~np.isfinite(given)
    if whole and given.dtype.kind == "f":
        wrong |= given != np.rint(given)
    return [wrong] if wrong.any() else []


def _refused(
    scenario: Scenario, path: str, values: Sequence[Any] | NDArray[Any], wrong: Mask
) -> ScenarioError:
    """What is wrong with the first of these rows that a scenario refuses."""
    found = np.flatnonzero(wrong)
    more = f"; {len(found):,} such rows" if wrong.any() and 1 < len(found) < len(wrong) else ""
    for row in found.tolist():
        try:
            changed(scenario, {path: values[row]})
        except ScenarioError as error:
            return ScenarioError([f"{one} (row {row}{more})" for one in error.mistakes])
    return ScenarioError([f"{path}: give numbers"])


def in_rows(scenario: Scenario, columns: Columns, *, device: int) -> Scenario:
    """The scenario with one of its devices alone, and checked columns (rows,) in the place of numbers.

    Raises `ScenarioError` where the numbers of the first row do not go together.
    """
    alone = replace(scenario, devices=(scenario.devices[device],))
    own = dict(_of_device(columns, device))
    made: Any = changed(alone, {path: column[0].item() for path, column in own.items()}) if own else alone
    for path, column in own.items():
        made = _with_column(made, path_parts(path), column)
    assert isinstance(made, Scenario)
    return made


def _of_device(columns: Columns, device: int) -> Iterator[tuple[str, Column]]:
    """The paths of a scenario with this device alone."""
    for path, column in columns.items():
        parts = path_parts(path)
        if parts[0] != "devices":
            yield path, column
        elif parts[1] in (EVERY, str(device)):
            yield ".".join(["devices", "0", *parts[2:]]), column


def _with_column(value: Any, parts: Sequence[str], column: Column) -> Any:
    head, rest = parts[0], parts[1:]
    if isinstance(value, tuple):
        chosen = range(len(value)) if head == EVERY else [int(head)]
        return tuple(_with_column(v, rest, column) if i in chosen else v for i, v in enumerate(value))
    return with_checked(value, {head: _with_column(getattr(value, head), rest, column) if rest else column})
