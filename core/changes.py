"""A scenario with some of its values replaced, each checked as a scenario file would check it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from core.channels import CHANNELS
from core.errors import ScenarioError, UnknownNameError
from core.scenario import Scenario
from core.scenario_file import value_at

EVERY = "*"


def changed(scenario: Scenario, setting: Mapping[str, Any]) -> Scenario:
    """The scenario with the values at dotted paths replaced; `devices.*.x` changes every device.

    Another `channel.kind` keeps the fields that both kinds have. Raises `ScenarioError` for a path that
    does not exist and for a value that is not allowed there.

    >>> changed(Scenario(), {"channel.uplink_bps": 1e6}).channel.uplink_bps
    1000000.0
    """
    for path, value in setting.items():
        parts = re.sub(r"\[(\d+|\*)\]", r".\1", path).split(".")
        try:
            _refuse_unknown(scenario, parts)
            scenario = _replaced(scenario, parts, _checked(tuple(parts), value, scenario.channel.kind))
        except UnknownNameError as error:
            raise ScenarioError([f"{path}: {error}"]) from error
        except ScenarioError as error:
            raise ScenarioError([_located(path, mistake) for mistake in error.mistakes]) from error
    return scenario


def _located(path: str, mistake: str) -> str:
    top = re.split(r"[.\[]", path)[0]
    return mistake if mistake.startswith(top) else f"{path}: {mistake}"


def _refuse_unknown(value: Any, parts: Sequence[str]) -> None:
    """Raises `UnknownNameError` where the path leads nowhere."""
    for part in parts:
        if isinstance(value, tuple) and value:
            known = [*map(str, range(len(value))), EVERY]
            if part not in known:
                raise UnknownNameError("position", part, known)
            value = value[0 if part == EVERY else int(part)]
        else:
            names = [f.name for f in fields(value)] if is_dataclass(value) else []
            if part not in names:
                raise UnknownNameError("field", part, names)
            value = getattr(value, part)


def _checked(parts: tuple[str, ...], value: Any, channel: str) -> Any:
    """The value as a file would give it; parts of a scenario that are given whole stay as they are."""
    if isinstance(value, np.generic):
        value = value.item()
    if parts == ("channel", "kind"):
        return str(value)
    if is_dataclass(value) or (isinstance(value, tuple) and value and all(map(is_dataclass, value))):
        return value
    if isinstance(value, Hashable):
        return _known_value(parts, value, channel)
    return value_at(parts, value, channel=channel)


@lru_cache(maxsize=4096, typed=True)
def _known_value(parts: tuple[str, ...], value: Any, channel: str) -> Any:
    return value_at(parts, value, channel=channel)


def _replaced(value: Any, parts: Sequence[str], new: Any) -> Any:
    if not parts:
        return new
    head, rest = parts[0], parts[1:]
    if isinstance(value, tuple):
        chosen = range(len(value)) if head == EVERY else [int(head)]
        return tuple(_replaced(part, rest, new) if i in chosen else part for i, part in enumerate(value))
    if head == "kind" and getattr(value, "kind", None) in CHANNELS:
        return _other_kind(value, new)
    return replace(value, **{head: _replaced(getattr(value, head), rest, new)})


def _other_kind(channel: Any, kind: str) -> Any:
    names = {f.name for f in fields(CHANNELS[kind])} - {"kind"}
    kept = {f.name: getattr(channel, f.name) for f in fields(channel) if f.name in names}
    return CHANNELS[kind](**kept)
