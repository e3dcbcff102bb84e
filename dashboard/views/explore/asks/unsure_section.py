"""What unsure inputs do: bands of delay and energy, chances of each cut, the cut regretted least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cutwise.analyses.what_if.drawn_worlds import CutChance, DrawnBand, Uncertainty
from cutwise.analyses.what_if.inputs.changed_quantities import quantities_of
from cutwise.units import percent
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written, quantity_text, readable, sentence_case, share_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import finding, record_of, same_numbers, take

SPREADS = {"10 %": "10%", "20 %": "20%", "50 %": "50%", "half to twice": "/2", "a tenth to ten times": "/10"}
USUAL = "20 %"


def uncertainty(question: AnsweredQuestion, device: int) -> None:
    """What is unsure and by how much, then the bands and the cuts."""
    ranges = _ranges(question)
    name = question.plan.decisions[device].device
    found: Uncertainty = record_of(question, "uncertainty", "The drawn worlds", ranges=ranges, device=name)
    title, words = unsure_words(found)
    finding(question, title, words)
    bands = pd.DataFrame([band_row(one) for one in found.bands])
    st.dataframe(bands, hide_index=True, alt="Delay and energy over the drawn worlds")
    if found.cuts:
        st.markdown(f"**Cuts of {as_written(readable(found.device))} in these worlds**")
        cuts = pd.DataFrame([cut_row(one, found.unit) for one in found.cuts])
        st.dataframe(cuts, hide_index=True, alt="How often each cut is best, and its regrets")
        _robust(question, found.cuts)
    same_numbers(question, "uncertainty", ranges=ranges, device=name)


def _ranges(question: AnsweredQuestion) -> tuple[str, ...]:
    """A range for each quantity that is chosen; for none the usual ones of the analysis."""
    titles = {one.name: one.title for one in quantities_of(question.scenario)}
    left, right = st.columns([3, 2])
    with left:
        chosen = st.multiselect(
            "Unsure", list(titles), key=session.begin("view.explore.unsure", []),
            format_func=titles.__getitem__, placeholder="rates and speeds",
        )  # fmt: skip
    with right:
        spread = st.selectbox("By", list(SPREADS), key=session.begin("view.explore.unsure.by", USUAL))
    named = chosen or [name for name in titles if name.endswith(("_bps", ".speed"))] * (spread != USUAL)
    return tuple(f"{name}={SPREADS[str(spread)]}" for name in named if name in titles)


def unsure_words(found: Uncertainty) -> tuple[str, str]:
    """How far the delay spreads, and how sure the cut is."""
    first = found.bands[0]
    low, high = (quantity_text(first.levels[at], first.unit) for at in (1, 3))
    title = f"{first.figure} lies between {low} and {high} in eight of ten worlds"
    planned = next((one for one in found.cuts if one.planned), None)
    told = []
    if planned:
        near = share_text(planned.near_ratio)
        told.append(f"The cut that is planned is within 5 % of the best in {near} of {found.draws:,} worlds.")
    if found.kept_ratio < 1:
        told.append(f"Some plan keeps the limits in {share_text(found.kept_ratio)} of them.")
    told.append(f"Drawn: {', '.join(found.ranges)}.")
    told += [f"{sentence_case(found.why_not)}."] if found.why_not else []
    return title, " ".join(told)


def band_row(one: DrawnBand) -> dict[str, str]:
    """One band in words."""
    names = ("P5", "P10", "P50", "P90", "P95")
    levels = {name: quantity_text(value, one.unit) for name, value in zip(names, one.levels, strict=True)}
    return {"": sentence_case(one.figure), "As given": quantity_text(one.now, one.unit), **levels}


def cut_row(one: CutChance, unit: str) -> dict[str, Any]:
    """One cut in words."""
    marks = [mark for mark, holds in (("planned", one.planned), ("robust", one.robust)) if holds]
    return {
        "Cut": one.cut,
        "": ", ".join(marks),
        "Best in": f"{percent(one.best_ratio):.1f} %",
        "Within 5 % in": f"{percent(one.near_ratio):.1f} %",
        "Regret, mean": regret_text(one.mean_regret, unit),
        "Regret, worst corner": regret_text(one.worst_regret, unit),
    }


def regret_text(value: float | None, unit: str) -> str:
    """A regret; where a limit is broken it has none.

    >>> regret_text(0.5, "s"), regret_text(None, "s")
    ('0.5 s', 'breaks a limit')
    """
    return "breaks a limit" if value is None else quantity_text(value, unit)


def _robust(question: AnsweredQuestion, cuts: Sequence[CutChance]) -> None:
    robust = next((one for one in cuts if one.robust), None)
    if robust is None or robust.worst_regret is None or robust.planned or not robust.cut.startswith("after "):
        return
    if st.button("Take the robust cut", key="explore.unsure.take"):
        take(question, {}, "the robust cut", cut=robust.cut.removeprefix("after "))
