"""The table of words: other names of keys and values, units, and what no field stands for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from cutwise.caches import kept
from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A path of the scenario, and the value to write there where the word itself says which."""

    path: tuple[str, ...]
    value: str | bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """What to write in place of a key: targets that go together, in alternatives.

    A value is changed by the `law` of that name; `remark` says how.
    """

    to: tuple[tuple[Target, ...], ...]
    law: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRow:
    """A choice in place of a value, and what has to be written with it."""

    choice: str
    beside: tuple[Target, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Words(Frozen):
    """The whole table; `units` say what one of a unit is in SI units, by the name of a law or a factor.

    `topics` are words of `not_modelled` that speak for every longer word they are a part of.
    """

    topics: tuple[str, ...]
    units: Mapping[str, Mapping[str, float | str]]
    measured: Mapping[str, str]
    keys: Mapping[str, KeyRow]
    not_modelled: Mapping[str, str]
    values: Mapping[str, tuple[ValueRow, ...]]
    targets: Mapping[str, str]
    profiles: Mapping[str, str]


@kept
def words() -> Words:
    """The table as `assets/scenario_words.toml` states it."""
    text = files("cutwise.assets").joinpath("scenario_words.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Words(
        topics=tuple(table["topics"]),
        units=table["units"],
        measured=table["measured"],
        keys={word: _key_row(row) for word, row in table["keys"].items()},
        not_modelled=table["not_modelled"],
        values={word: _value_rows(row) for word, row in table["values"].items()},
        targets=table["targets"],
        profiles=table["profiles"],
    )


def word_of(text: str) -> str:
    """A word as the table spells it: lower case, its parts joined by _.

    >>> word_of("batchSize"), word_of("Flash-Attention 2"), word_of("torch.float16")
    ('batch_size', 'flash_attention_2', 'torch.float16')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    return re.sub(r"[^\w.]+", "_", parted).strip("_").lower()


def _key_row(row: str | Mapping[str, object]) -> KeyRow:
    stated: Mapping[str, object] = {"to": row} if isinstance(row, str) else row
    to = tuple(tuple(map(_target, part.split(" and "))) for part in str(stated["to"]).split(" or "))
    return KeyRow(to=to, law=str(stated.get("law", "")), remark=str(stated.get("remark", "")))


def _value_rows(row: str) -> tuple[ValueRow, ...]:
    parts = [part.split(" and ") for part in row.split(" or ")]
    return tuple(ValueRow(choice=first, beside=tuple(map(_target, rest))) for first, *rest in parts)


def _target(text: str) -> Target:
    path, _, value = text.partition(" = ")
    return Target(path=tuple(path.split(".")), value=tomllib.loads(f"v = {value}")["v"] if value else None)
