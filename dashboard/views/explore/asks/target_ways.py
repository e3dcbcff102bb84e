"""Ways to a target, each in words with a button that takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cutwise.analyses.what_if.target_changes import Targets
from cutwise_dashboard.format import as_written, quantity_text, readable, seconds_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import take

MOST_CHANGES = 6
MOST_SCHEMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way: its words, and what to set in the scenario or in the question for it."""

    name: str
    words: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


def ways_to(found: Targets, *, changes: int = MOST_CHANGES, schemes: int = MOST_SCHEMES) -> Iterator[Way]:
    """The cheapest changes, the pair, then the schemes that need none."""
    for one in found.possible[:changes]:
        words = f"{one.sentence}: {seconds_text(one.delay_s or 0.0)}, {one.cut}"
        yield Way(name=one.name, words=words, settings=one.settings)
    if found.pair:
        words = f"{found.pair.sentence}: {seconds_text(found.pair.delay_s)}"
        yield Way(name="pair", words=f"both together, {words}", settings=found.pair.settings)
    for scheme in found.schemes[:schemes]:
        costs = f"{seconds_text(scheme.delay_s)}, {quantity_text(scheme.energy_j, 'J')}"
        yield Way(
            name=scheme.scheme,
            words=f"scheme {readable(scheme.scheme)} as things are: {costs}",
            fields={"scheme": scheme.scheme, "options": {}},
        )


def way(question: AnsweredQuestion, one: Way, *, key: str) -> None:
    """The words, and the button."""
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.markdown(as_written(sentence_case(one.words)))
    if right.button("Take it", key=f"{key}.{one.name}", width="stretch", help=as_written(one.words)):
        take(question, one.settings, "what keeps the limits", **{"cut": "", **one.fields})
