"""Rounds to an accuracy: what was trained, and what of it a plan may say."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from cutwise.convergence.table import TABLE, Cell, ConvergenceTable, Curves, rounds_to_target, shipped_table
from cutwise_dashboard import session
from cutwise_dashboard.charts.measured_figures import accuracy_figure
from cutwise_dashboard.format import readable, rounds_text, share_text
from cutwise_dashboard.views import drawn

TARGETS = (0.8, 0.9, 0.95)
POOLED = "pooled"
NONE = "none"


def show() -> None:
    """Accuracy by round of every scheme that was trained with one local epoch, and rounds to a target."""
    table = shipped_table()
    with st.container(border=True):
        st.subheader("Rounds to an accuracy", anchor=False)
        left, right = st.columns(2)
        partitions = [
            name for name in dict.fromkeys(cell.partition for cell in table.cells) if name != POOLED
        ]
        partition = left.segmented_control(
            "Data of the devices", partitions, key=session.begin("view.truth.partition", partitions[0]),
            format_func=readable, required=True,
        )  # fmt: skip
        target = right.segmented_control(
            "Target", TARGETS, key=session.begin("view.truth.target", TARGETS[1]), required=True,
            format_func=lambda share: share_text(share, ".0f"),
        )  # fmt: skip
        shown = shown_cells(table, str(partition))
        drawn.plotly(
            accuracy_figure({_title(cell, shown): curves for cell, curves in shown.items()}, target=target,
                            theme=session.theme()),
            key="truth.rounds",
            alt=f"Accuracy by round of {len(shown)} ways to train",
        )  # fmt: skip
        st.dataframe(rounds_table(shown, target), hide_index=True, alt="Rounds to the target")
        st.caption(told(table))


def shown_cells(table: ConvergenceTable, partition: str) -> dict[Cell, Curves]:
    """What was trained on this partition with one local epoch and without compression, and pooled data."""
    return {
        cell: curves
        for cell, curves in table.cells.items()
        if cell.partition in {partition, POOLED} and cell.local_epochs == 1 and cell.compression == NONE
    }


def rounds_table(shown: dict[Cell, Curves], target: float) -> pd.DataFrame:
    """Rounds to the target, least to most over the seeds, as a plan would say them."""
    rows = []
    for cell in shown:
        found = rounds_to_target(cell.scheme, cell.partition, 1, cell.groups, NONE, target)
        assert found is not None
        rows.append(
            {
                "trained": _title(cell, shown),
                "rounds (least to most of the seeds)": rounds_text(found.median, found.low, found.high),
                "seeds that got there": f"{found.seeds_reached} of {found.seeds}",
            }
        )
    return pd.DataFrame(rows)


def _title(cell: Cell, shown: Iterable[Cell]) -> str:
    """The scheme, with its groups where it was trained with several numbers of them."""
    several = len({other.groups for other in shown if other.scheme == cell.scheme}) > 1
    return f"{readable(cell.scheme)}{f', {cell.groups} groups' if several else ''}"


def told(table: ConvergenceTable) -> str:
    """What was trained, in a sentence of the table's own facts."""
    facts = table.facts
    seeds = len(next(iter(table.cells.values())).seeds)
    return (
        f"Trained here: {facts['model']} on {facts['data']}, {facts['devices']} devices, {facts['cells']} "
        f"settings with {seeds} seeds each (assets/{TABLE}). A plan takes these rounds over as they are: "
        "they order schemes, and no other model was held against them."
    )
