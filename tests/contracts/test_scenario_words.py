"""The words of a scenario file: what a sentence offers exists, and what exists is not called unmodelled."""

from __future__ import annotations

import tomllib
from itertools import product
from typing import Any

import pytest

from cutwise.hardware.profiles import hardware
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.remedies.places import FieldPlace, classes_at, places
from cutwise.scenario.remedies.substitutes import FileTable
from cutwise.scenario.remedies.unknown_keys import substitutes
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict
from cutwise.scenario.vocabulary.quantities import LAWS
from cutwise.scenario.vocabulary.words import Target, word_of, words
from cutwise.units import UNITS

PENDING: set[tuple[str, ...]] = set()
"""Fields that may come; a sentence names one only where it is there."""


def targets() -> list[tuple[str, Target]]:
    of_keys = [(word, t) for word, row in words().keys.items() for several in row.to for t in several]
    of_values = [(word, t) for word, rows in words().values.items() for row in rows for t in row.beside]
    return [*of_keys, *of_values]


def document_with(place: FieldPlace, value: Any) -> dict[str, Any]:
    """A scenario file that gives `value` at the place and nothing else but the kinds on the way."""
    for depth in reversed(range(len(place.path))):
        above = place.path[:depth]
        kind = {"kind": place.kind} if above in KINDS and place.path[depth] != "kind" else {}
        listed = place.path[: depth + 1] in {("devices",), ("edges",)} and not isinstance(value, list)
        value = {place.path[depth]: [value] if listed else value, **kind}
    assert isinstance(value, dict)
    return {"format": FORMAT, **value}


@pytest.mark.parametrize(("word", "target"), targets(), ids=lambda part: str(getattr(part, "path", part)))
def test_every_substitute_is_a_field_that_takes_what_is_offered(word: str, target: Target) -> None:
    if target.path not in places():
        assert target.path in PENDING, f"{word}: {'.'.join(target.path)} is no field of a scenario"
        return
    if target.value is not None:
        assert any(place.takes(target.value) for place in places()[target.path])
        place = next(place for place in places()[target.path] if place.takes(target.value))
        scenario_from_dict(document_with(place, target.value))


def test_every_word_leads_to_a_field_or_to_what_a_plan_assumes_instead() -> None:
    lost = [
        word
        for word, row in words().keys.items()
        if not any(all(target.path in places() for target in several) for several in row.to)
        and word not in words().not_modelled
        and not any(target.path in PENDING for several in row.to for target in several)
    ]
    assert lost == []


def test_what_has_a_field_is_not_called_unmodelled() -> None:
    names = {path[-1] for path in places()}
    assert [word for word in words().not_modelled if word in names] == []
    assert set(words().topics) <= words().not_modelled.keys()


def test_every_value_offered_is_a_choice_of_some_field() -> None:
    offered = {row.choice for rows in words().values.values() for row in rows}
    listed = {"device", "network", "server"}  # what objective.energy_of lists
    pending = {"adamw", "adamw_8bit", "flash", "sdpa"}
    choices = {choice for several in places().values() for place in several for choice in place.choices}
    assert offered <= choices | listed | pending


def test_words_are_spelled_as_they_are_looked_up() -> None:
    table = words()
    spelled = [*table.keys, *table.not_modelled, *table.values, *table.targets, *table.profiles]
    assert [word for word in spelled if word_of(word) != word] == []


def test_units_laws_and_profiles_exist() -> None:
    for unit, meanings in words().units.items():
        for si, factor in meanings.items():
            assert si in words().measured, unit
            assert factor in LAWS if isinstance(factor, str) else factor > 0, unit
    assert set(words().measured) <= {*UNITS, "bytes_per_s"}
    assert {row.law for row in words().keys.values()} <= {"", *LAWS}
    assert set(words().profiles.values()) <= hardware().keys()


def tables() -> list[FileTable]:
    """Every table of a scenario file, empty."""
    paths = {place.path[:-1] for several in places().values() for place in several}
    owned = [(path, made) for path in sorted(paths) for made in classes_at(path).values()]
    return [FileTable(path=path, owner=made, given={}) for path, made in owned]


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.owner.__name__)
def test_what_is_told_to_be_written_is_taken_there(table: FileTable) -> None:
    """Every word in every table: the sentence's keys exist and take the values that it gives."""
    for word, value in product(words().keys, (3, "0.5", True)):
        for found in substitutes(table, word, value):
            assert found.place.path in places(), word
            if found.text and not found.place.is_table:
                written = tomllib.loads(str(found))
                assert found.place.name == "profile" or found.place.takes(written[found.place.name]), word
