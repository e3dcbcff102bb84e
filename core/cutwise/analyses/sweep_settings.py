"""What a sweep sets in each of its scenarios: paths and values, counted and compared before any is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwise.budgets import beyond, most
from cutwise.columns.row_settings import RowSettings
from cutwise.errors import ScenarioError, shown
from cutwise.scenario.changes import EVERY, path_parts


def settings_of(
    over: Mapping[str, Iterable[Any]], *, schemes: int, devices: int, paired: bool
) -> RowSettings:
    """What is set in each scenario: a grid, the last path fastest, or lists side by side.

    Raises `ScenarioError` for more than the budgets, and where one path writes over another.
    """
    if not isinstance(over, Mapping):
        raise ScenarioError([f"over: must be a table of paths and lists of values, not {shown(over)}"])
    if mistakes := list(overlaps(tuple(over))):
        raise ScenarioError([f"over: {mistake}" for mistake in mistakes])
    values = {path: _listed(path, given) for path, given in over.items()}
    lengths = [len(given) for given in values.values()]
    if paired and len(set(lengths)) > 1:
        raise ScenarioError([f"over: zip pairs lists of one length, these have {sorted(set(lengths))}"])
    _refuse_many(lengths, schemes=schemes, devices=devices, paired=paired)
    return RowSettings.paired(values) if paired else RowSettings.grid(values)


def overlaps(paths: Sequence[str]) -> Iterator[str]:
    """A sentence for each path that sets what one before it sets: that one's values would be lost.

    A part as a whole may stand before paths into it.

    >>> list(overlaps(["devices.0.samples", "devices[*].samples"]))
    ["'devices[*].samples' sets what 'devices.0.samples' sets; keep one of the two"]
    >>> list(overlaps(["devices.0.samples", "devices.1.samples", "seed", "server", "server.flops_per_s"]))
    []
    """
    exact: dict[tuple[str, ...], str] = {}
    every: dict[tuple[str, ...], str] = {}
    starred: dict[tuple[str, ...], str] = {}
    for path in paths:
        parts = tuple(path_parts(path))
        places = tuple(EVERY if part.isdigit() else part for part in parts)
        before = exact.get(parts) or (every if EVERY in parts else starred).get(places)
        if before:
            twice = f"{shown(path)} is given twice, with quotes and without; keep one of the two"
            yield (
                twice
                if before == path
                else f"{shown(path)} sets what {shown(before)} sets; keep one of the two"
            )
        for end in range(1, len(parts) + 1):
            exact[parts[:end]] = every[places[:end]] = path
            if EVERY in parts:
                starred[places[:end]] = path


def _refuse_many(lengths: Sequence[int], *, schemes: int, devices: int, paired: bool) -> None:
    rows = schemes * (max(lengths, default=1) if paired else math.prod(lengths))
    if rows > most("sweep_rows"):
        raise ScenarioError([f"over: {beyond('sweep_rows', rows)}"])
    if rows * devices > most("sweep_devices"):
        raise ScenarioError([f"over: {beyond('sweep_devices', rows * devices)}"])


def _listed(path: str, given: Any) -> Sequence[Any] | NDArray[Any]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise ScenarioError([f"over: {shown(path)} needs a list of values, not {shown(given)}"])
    if isinstance(given, np.ndarray):
        return given
    return given if isinstance(given, tuple) else list(given)
