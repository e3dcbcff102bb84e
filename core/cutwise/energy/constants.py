"""The constants of the energy laws, by table and name, each with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from cutwise.frozen import FrozenDict


def _read() -> Mapping[str, Mapping[str, Any]]:
    rows = tomllib.loads(files("cutwise.assets").joinpath("energy.toml").read_text(encoding="utf-8"))
    return FrozenDict({name: FrozenDict(row) for name, row in rows.items()})


_ROWS = _read()
CLOCKS: Mapping[str, Mapping[str, Any]] = _ROWS["clock"]
"""Laws of the clock by name."""
RADIO_ROWS: Mapping[str, Mapping[str, Any]] = _ROWS["radio"]
"""Radios by name."""
