"""Wrong decisions and what they cost: choices that were taken by predictions and paid in measured values."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cutwise.measured.agreement.truth_table import ChoiceStanding, choice_standings
from cutwise.units import percent


def show() -> None:
    """One row a set of choices at one level."""
    with st.container(border=True):
        st.subheader("Wrong decisions and their regret", anchor=False)
        with st.spinner("Deciding every case anew …"):
            found = choice_standings()
        if not found:
            st.caption("No decision was held against measured values yet.")
            return
        st.dataframe(choice_table(found), hide_index=True, column_config=COLUMNS, alt="Choices and regret")
        st.caption(
            "Regret is what the chosen option took beyond the best one, both as measured. "
            + " · ".join(dict.fromkeys(f"{one.source} ({one.licence})" for one in found))
        )


def choice_table(found: Sequence[ChoiceStanding]) -> pd.DataFrame:
    """Cases, right ones and regrets."""
    return pd.DataFrame(
        {
            "choice": one.title, "level": one.level, "cases": one.regrets.cases,
            "right": percent(one.regrets.right_ratio), "mean": percent(one.regrets.mean_ratio),
            "p90": percent(one.regrets.p90_ratio), "worst": percent(one.regrets.worst_ratio),
            "learnt": one.is_learnt,
        }
        for one in found
    )  # fmt: skip


_number = st.column_config.NumberColumn
COLUMNS = {
    "choice": st.column_config.TextColumn("Choice", width="medium"), "level": "Predicted from",
    "cases": _number("Cases"), "right": _number("Right (%)", format="%.0f"),
    "mean": _number("Mean regret (%)", format="%.1f"), "p90": _number("P90 (%)", format="%.1f"),
    "worst": _number("Largest (%)", format="%.1f"), "learnt": "Fitted on",
}  # fmt: skip
