"""What edits make of a fleet: a block of cells, a pasted table, a device more or less."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cutwise.budgets import beyond, most, shown_mistakes
from cutwise.errors import CutwiseError, QuantityError, ScenarioError, UnknownNameError
from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.scenario_edits import party_edited

CELL = re.compile(r"devices\.(\d{1,6})\.(\w+)")
DEVICE = re.compile(r"devices\.(\d{1,6})(?=\.|$)")
MOST_CELLS = 50_000
MOST_WRONG = 50
TOO_MANY_WRONG = f"more than {MOST_WRONG} of these cells cannot be as they are given, so none was changed;"


def with_cells(
    stated: StatedQuestion, given: Mapping[str, Any], poll: Callable[[], None]
) -> tuple[StatedQuestion, dict[str, CutwiseError]]:
    """The question with every cell that can be as it is given, and why the others cannot.

    Cells below the last row make new devices; names are compared when all are written, so two may swap.
    `poll` is called between cells; whatever it raises ends the edit. Raises `QuantityError` where almost
    nothing can be as it is given.
    """
    scenario = stated.scenario
    devices, refused = list(scenario.devices), dict[str, CutwiseError]()
    for path, value in list(given.items())[:MOST_CELLS]:
        poll()
        try:
            at, field = _place(path, rows=len(devices))
            devices += [Device()] * (at == len(devices))
            devices[at] = party_edited(devices[at], field, value)
        except CutwiseError as error:
            refused[path] = error
            if len(refused) > MOST_WRONG:
                raise QuantityError(f"{TOO_MANY_WRONG} {path}: {shown_mistakes(error)[0]}") from error
    refused |= _without_twins(devices, scenario.devices, given)
    return with_devices(stated, tuple(devices)), refused


def _place(path: str, *, rows: int) -> tuple[int, str]:
    """Row and field of a cell: of these rows, or the first below them."""
    match = CELL.fullmatch(path)
    if not match or int(match[1]) > min(rows, most("fleet_devices") - 1):
        raise UnknownNameError("cell", path[:60], ["devices.0.samples"])
    return int(match[1]), match[2]


def _without_twins(
    devices: list[Device], before: tuple[Device, ...], given: Mapping[str, Any]
) -> Iterator[tuple[str, CutwiseError]]:
    """Gives back their old names to devices whose new one is taken, in place.

    An old name that is given back may be another one's new name, which is then taken in its turn.
    """
    names = [_called(device, at) for at, device in enumerate(devices)]
    uses, renamed = Counter(names), defaultdict[str, set[int]](set)
    for path in given:
        if (match := CELL.fullmatch(path)) and match[2] == "name" and int(match[1]) < len(devices):
            renamed[names[int(match[1])]].add(int(match[1]))
    twins = sorted(at for name, places in renamed.items() if uses[name] > 1 for at in places)
    while twins:
        given_back = set()
        for at in twins:
            name = devices[at].name
            renamed[names[at]].discard(at)
            uses[names[at]] -= 1
            devices[at] = replace(devices[at], name=before[at].name if at < len(before) else "")
            names[at] = _called(devices[at], at)
            uses[names[at]] += 1
            given_back.add(names[at])
            yield f"devices.{at}.name", QuantityError(f"another device is called {name!r}; names must differ")
        twins = sorted(at for name in given_back if uses[name] > 1 for at in renamed.get(name, ()))


def _called(device: Device, at: int) -> str:
    return device.name or f"device-{at + 1}"


def with_devices(stated: StatedQuestion, devices: tuple[Device, ...]) -> StatedQuestion:
    """The question about another fleet, still looking at the device in the same row where it was renamed."""
    if len(devices) > most("fleet_devices"):
        raise ScenarioError([f"fleet: {beyond('fleet_devices', len(devices))}"])
    before, scenario = stated.scenario.device_names, replace(stated.scenario, devices=devices)
    looked_at = stated.device
    if looked_at in before and looked_at not in scenario.device_names and len(before) <= len(devices):
        looked_at = scenario.device_names[before.index(looked_at)]
    return replace(stated, scenario=scenario, device=looked_at)


def with_pasted(stated: StatedQuestion, command: Mapping[str, Any]) -> StatedQuestion:
    """The question with the fleet of a pasted table, or with its rows behind the present ones."""
    try:
        pasted = parse_fleet(str(command.get("value", "")))
        return with_devices(stated, (*stated.scenario.devices, *pasted) if command.get("add") else pasted)
    except ScenarioError as error:
        raise error.reworded(lambda mistake: mistake.removeprefix("fleet: ")) from error


def with_one_more(stated: StatedQuestion, command: Mapping[str, Any]) -> StatedQuestion:
    """The question with a device more, like the last, under the first number that is free."""
    names, devices = set(stated.scenario.device_names), stated.scenario.devices
    number = next(n for n in range(len(devices) + 1, 2 * len(devices) + 2) if f"device-{n}" not in names)
    name = "" if number == len(devices) + 1 else f"device-{number}"
    return with_devices(stated, (*devices, replace(devices[-1], name=name)))


def with_one_less(stated: StatedQuestion, at: int) -> StatedQuestion:
    """The question without one device; the others keep their names, also those that were only numbered."""
    names, devices = stated.scenario.device_names, stated.scenario.devices
    if not at < len(devices):
        raise UnknownNameError("device", str(at + 1), list(map(str, range(1, len(devices) + 1))))
    kept = [device for i, device in enumerate(devices) if i != at]
    numbered = [name for i, name in enumerate(names) if i != at]
    named = [
        device if device.name or f"device-{i}" == name else replace(device, name=name)
        for i, (device, name) in enumerate(zip(kept, numbered, strict=True), start=1)
    ]
    return replace(stated, scenario=replace(stated.scenario, devices=tuple(named)))


def device_at(path: str) -> int:
    """The row of the device that a path leads to; raises `UnknownNameError` where it leads to none."""
    match = DEVICE.match(path)
    if not match:
        raise UnknownNameError("device", path[:60], ["devices.0"])
    return int(match[1])


def found_by_name(scenario: Scenario, path: str, name: Any) -> str:
    """The path to the device of this name, as its row may have moved since the edit; else the path itself."""
    match = DEVICE.match(path)
    names = scenario.device_names
    if not match or name not in names or name in names[int(match[1]) : int(match[1]) + 1]:
        return path
    return f"devices.{names.index(name)}{path[match.end() :]}"


def moved_up(path: str, *, removed: int) -> str | None:
    """Where the cell of a path is when a row was removed; None if it was in that row.

    >>> moved_up("devices.3.samples", removed=1), moved_up("devices.1.samples", removed=1)
    ('devices.2.samples', None)
    """
    match = DEVICE.match(path)
    if not match or int(match[1]) < removed:
        return path
    return None if int(match[1]) == removed else f"devices.{int(match[1]) - 1}{path[match.end() :]}"
