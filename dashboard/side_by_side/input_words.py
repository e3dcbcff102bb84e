"""Inputs that differ among questions, as rows of words with units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from cutwise.schemes import SCHEMES
from cutwise.stated.changed_inputs import ABSENT, EVERY, ChangedInput, changed_inputs
from cutwise.stated.stated_question import StatedQuestion
from cutwise.units import UNITS, facts_of
from cutwise_dashboard.desk.scenario_edits import numbers_of, owner_of
from cutwise_dashboard.format import ops_text, quantity_text, readable
from cutwise_dashboard.strip import summaries
from cutwise_dashboard.strip.context import Context
from cutwise_dashboard.strip.values import spread_text, value_text

NO_INPUT = "–"
MOST_NAMED = 2
"""So many devices that differ are named; of more the range is told."""
TITLES = {
    "model": "Model", "scheme": "Scheme", "cut": "Pinned cut", "devices": "Devices", "edges": "Edge servers",
    "channel.kind": "Channel", "workload.tuning.kind": "Tuning", "compression.codec.kind": "Codec",
    "compression.accuracy.kind": "Accuracy", "energy.clock.kind": "Clock law", "energy.radio.kind": "Radio",
    "privacy.keep_on_device": "Privacy",
    "sharing.bandwidth": "Band shared", "sharing.server": "Server shared", "limits.memory": "Memory rule",
}  # fmt: skip
PREFIXES = {"devices": "Device", "edges": "Edge", "server": "Server"}
SELF_EVIDENT = frozenset({"model", "scheme", "channel.kind", "privacy.keep_on_device"})
"""Inputs whose value says what it is of, without its title."""
NOTHING = {
    "limits": "no limit", "workload.local_epochs": NO_INPUT, "workload.local_iterations": NO_INPUT,
    "workload.prompt_tokens": NO_INPUT, "workload.new_tokens": NO_INPUT,
    "workload.sequence_length": "as read",
}  # fmt: skip
"""What an input is where nothing is given, by its path or by its part of the scenario."""


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input that differs: its title, and what it is in every question."""

    path: str
    title: str
    texts: tuple[str, ...]

    def named(self, place: int) -> str:
        """What this input is at one of the questions, short."""
        text = self.texts[place]
        if self.path in SELF_EVIDENT:
            return text
        if self.path in PREFIXES:
            noun = TITLES[self.path].lower()
            return f"{text} {noun.removesuffix('s') if text == '1' else noun}"
        return f"{inside(self.title)} {text}"


def inside(title: str) -> str:
    """A title inside a sentence; names such as LoRA keep their capital."""
    return f"{title[:1].lower()}{title[1:]}" if title.split()[0][1:].islower() else title


def input_rows(questions: Sequence[StatedQuestion]) -> tuple[InputRow, ...]:
    """Every input that differs between any two questions, in words; equal titles say what they are of."""
    found = changed_inputs(questions)
    titles = [_title(questions, one) for one in found]
    return tuple(
        InputRow(
            path=one.path,
            title=title if titles.count(title) == 1 else f"{title} ({readable(one.path.split('.')[-2])})",
            texts=_texts(questions, one),
        )
        for one, title in zip(found, titles, strict=True)
    )


def _title(questions: Sequence[StatedQuestion], one: ChangedInput) -> str:
    head, _, rest = one.path.partition(".")
    if one.path in TITLES:
        return TITLES[one.path]
    if head == "model":
        return f"Size of {rest}"
    owner = next(q for q, value in zip(questions, one.values, strict=True) if value not in (ABSENT, ()))
    title = _facts(owner, one.path).get("title") or readable(rest.rpartition(".")[2])
    prefix = PREFIXES.get(head)
    return f"{prefix} {inside(title)}" if prefix else f"{title[:1].upper()}{title[1:]}"


def _facts(question: StatedQuestion, path: str) -> dict[str, Any]:
    """The facts of a field of the scenario or the scheme; none for sizes and counts."""
    head, _, rest = path.partition(".")
    if head == "option":
        return facts_of(SCHEMES[question.scheme], rest)
    if not rest and not hasattr(question.scenario, head):
        return {}
    owner, name = owner_of(question.scenario, path)
    return Context(stated=question, graph=None).facts(owner, name)


