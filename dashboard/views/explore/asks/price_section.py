"""What one more of each quantity saves now, and up to where that holds."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.analyses.what_if.shadow_prices import ShadowPrice, ShadowPrices
from cutwise_dashboard.format import quantity_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import finding, record_of, same_numbers

NO_END = "as far as was looked"


def shadow_prices(question: AnsweredQuestion, device: int) -> None:
    """A row a quantity: what one more saves, and between which values the cuts stay as they are."""
    found: ShadowPrices = record_of(question, "shadow_prices", "The shadow prices")
    title, words = price_words(found)
    finding(question, title, words)
    if found.prices:
        rows = pd.DataFrame([price_row(one) for one in found.prices])
        st.dataframe(rows, hide_index=True, alt="What one more of each quantity saves, and up to where")
    same_numbers(question, "shadow_prices")


def price_words(found: ShadowPrices) -> tuple[str, str]:
    """What saves most, and what the prices are of."""
    text = found.summary()
    first, _, rest = text.partition("; ")
    return first, f"{sentence_case(rest)}." if rest else "The first saves most for one per cent more of it."


def price_row(one: ShadowPrice) -> dict[str, str]:
    """One price in words."""
    step = [
        f"{saved} at {one.to_text}"
        for value, unit in ((one.step_s, "s"), (one.step_j, "J"))
        if value > 0 and (saved := quantity_text(value, unit))
    ]
    return {
        "Quantity": one.title,
        "Now": one.now,
        "One more": one.unit_text,
        "Saves": saved_text(one.saved_s, "s"),
        "and": saved_text(one.saved_j, "J"),
        "Same cuts from": one.from_text or NO_END,
        "to": one.to_text or NO_END,
        "Then": one.cut_above or "",
        "A step saves": ", ".join(step),
        "Law": one.law if one.exact else f"{one.law}, by differences",
    }


def saved_text(value: float, unit: str) -> str:
    """What is saved; what it costs where it is negative.

    >>> saved_text(0.0025, "s"), saved_text(-2.0, "J"), saved_text(0.0, "s")
    ('2.5 ms', 'costs 2 J', 'nothing')
    """
    if not value:
        return "nothing"
    return quantity_text(value, unit) if value > 0 else f"costs {quantity_text(-value, unit)}"
