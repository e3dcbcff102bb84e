"""What somebody may send to do harm, by how it comes in: a file, a link, a command of the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cutwise.budgets import most
from cutwise.scenario.parties import Device
from cutwise.stated.link import link_of
from cutwise.stated.stated_question import StatedQuestion
from tests.browser.bad_files import HEAVY

DOTS, UNKNOWN_KEYS, KEPT = 60_000, 200_000, 34


def dotted_toml() -> bytes:
    """One key of so many dots: a table in a table in a table."""
    return b'format = "cutwise-scenario/1"\na' + b".a" * (DOTS // 2) + b" = 1\n"


def unknown_keys_toml() -> bytes:
    """A mistake in every line."""
    lines = (f"unknown{number} = 1" for number in range(UNKNOWN_KEYS))
    return "\n".join(['format = "cutwise-scenario/1"', *lines]).encode()


def repeated_keys_json() -> bytes:
    """The same key again and again; the last one would win."""
    again = ",".join(['"rounds": 1'] * UNKNOWN_KEYS)
    return f'{{"format": "cutwise-scenario/1", {again}}}'.encode()


def deep_json() -> bytes:
    """Tables in tables, so deep that a reader runs out of stack."""
    return b'{"format": "cutwise-scenario/1", "channel": ' + b'{"a": ' * 100_000 + b"1" + b"}" * 100_001


def long_number_toml() -> bytes:
    """A number of a million digits, which take time with their square."""
    return b'format = "cutwise-scenario/1"\nrounds = ' + b"9" * 1_000_000 + b"\n"


def crowded_link() -> str:
    """As many devices as a link may name, in every question that was kept to compare with too."""
    plain = StatedQuestion()
    shared = replace(plain, scenario=replace(plain.scenario, devices=(Device(),) * most("fleet_devices")))
    return link_of(replace(shared, kept=(link_of(shared),) * KEPT))


def crowded_fleet() -> dict[str, Any]:
    """A pasted table with more rows than there may be devices, and words where numbers belong."""
    rows = "\n".join("nan\tinf\t1e999" for _ in range(UNKNOWN_KEYS))
    return {"kind": "fleet", "value": f"flops_per_s\tmemory_bytes\tsamples\n{rows}"}


def long_cell_fleet() -> dict[str, Any]:
    """An unclosed quote, after which all is one cell."""
    return {"kind": "fleet", "value": 'name\tsamples\n"' + "a\t1\n" * 50_000}


FILES: Mapping[str, Callable[[], bytes]] = {
    **HEAVY,
    "dotted.toml": dotted_toml,
    "unknown_keys.toml": unknown_keys_toml,
    "repeated_keys.json": repeated_keys_json,
    "deep.json": deep_json,
    "long_number.toml": long_number_toml,
    "not_json.json": lambda: json.dumps("x" * 5_000_000).encode(),
}
LINKS: Mapping[str, Callable[[], str]] = {"crowded link": crowded_link}
COMMANDS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "crowded fleet": crowded_fleet,
    "unclosed quote": long_cell_fleet,
}