def _texts(questions: Sequence[StatedQuestion], one: ChangedInput) -> tuple[str, ...]:
    if f".{EVERY}." in one.path:
        return _of_fleets(questions, one)
    pairs = list(zip(questions, one.values, strict=True))
    texts = tuple(_text(question, one.path, value) for question, value in pairs)
    if one.path == "model" and len(set(texts)) < len({value.digest or value.sample for value in one.values}):
        return tuple(f"{text} ({value.digest[:6]})" for text, value in zip(texts, one.values, strict=True))
    return texts


def _text(question: StatedQuestion, path: str, value: Any) -> str:
    if value is ABSENT:
        return NO_INPUT
    if path == "model":
        return readable(value.label)
    if path == "cut":
        return f"behind {ops_text(value.split(','))}" if value else "none"
    if path == "privacy.keep_on_device":
        return summaries.privacy(Context(stated=question, graph=None))
    if path == "workload.local_epochs" and question.scenario.workload.local_iterations is None:
        return number_text(value or 1, "count")
    if value is None:
        return NOTHING.get(path) or NOTHING.get(path.partition(".")[0], "automatic")
    if isinstance(value, tuple):
        return ops_text(tuple(map(readable, value))) if value else "none"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return readable(value)
    return number_text(value, _unit(question, path))


def number_text(value: float, unit: str) -> str:
    """A number with its unit as people read it, not as it is typed."""
    if isinstance(value, int):
        return f"{value:,}"
    return quantity_text(value, UNITS[unit]) if UNITS.get(unit) and unit != "s" else value_text(value, unit)


def _unit(question: StatedQuestion, path: str) -> str:
    head, _, rest = path.partition(".")
    return "count" if head == "model" or not rest else _facts(question, path).get("unit", "")


def _of_fleets(questions: Sequence[StatedQuestion], one: ChangedInput) -> tuple[str, ...]:
    """The few devices that differ by name; else the range over all devices of each question."""
    head, _, name = one.path.partition(f".{EVERY}.")
    names = {(q.scenario.edge_names if head == "edges" else q.scenario.device_names) for q in questions}
    differ = [len(set(map(repr, values))) > 1 for values in zip(*one.values, strict=False)]
    few = 0 < sum(differ) <= MOST_NAMED and len(differ) > sum(differ)
    if len(names) == 1 and few:
        known = [list(zip(next(iter(names)), _each(q, head, name), strict=True)) for q in questions]
        return tuple(", ".join(f"{who} {text}" for who, text in compress(row, differ)) for row in known)
    return tuple(_range(question, head, name) for question in questions)


def _each(question: StatedQuestion, head: str, name: str) -> list[str]:
    """What a field is at every device or edge, in words."""
    given = _given(question, head, name)
    path = f"{head}.0.{name}"
    if not _is_number(question, head, name):
        return [_text(question, path, value) for value in given]
    known = numbers_of(question.scenario, _path(head, name))
    whole = name == "samples"
    return [
        _text(question, path, None if math.isnan(number) else round(number) if whole else number)
        for number in known
    ]


def _range(question: StatedQuestion, head: str, name: str) -> str:
    given = _given(question, head, name)
    if not given:
        return NO_INPUT
    known = numbers_of(question.scenario, _path(head, name)) if _is_number(question, head, name) else []
    unit = _unit(question, f"{head}.0.{name}") or "count" * (name == "samples")
    texts = dict.fromkeys(_text(question, f"{head}.0.{name}", value) for value in given)
    return spread_text(known, unit) or ops_text(tuple(texts))


def _is_number(question: StatedQuestion, head: str, name: str) -> bool:
    """True where a field holds numbers of its own, or what stands for them is known in numbers."""
    return bool(_unit(question, f"{head}.0.{name}")) or name == "samples"


def _path(head: str, name: str) -> str:
    return f"edges.{name}" if head == "edges" else name


def _given(question: StatedQuestion, head: str, name: str) -> list[Any]:
    found = []
    for party in getattr(question.scenario, head):
        value = party
        for part in name.split("."):
            value = getattr(value, part)
        found.append(value)
    return found
