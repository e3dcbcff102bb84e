"""A scenario with some of its values replaced, each checked as a scenario file would check it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from cutwise.caches import kept
from cutwise.errors import ScenarioError, UnknownNameError, key_shown
from cutwise.fields.field_rules import own_number
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parts import Scenario
from cutwise.scenario.remedies.substitutes import FileTable
from cutwise.scenario.remedies.unknown_keys import substitutes, unknown_key
from cutwise.scenario.scenario_file import value_at

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Path: TypeAlias = tuple[str, ...]
EVERY = "*"


def changed(scenario: Scenario, setting: Mapping[str, object]) -> Scenario:
    """The scenario with the values at dotted paths replaced; `devices.*.x` changes every device.

    Another `kind` of channel or tuning keeps the fields that both kinds have. Raises `ScenarioError`
    for a path that does not exist and for a value that is not allowed there.

    >>> changed(Scenario(), {"channel.uplink_bps": 1e6}).channel.uplink_bps
    1000000.0
    """
    for path, value in setting.items():
        parts = path_parts(path)
        try:
            _refuse_unknown(scenario, parts, value)
            found = _replaced(scenario, tuple(parts), _checked(scenario, tuple(parts), value))
        except UnknownNameError as error:
            raise ScenarioError([f"{key_shown(path)}: {error}"]) from error
        except ScenarioError as error:
            raise error.reworded(partial(_located, path)) from error
        assert isinstance(found, Scenario)
        scenario = found
    return scenario


def path_parts(path: str) -> list[str]:
    """The names and positions of a path, in whichever spelling.

    >>> path_parts("devices[0].samples"), path_parts("devices.*.samples")
    (['devices', '0', 'samples'], ['devices', '*', 'samples'])
    """
    return re.sub(r"\[(\d+|\*)\]", r".\1", path).split(".")


def _located(path: str, mistake: str) -> str:
    top = re.split(r"[.\[]", path)[0]
    return mistake if mistake.startswith(top) else f"{key_shown(path)}: {mistake}"


def _refuse_unknown(value: object, parts: Sequence[str], given: object) -> None:
    """Raises `UnknownNameError` where the path leads nowhere, `ScenarioError` for another spelling."""
    names: Path = ()
    for part in parts:
        if isinstance(value, tuple) and value:
            known = [*map(str, range(len(value))), EVERY]
            if part not in known:
                raise UnknownNameError("position", part, known)
            value = value[0 if part == EVERY else int(part)]
        else:
            known = [f.name for f in fields(value)] if is_dataclass(value) else []
            if part not in known:
                table = FileTable(path=names, owner=type(value), given={})
                if known and substitutes(table, part, given):
                    raise ScenarioError([unknown_key(table, part, given)])
                raise UnknownNameError("field", part, known)
            value, names = getattr(value, part), (*names, part)


def _checked(scenario: Scenario, parts: Path, value: object) -> object:
    """The value as a file would give it; parts of a scenario that are given whole stay as they are."""
    value = own_number(value)
    if is_dataclass(value) or (isinstance(value, tuple) and value and all(map(is_dataclass, value))):
        return value
    kinds = tuple(
        (len(path), str(_at(scenario, (*path, "kind"))))
        for path in KINDS
        if parts[: len(path)] == path and len(parts) > len(path)
    )
    try:
        if isinstance(value, Hashable):
            return _known_value(parts, value, kinds)
        return value_at(parts, value, kinds=dict(kinds))
    except ScenarioError as alone:
        return _beside_others(scenario, parts, value, dict(kinds), alone)


def _beside_others(
    scenario: Scenario, parts: Path, value: object, kinds: Mapping[int, str], alone: ScenarioError
) -> object:
    """The value where it needs what stands beside it; raises what is wrong with it `alone` otherwise."""
    owner = _at(scenario, tuple("0" if part == EVERY else part for part in parts[:-1]))
    if not is_dataclass(owner) or isinstance(owner, type):
        raise alone
    try:
        return value_at(parts, value, kinds=kinds, beside=owner)
    except ScenarioError:
        raise alone from None


@kept
def _known_value(parts: Path, value: Hashable, kinds: tuple[tuple[int, str], ...]) -> object:
    return value_at(parts, value, kinds=dict(kinds))


def _at(value: object, path: tuple[int | str, ...]) -> object:
    for part in path:
        place = str(part)
        value = value[int(place)] if isinstance(value, tuple) else getattr(value, place)
    return value


def _replaced(value: object, parts: Path, new: object, above: Path = ()) -> object:
    if not parts:
        return new
    head, rest = parts[0], parts[1:]
    if isinstance(value, tuple):
        chosen = range(len(value)) if head == EVERY else [int(head)]
        return tuple(
            _replaced(part, rest, new, (*above, head)) if i in chosen else part
            for i, part in enumerate(value)
        )
    assert is_dataclass(value)
    assert not isinstance(value, type)
    if head == "kind" and above in KINDS:
        return _other_kind(value, KINDS[above][str(new)])
    return replace(value, **{head: _replaced(getattr(value, head), rest, new, (*above, head))})


def _other_kind(value: DataclassInstance, kind: type[DataclassInstance]) -> DataclassInstance:
    """The defaults of another kind, with the fields of `value` that both have."""
    names = {f.name for f in fields(kind)} - {"kind"}
    return kind(**{f.name: getattr(value, f.name) for f in fields(value) if f.name in names})
