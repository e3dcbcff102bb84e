"""What the tables of a question file may hold: every mistake at once, with its path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cutwise.budgets import bounded
from cutwise.errors import ScenarioError, UnknownNameError, close_names, key_shown, shown
from cutwise.frozen import FrozenDict
from cutwise.scenario import scenario_file
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import scenario_from_dict
from cutwise.stated.checks_of_names import mistakes_in
from cutwise.stated.shipped_scenarios import FIRST_SCENARIO, shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import ModelReference, StatedQuestion

FORMAT = "cutwise-question/1"
TEXTS = ("preset", "scheme", "cut", "device", "baseline", "figure")
KINDS: Mapping[str, type] = FrozenDict(
    {
        **dict.fromkeys(("format", *TEXTS), str),
        "kept": list,
        **dict.fromkeys(("model", "options", "scenario"), dict),
    }
)
"""What may stand at the top of a question file."""
OF_MODEL: Mapping[str, type] = FrozenDict({"sample": str, "digest": str, "name": str, "dims": dict})
WORDS: Mapping[type, str] = FrozenDict({str: "text in quotes", list: "a list", dict: "a table"})
LINK = re.compile(r"(\d+\.|k\.)?[A-Za-z0-9_-]+")
PLACED = re.compile(r"[a-z_]+[.\[:]")
MOST_NAMED = 8


def question_from_dict(document: Mapping[str, object]) -> StatedQuestion:
    """The question that nested plain values describe, checked as a file is.

    What is left out is as in the first question, the scenario the shipped one of its preset. Raises
    `ScenarioError` with every mistake and its path.

    >>> question_from_dict({"format": FORMAT, "preset": "phone_on_lte"}).scenario.name
    'phone on LTE'
    """
    mistakes = [*_format_mistakes(document.get("format")), *_table_mistakes(document, KINDS, "")]
    given = _well_typed(document, KINDS)
    model = given.get("model", {})
    mistakes += _table_mistakes(model, OF_MODEL, "model.")
    scenario, found, unworded = _scenario_of(given)
    mistakes += found
    parts: dict[str, Any] = {name: given[name] for name in (*TEXTS, "kept", "options") if name in given}
    if model:
        parts["model"] = ModelReference(**_well_typed(model, OF_MODEL))
    stated = StatedQuestion(scenario=scenario, **parts)
    mistakes += [*mistakes_in(stated), *_device_mistakes(stated, found), *_kept_mistakes(stated.kept)]
    if mistakes:
        raise bounded(list(dict.fromkeys(mistakes)), unworded=unworded)
    return stated


def _format_mistakes(given: object) -> list[str]:
    if given == FORMAT:
        return []
    return [
        f"format: give {FORMAT!r}" if given is None else f"format: must be {FORMAT!r}, not {shown(given)}"
    ]


def _table_mistakes(table: Mapping[str, object], kinds: Mapping[str, type], above: str) -> Iterator[str]:
    for name, value in table.items():
        if name not in kinds:
            yield f"{above}{key_shown(name)}: {UnknownNameError('key', name, kinds)}"
        elif not isinstance(value, kinds[name]):
            yield f"{above}{name}: must be {WORDS[kinds[name]]}, not {shown(value)}"


def _well_typed(table: Mapping[str, object], kinds: Mapping[str, type]) -> dict[str, Any]:
    """What of a table can be checked further."""
    return {name: value for name, value in table.items() if isinstance(value, kinds.get(name, ()))}


def _scenario_of(given: Mapping[str, Any]) -> tuple[Scenario, list[str], int]:
    """The scenario, or a stand-in with what is wrong with it, and how much more may be."""
    if "scenario" not in given:
        preset = given.get("preset", FIRST_SCENARIO)
        return shipped_scenario(preset if preset in shipped_scenarios() else FIRST_SCENARIO), [], 0
    try:
        return scenario_from_dict({"format": scenario_file.FORMAT, **given["scenario"]}), [], 0
    except ScenarioError as error:
        return Scenario(), list(map(_inside, error.mistakes)), error.unworded


def _inside(mistake: str) -> str:
    """A scenario's mistake with its path in the question file."""
    return f"scenario.{mistake}" if PLACED.match(mistake) else f"scenario: {mistake}"


def _device_mistakes(stated: StatedQuestion, broken: list[str]) -> list[str]:
    names = stated.scenario.device_names
    if broken or stated.device in ("", *names):
        return []
    known = close_names(stated.device, names) or names[:MOST_NAMED]
    return [f"device: {UnknownNameError('device', stated.device, known)}"]


def _kept_mistakes(kept: Iterable[object]) -> list[str]:
    return [
        f"kept[{place}]: must be a link of the page, not {shown(link)}"
        for place, link in enumerate(kept)
        if not (isinstance(link, str) and LINK.fullmatch(link))
    ]
