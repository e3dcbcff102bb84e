"""Everything that was measured beside what is predicted for it, by level, source, class and family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from cutwise.measured import COMPARISONS
from cutwise.measured.agreement.comparisons import HeldComparison
from cutwise.measured.agreement.held_rows import Agreement, HeldRow, agreement_of
from cutwise.measured.agreement.truth_table import worst_rows
from cutwise.units import percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.held_figures import held_figure
from cutwise_dashboard.format import readable
from cutwise_dashboard.views import drawn

WORST_SHOWN = 10
GROUPS: Mapping[str, Callable[[HeldRow], str]] = {
    "class of hardware": lambda row: row.hardware_class,
    "family of models": lambda row: row.family,
}
SOURCE, TIME = "source", "time"
COMMAND = "cutwise truth"


def show() -> None:
    """One quantity at one level: figures, a point a row, the groups, the worst rows."""
    with st.container(border=True):
        st.subheader("Predicted beside measured", anchor=False)
        left, right = st.columns(2)
        names = {one.quantity for one in COMPARISONS.values()}
        quantities = sorted(names, key=lambda one: (one != TIME, one))
        quantity = left.segmented_control(
            "Measured", quantities, key=session.begin("view.truth.quantity", quantities[0]), required=True
        )
        by = right.segmented_control(
            "By", (SOURCE, *GROUPS), key=session.begin("view.truth.by", SOURCE), required=True
        )
        levels = list(dict.fromkeys(one.level for one in COMPARISONS.values() if one.quantity == quantity))
        level = st.segmented_control(
            "Predicted from", levels, key=session.begin(f"view.truth.level.{quantity}", levels[0]),
            required=True,
        )  # fmt: skip
        chosen = [one for one in COMPARISONS.values() if one.quantity == quantity and one.level == level]
        with st.spinner("Predicting every row that was measured …"):
            _shown(chosen, str(by))


def _shown(chosen: Sequence[HeldComparison], by: str) -> None:
    groups = grouped(chosen, by)
    rows = [row for one in groups.values() for row in one]
    if rows:
        grid = st.grid(min_column_width=140)
        for title, text in agreement_figures(rows).items():
            grid.metric(title, text)
        drawn.plotly(
            held_figure(groups, unit=chosen[0].unit, theme=session.theme()),
            key="truth.held",
            alt=f"Predicted over measured values of {len(rows)} rows",
        )
    for sentence in [f"{one.title}: {broken}" for one in chosen for broken in one.broken()]:
        st.warning(sentence)
    st.dataframe(
        agreement_table(chosen, by), hide_index=True, column_config=COLUMNS, alt="Agreement by group"
    )
    if rows:
        with st.expander("Worst rows"):
            st.dataframe(worst_table(rows), hide_index=True, column_config=WORST_COLUMNS, alt="Worst rows")
        st.caption(
            "Hollow points are rows that constants were fitted on; the figures above leave them out where "
            "there are others. Dotted: half as much, and half as much again."
        )
    st.caption(
        f"Made anew by `{COMMAND}`. Rows that may not be shipped stand with the day they were held against."
    )
    st.caption(" · ".join(dict.fromkeys(f"{one.source} ({one.licence})" for one in chosen)))


def grouped(chosen: Sequence[HeldComparison], by: str) -> dict[str, list[HeldRow]]:
    """The rows of some comparisons by source, or by what a row says of itself; stated ones have none."""
    found: dict[str, list[HeldRow]] = {}
    for one in chosen:
        for row in one.rows():
            name = one.title if by == SOURCE else readable(GROUPS[by](row))
            found.setdefault(name, []).append(row)
    return found


def fresh_or_all(rows: Sequence[HeldRow]) -> Sequence[HeldRow]:
    """Rows that nothing was fitted on, where there are any."""
    return [row for row in rows if not row.is_learnt] or rows


def agreement_figures(rows: Sequence[HeldRow]) -> dict[str, str]:
    """What the rows that count say, in words by what is said."""
    found = agreement_of(fresh_or_all(rows))
    return {
        "Rows": f"{found.rows}",
        "Mean error": f"{percent(found.mean_error_ratio):.1f} %",
        "Within 30 %": f"{percent(found.near_ratio):.0f} %",
        "Within 50 %": f"{percent(found.wide_ratio):.0f} %",
        "Within their bands": "–" if found.covered_ratio is None else f"{percent(found.covered_ratio):.0f} %",
    }


def agreement_table(chosen: Sequence[HeldComparison], by: str) -> pd.DataFrame:
    """One row a group; comparisons that are only stated stand with their date."""
    groups = grouped(chosen, by)
    rows = [
        _line(name, agreement_of(fresh_or_all(known)), sum(row.is_learnt for row in known), "now")
        for name, known in groups.items()
    ]
    rows += [
        _line(one.title, one.stated, one.stated.rows * one.stated_learnt, one.date)
        for one in chosen
        if one.stated
    ]
    return pd.DataFrame(rows)


def _line(name: str, found: Agreement, learnt: int, when: str) -> dict[str, object]:
    return {
        "group": name, "rows": found.rows, "error": percent(found.mean_error_ratio),
        "near": percent(found.near_ratio), "wide": percent(found.wide_ratio),
        "covered": None if found.covered_ratio is None else percent(found.covered_ratio),
        "low": found.p10_ratio, "middle": found.p50_ratio, "high": found.p90_ratio,
        "learnt": learnt, "when": when,
    }  # fmt: skip


def worst_table(rows: Sequence[HeldRow]) -> pd.DataFrame:
    """The rows furthest off that nothing was fitted on, the furthest first."""
    return pd.DataFrame(
        {
            "name": row.name, "hardware": row.hardware, "class": readable(row.hardware_class),
            "family": row.family, "measured": row.measured, "predicted": row.predicted,
            "ratio": row.predicted_ratio,
        }
        for row in worst_rows(fresh_or_all(rows), WORST_SHOWN)
    )  # fmt: skip


QUANTILE = "Of measured over predicted"
_number = st.column_config.NumberColumn
COLUMNS = {
    "group": st.column_config.TextColumn("Rows of", width="medium"), "rows": _number("Rows"),
    "error": _number("Mean error (%)", format="%.1f"), "near": _number("Within 30 % (%)", format="%.0f"),
    "wide": _number("Within 50 % (%)", format="%.0f"),
    "covered": _number("Within band (%)", format="%.0f"),
    "low": _number("P10", format="%.2f", help=QUANTILE),
    "middle": _number("P50", format="%.2f", help=QUANTILE),
    "high": _number("P90", format="%.2f", help=QUANTILE),
    "learnt": _number("Fitted on", help="Rows that constants were fitted on"), "when": "Worked out",
}  # fmt: skip
WORST_COLUMNS = {
    "name": "Row", "hardware": "On", "class": "Class", "family": "Family",
    "measured": _number("Measured", format="%.3g"), "predicted": _number("Predicted", format="%.3g"),
    "ratio": _number("Predicted over measured", format="%.2f"),
}  # fmt: skip
