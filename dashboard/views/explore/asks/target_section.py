"""What would meet a target: the cheapest change of one quantity, of two, or another scheme, each to take."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.what_if.target_changes import CHEAP, Targets
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import (
    finding,
    not_looked_at,
    record_of,
    same_numbers,
)
from cutwise_dashboard.views.explore.asks.target_ways import way, ways_to

FIELDS = {
    "deadline_s": ("A round within", "60 s, 5 min"),
    "device_energy_j": ("Energy of a device at most", "20 J"),
    "device_memory_bytes": ("Device side within", "2 GB"),
}


def targets(question: AnsweredQuestion, device: int) -> None:
    """The target as it is typed, and every way to it that was found."""
    given = _given()
    pairs = st.toggle(
        "Two quantities together too", key=session.begin("view.explore.target.pairs", first=False)
    )
    found: Targets = record_of(question, "targets", "The least changes", **given, pairs=pairs)
    title, words = target_words(found)
    finding(question, title, words)
    if not found.met:
        _ways(question, found)
    same_numbers(question, "targets", **given, pairs=pairs)


def _given() -> dict[str, str]:
    """What is typed into each field; nothing for one that is empty."""
    columns = st.columns(len(FIELDS))
    given = {}
    for column, (name, (label, example)) in zip(columns, FIELDS.items(), strict=True):
        with column:
            key = session.begin(f"view.explore.target.{name}", "")
            given[name] = st.text_input(label, key=key, placeholder=f"e.g. {example}").strip()
    return {name: text for name, text in given.items() if text}


def target_words(found: Targets) -> tuple[str, str]:
    """The cheapest way in one line, and what cheap means."""
    if found.met:
        return f"{found.target}: kept as things are", ""
    near = "" if found.exact else " Factors are to a thousandth, as each that is tried takes a plan."
    means = f"For {found.target}. Cheapest means {CHEAP}.{near}"
    means += f" {not_looked_at(found.left)}" if found.left else ""
    if found.possible:
        return f"{found.possible[0].sentence} would do", means
    return "No single quantity would do", means


def _ways(question: AnsweredQuestion, found: Targets) -> None:
    for one in ways_to(found):
        way(question, one, key="explore.target")
    cannot = [one.title for one in found.changes if one.factor is None]
    if cannot:
        st.caption(as_written(f"Not by itself: {', '.join(map(str.lower, cannot))}."))
