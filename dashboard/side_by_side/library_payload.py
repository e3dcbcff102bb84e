"""What the scenario library shows: cards, and what one of them would change of what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cutwise.errors import CutwiseError
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.stated.changed_inputs import changed_inputs
from cutwise.stated.link import link_of
from cutwise.stated.question_file import dump_question
from cutwise.stated.scenario_library import scenario_library
from cutwise.stated.stated_question import StatedQuestion, question_about
from cutwise_dashboard.desk.commands import after
from cutwise_dashboard.executor import shown
from cutwise_dashboard.format import quantity_text, readable, seconds_text
from cutwise_dashboard.models import model_of
from cutwise_dashboard.side_by_side.input_words import input_rows
from cutwise_dashboard.side_by_side.question_columns import NOT_HERE

MOST_ROWS = 14
MOST_KEPT = {"count": 60, "characters": 400_000, "name": 60}
"""How many scenarios of their own a browser keeps, how many characters together, and of a name."""
LONGEST_LINK = 100_000
TOO_LARGE = "This question is too large to be kept in the browser: save it as a file."


def library_payload(
    stated: StatedQuestion, looked: Mapping[str, Any], imported: Mapping[str, str] | None
) -> dict[str, Any]:
    """Everything that the library shows, as plain values; `looked` is the card that is open."""
    link = link_kept(stated)
    return {
        "shipped": [_card(name, stated) for name in scenario_library()],
        "link": link,
        "title": stated.scenario.name,
        "facts": facts_of(stated),
        "tooLarge": TOO_LARGE,
        "most": MOST_KEPT,
        "imported": imported,
        "preview": preview(stated, looked) if looked else None,
    }


def link_kept(stated: StatedQuestion) -> str:
    """The link by which a browser keeps a question, empty where it is too large for that."""
    try:
        link = link_of(replace(stated, kept=(), figure=""))
    except CutwiseError:
        return ""
    return link if len(link) <= LONGEST_LINK else ""


def _card(name: str, stated: StatedQuestion) -> dict[str, Any]:
    one = scenario_library()[name]
    then = one.asked_in(stated)
    return {
        "key": name,
        "title": one.title,
        "shows": one.shows,
        "surprise": one.surprise,
        "facts": facts_of(then),
        "now": not changed_inputs((stated, then)),
    }


def preview(stated: StatedQuestion, looked: Mapping[str, Any]) -> dict[str, Any]:
    """What would change: the inputs that differ, delay and energy, the file; or why it cannot be chosen."""
    made: dict[str, Any] = {
        "of": str(looked.get("key")),
        "rows": [],
        "figures": [],
        "more": "",
        "refused": "",
    }
    try:
        then = after(stated, command_of(looked))
    except CutwiseError as error:
        return made | {"refused": str(error), "broken": True, "file": None}
    rows = input_rows((stated, then))
    more = len(rows) - MOST_ROWS
    made |= {
        "rows": [{"label": row.title, "now": row.texts[0], "then": row.texts[1]} for row in rows[:MOST_ROWS]],
        "more": f"And {more} more inputs." if more > 0 else "",
        "file": {"name": f"{_file_name(then.scenario.name)}.toml", "text": whole_file(then)},
    }
    try:
        return made | {"figures": _figures(_plan(stated), _plan(then))} if rows else made
    except CutwiseError as error:
        return made | {"refused": str(error)}


def whole_file(stated: StatedQuestion) -> str:
    """A scenario with its model and its scheme as a file, without what it was compared with."""
    return dump_question(replace(stated, kept=(), figure=""))


def facts_of(stated: StatedQuestion) -> str:
    """Model, scheme and number of devices in one line."""
    count = len(stated.scenario.devices)
    devices = f"{count} device{'s' * (count > 1)}"
    return f"{readable(stated.model.label)}, {readable(stated.scheme)}, {devices}"


def command_of(looked: Mapping[str, Any]) -> dict[str, Any]:
    """The command that the card gives when it is chosen."""
    if "link" in looked:
        return {"kind": "own", "value": {"link": looked["link"], "name": looked.get("name")}}
    return {"kind": "library", "value": looked.get("key")}


def _plan(stated: StatedQuestion) -> Plan:
    graph = model_of(stated.model)
    if graph is None:
        raise CutwiseError(NOT_HERE.format(name=stated.model.name))
    return shown.shown_plan(question_about(graph, stated))


def _figures(now: Plan, then: Plan) -> list[dict[str, str]]:
    training = then.inference is None
    pairs = (
        (said("One round takes", training=training), seconds_text(now.delay_s), seconds_text(then.delay_s)),
        ("Energy", quantity_text(now.energy_j, "J"), quantity_text(then.energy_j, "J")),
    )
    return [{"label": label, "now": here, "then": there} for label, here, there in pairs]


def _file_name(name: str) -> str:
    """A name as one of a file: letters, digits and dashes."""
    return "-".join("".join(c if c.isalnum() else " " for c in name).split()) or "scenario"
