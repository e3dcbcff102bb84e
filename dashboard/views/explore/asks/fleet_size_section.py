"""How many devices fit, what stops the next, and what ten more need and cost."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cutwise.analyses.what_if.dimensioning import Dimensioning, DimensioningAnalysis, Load
from cutwise.units import facts_of
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written, figures, quantity_text, seconds_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import finding, record_of, same_numbers

PRICES = ("price_per_kwh", "price_per_gb", "price_per_device", "carbon_g_per_kwh")


def dimensioning(question: AnsweredQuestion, device: int) -> None:
    """The number, what binds, the loads as rows, and what each resource would have to become."""
    given = {**_asked(), **_prices()}
    found: Dimensioning = record_of(question, "dimensioning", "How many devices fit", **given)
    title, words = fleet_words(found)
    finding(question, title, words)
    if found.loads:
        rows = pd.DataFrame([load_row(one) for one in found.loads]).dropna(axis=1, how="all")
        st.dataframe(rows, hide_index=True, alt="Rounds as things are, as many as fit, and more")
    if found.needs:
        st.markdown(f"**For {found.fit + found.more} devices one of these would do**")
        for one in found.needs:
            st.markdown(f"- {as_written(f'{one.title}: {one.becomes}')}")
    same_numbers(question, "dimensioning", **given)


def _asked() -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        key = session.begin("view.explore.size.deadline_s", "")
        deadline = st.text_input(
            "A round within", key=key, placeholder="the scenario's, else ten times now"
        ).strip()
    with right:
        facts = facts_of(DimensioningAnalysis, "more")
        low, high = facts["shown"]
        more = st.slider("More devices", low, high, key=session.begin("view.explore.size.more", 10))
    return {"deadline_s": deadline, "more": more}


def _prices() -> dict[str, Any]:
    """What is typed for money and carbon; nothing at first."""
    given = {}
    with st.expander("Prices and carbon"):
        for column, name in zip(st.columns(len(PRICES)), PRICES, strict=True):
            facts = facts_of(DimensioningAnalysis, name)
            key = session.begin(f"view.explore.size.{name}", 0.0)
            with column:
                given[name] = st.number_input(
                    facts["title"], 0.0, float(facts["le"]), key=key, help=facts["help"]
                )
    return {name: value for name, value in given.items() if value}


def fleet_words(found: Dimensioning) -> tuple[str, str]:
    """How many fit, and what stops one more."""
    many = "1 device fits" if found.fit == 1 else f"{found.fit:,} devices fit"
    if not found.ends:
        return many, "As many as were looked at fit."
    return many, f"One more does not: {found.binds}. Most of that round is {found.resource}."


def load_row(one: Load) -> dict[str, Any]:
    """One load in words."""
    return {
        "": sentence_case(one.what),
        "Devices": one.devices,
        "Delay": seconds_text(one.delay_s),
        "Energy": quantity_text(one.energy_j, "J"),
        "Traffic": quantity_text(one.traffic_bytes, "B"),
        "Keeps the limits": "yes" if one.keeps else "no",
        "Cost, all rounds": figures(one.cost) if one.cost else None,
        "gCO₂, all rounds": figures(one.carbon_g) if one.carbon_g else None,
    }
