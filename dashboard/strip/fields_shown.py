"""The control of one field: made from the field's own facts and the value that stands there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from operator import attrgetter
from typing import Any, get_args

from cutwise.scenario.parties import OPTIMISED, Party
from cutwise.units import hints_of
from cutwise_dashboard.caches import kept
from cutwise_dashboard.desk.scenario_edits import numbers_of, owner_of, party_of, value_of
from cutwise_dashboard.format import readable
from cutwise_dashboard.strip.context import Context, FieldShown, facts_in_words
from cutwise_dashboard.strip.values import listed_names, names_in, spread_text, value_text

MOST_BUTTONS, BUTTON_LETTERS = 3, 26


def scenario_field(context: Context, path: str, known: Any = None) -> FieldShown:
    """The control of one field of the scenario; `known` is what holds where nothing is given."""
    owner, name = owner_of(context.scenario, path)
    value = value_of(context.scenario, path)
    shown = field_shown(context, owner, name, path=path, value=known if value is None else value)
    if path == "server.power_mode":
        shown |= modes_offered([context.scenario.server], value)
    return shown | {"given": value is not None}


def field_shown(context: Context, owner: type[Any], name: str, *, path: str, value: Any) -> FieldShown:
    """The control of a field of any dataclass that holds `value`; what is endless is no number for a page."""
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    hint, training = hints_of(owner)[name], context.scenario.workload.training
    plain = value is None or isinstance(value, str | int | float)
    return dict((_field if plain else _field_of)(owner, name, path, value, hint, training))


def _field_of(
    owner: type[Any], name: str, path: str, value: Any, hint: Any, training: bool
) -> Mapping[str, Any]:
    facts = facts_in_words(owner, name, training)
    base = {
        "path": path,
        "label": facts.get("title") or name.replace("_", " ").capitalize(),
        "help": facts["help"],
    }
    if several := listed_names(hint):
        return base | {"kind": "many", "choices": _choices(several), "value": list(value or ())}
    names = tuple(one for one in names_in(hint) if one not in facts.get("aliases", ()))
    if name == "profile":
        return base | {"kind": "catalogue", "value": value}
    if names or bool in (hint, *get_args(hint)):
        return base | choice_shown(names or _truths(hint), value)
    number = {int, float} & {hint, *get_args(hint)}
    kind = "slider" if number and facts.get("shown") else "entry"
    return base | {
        "kind": kind,
        "value": value if number else None,
        "text": value_text(value, facts.get("unit", "")),
        "placeholder": absent_text(path) if type(None) in get_args(hint) else "",
        **(_range(facts, hint) if kind == "slider" else {}),
    }


_field = kept(_field_of)


def absent_text(path: str) -> str:
    """What stands where nothing is given: a limit is none, anything else has a value of its own.

    >>> absent_text("limits.deadline_s"), absent_text("server.memory_bytes")
    ('none', 'automatic')
    """
    return "none" if path.startswith("limits.") else "automatic"


def _range(facts: dict[str, Any], hint: Any) -> FieldShown:
    low, high = facts["shown"]
    whole = float not in (hint, *get_args(hint))
    return {"low": low, "high": high, "scale": facts.get("scale", "linear"), "whole": whole}


def _truths(hint: Any) -> tuple[Any, ...]:
    return (None, True, False) if type(None) in get_args(hint) else (True, False)


def choice_shown(names: tuple[Any, ...], value: Any) -> FieldShown:
    """Buttons side by side for a few short names, else a list to choose from."""
    letters = len("".join(map(readable, names)))
    few = len(names) <= MOST_BUTTONS and letters <= BUTTON_LETTERS
    return {"kind": "choice" if few else "select", "choices": _choices(names), "value": value}


def _choices(names: tuple[Any, ...]) -> list[list[Any]]:
    return [[name, readable(name)] for name in names]


def picked(
    path: str, label: str, choices: list[list[Any]], value: Any, *, command: str, help: str = ""
) -> FieldShown:
    """The control of what is picked from a registry."""
    return {
        "path": path, "label": label, "help": help, "kind": "select", "choices": choices, "value": value,
        "command": command,
    }  # fmt: skip


def modes_offered(parties: Sequence[Party], value: str) -> FieldShown:
    """The control of a power mode: as is, those that all of the parties have, and the best of them."""
    common = [name for name in parties[0].offered_modes if all(name in one.offered_modes for one in parties)]
    names = dict.fromkeys([*common, *([value] if value not in ("", OPTIMISED) else [])])
    choices = [["", "as is"], *([name, name] for name in names), [OPTIMISED, "best for the objective"]]
    return {"kind": "select", "choices": choices, "value": value}


def fleet_field(context: Context, path: str) -> FieldShown:
    """A field of every device or edge: its range; what is typed is set for all, a factor scales each."""
    owner, name = party_of(path), path.rpartition("edges.")[2]
    parties = context.scenario.edges if path.startswith("edges.") else context.scenario.devices
    facts = context.facts(*_owner_within(owner, name))
    given = [attrgetter(name)(party) for party in parties]
    shown = field_shown(context, *_owner_within(owner, name), path=path, value=given[0])
    if name == "power_mode":
        shown |= modes_offered(parties, given[0])
    if shown["kind"] not in {"slider", "entry"} or not isinstance(_number_hint(owner, name), type):
        mixed = len(set(map(repr, given))) > 1
        return shown | {"command": "all", "mixed": mixed, **({"value": "", "text": ""} if mixed else {})}
    values = [value for value in numbers_of(context.scenario, path)]
    text = spread_text(values, facts.get("unit", "") or "count" * (name == "samples"))
    return shown | {"kind": "fleet", "command": "all", "value": None, "text": text, "scales": bool(text)}


def _number_hint(owner: type[Any], name: str) -> Any:
    within, last = _owner_within(owner, name)
    hint = hints_of(within)[last]
    return next((kind for kind in (hint, *get_args(hint)) if kind in (int, float)), None)


def _owner_within(owner: type[Any], name: str) -> tuple[type[Any], str]:
    """The dataclass that a dotted name within a party ends in, and its last part."""
    *parts, last = name.split(".")
    for part in parts:
        owner = next(kind for kind in (hints_of(owner)[part],) if is_dataclass(kind))
    return owner, last
