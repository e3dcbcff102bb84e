"""A paper's figures: published and ours, what ours is read from, all that ran beside, and how it deviates."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.papers import Beside, Deviation, Figure, Paper, Recomputed
from cutwise_dashboard import session
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import (
    as_written,
    change_text,
    quantity_text,
    readable,
    seconds_text,
    sentence_case,
    share_text,
)
from cutwise_dashboard.models import read_upload
from cutwise_dashboard.published import PublishedFigure, model_file, opened

TITLES = {
    "delay_s": "Delay of a round",
    "server_energy_j": "Server energy",
    "traffic_bytes": "Traffic of a round",
    "server_memory_bytes": "Server memory",
}
STANDINGS = {"infeasible": "breaks a rule", "no plan": "no plan"}
UNITS = {"server_energy_j": "J", "traffic_bytes": "B", "server_memory_bytes": "B"}


def show(paper: Paper) -> None:
    """Every figure of the paper."""
    with st.container(border=True):
        st.subheader("Published and recomputed", anchor=False)
        st.caption(
            "Ours are plans of the scenario below each figure, which we chose: where one meets the published "
            "figure it shows that the figure is possible in our model, not that the authors measured there."
        )
        for figure in paper.figures:
            with st.spinner(as_written(f"{sentence_case(readable(figure.name))} …")):
                found = answered(questions.paper_recomputed, paper.key, figure.name, words="The figure")
            _figure(paper, found)


def _figure(paper: Paper, found: Recomputed) -> None:
    figure = found.figure
    met = ":green-badge[met within two points]" if found.met else ":orange-badge[not met]"
    st.markdown(f"**{sentence_case(figure.claim)}** {met}")
    left, right = st.columns(2, gap="small")
    left.metric(sentence_case(figure.provenance), _percent(figure.value_ratio))
    read = f"beside {readable(found.read.scheme)}" if found.read else "all that count break a rule"
    right.metric(f"Recomputed, {read}", _saved(found.value, found.read) if found.read else "–")
    st.markdown(f"What the paper says: {figure.definition}")
    st.markdown(f"What is recomputed: {_reading(found)} {figure.note}")
    st.caption(f"Source: {figure.source}.")
    with st.expander(f"Everything that ran ({len(found.rivals) + 1} schemes)"):
        st.table(_beside(found).set_index("scheme"))
        if broken := [one for one in found.rivals if one.said]:
            st.caption("\n".join(f"* {sentence_case(readable(one.scheme))}: {one.said}." for one in broken))
    with st.expander(f"How the scenario deviates from our defaults ({len(found.deviations)} settings)"):
        st.caption("All other settings are the defaults.")
        st.markdown("\n".join(f"* {_deviation(one)}" for one in found.deviations))
    told = "Its model, scenario, scheme and baseline on the Plan page; Undo brings back what you asked"
    if st.button("Open this scenario", key=f"papers.open.{paper.key}.{figure.name}", help=told):
        _open(paper, found)


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else share_text(ratio, ".4g")


def _reading(found: Recomputed) -> str:
    """The paper's scheme with its options, the quantity, and the schemes that count."""
    figure = found.figure
    options = ", ".join(f"{readable(name)} {value}" for name, value in found.options.items())
    own = f"{readable(found.scheme)}{f' ({options})' if options else ''}"
    counted = ", ".join(readable(name) for name in figure.counted)
    quantity = TITLES[figure.quantity].lower()
    one = f"one minus the {quantity} of {own} over that of {counted}"
    return f"{one}." if len(figure.counted) == 1 else f"{one}; the {figure.reading} of these."


def _beside(found: Recomputed) -> pd.DataFrame:
    rows = [
        {
            "scheme": readable(found.scheme),
            "value": _value(found.figure, found.value),
            "saved": "",
            "": "the paper's",
        }
    ]
    rows += [
        {
            "scheme": readable(rival.scheme),
            "value": _value(found.figure, rival.value),
            "saved": _saved(found.value, rival),
            "": _standing(rival),
        }
        for rival in found.rivals
    ]
    return pd.DataFrame(rows).rename(
        columns={"value": TITLES[found.figure.quantity], "saved": "Saved beside it"}
    )


def _saved(value: float, rival: Beside) -> str:
    """What is saved beside a scheme; where nothing is, how much more it takes."""
    if rival.saved_ratio is None or rival.value is None or rival.saved_ratio >= 0:
        return _percent(rival.saved_ratio)
    return change_text(value, rival.value)


def _value(figure: Figure, value: float | None) -> str:
    if value is None:
        return "–"
    unit = UNITS.get(figure.quantity)
    return quantity_text(value, unit) if unit else seconds_text(value)


def _standing(rival: Beside) -> str:
    return "counts" if rival.counted else STANDINGS.get(rival.status, "")


def _deviation(one: Deviation) -> str:
    """One setting on a line that wraps: here, by default, and what the paper or its code says."""
    stated = f" Paper: {one.stated}." if one.stated else ""
    return f"`{one.path}` is **{one.preset}**, by default {one.default}.{stated}"


def _open(paper: Paper, found: Recomputed) -> None:
    """The figure's question becomes the session's as one step, on the Plan page."""
    read = (found.read.scheme,) if found.read else ()
    figure = PublishedFigure(paper, found.figure)
    try:
        question = opened(session.stated(), figure, (*read, *found.figure.counted))
        if question.model.digest:
            read_upload(question.model.name, model_file(paper))
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return
    desk = session.desk()
    desk.settled = True
    desk.refused.clear()
    desk.step(question, f"{paper.key}, {found.figure.name}")
    st.switch_page("app_pages/plan.py")
