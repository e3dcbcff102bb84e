"""Memory: what is predicted beside what PyTorch took."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import pandas as pd
import streamlit as st

from cutwise.measured import MEMORY_RUNS, MemoryRun, predicted_memory
from cutwise.units import in_prefix, percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.measured_figures import memory_figure
from cutwise_dashboard.views import drawn

NEAR_RATIO = 0.03


def show() -> None:
    """Every run that is shipped, predicted now."""
    st.subheader("Memory of a training step", anchor=False)
    with st.spinner("Predicting every run that was measured …"):
        runs = predicted_memory()
    grid = st.grid(min_column_width=140)
    for title, text in run_figures(runs).items():
        grid.metric(title, text)
    drawn.plotly(
        memory_figure(runs, theme=session.theme()),
        key="truth.memory",
        alt=f"How far the predicted peaks of {len(runs)} runs lie from the measured ones",
    )
    with st.expander("Every run"):
        st.dataframe(run_table(runs), hide_index=True, column_config=_columns(), alt="Measured and predicted")
    st.caption(
        f"Measured here: torch, transformers and peft on a processor (assets/{MEMORY_RUNS}). No process on a "
        "GPU is among these runs: what the runtime takes beside the tensors is fitted to published figures."
    )


def run_figures(runs: Sequence[MemoryRun]) -> dict[str, str]:
    """How near the predictions are, in words by what is said."""
    off = [run.predicted_peak_ratio - 1 for run in runs]
    near = {
        f"{what} within {percent(NEAR_RATIO):.0f} %": sum(abs(ratio - 1) <= NEAR_RATIO for ratio in ratios)
        for what, ratios in (
            ("Peaks", [run.predicted_peak_ratio for run in runs]),
            ("Saved bytes", [run.predicted_saved_ratio for run in runs]),
        )
    }
    return {
        "Runs": f"{len(runs)}",
        **{title: f"{count} of {len(runs)}" for title, count in near.items()},
        "Peak off, median": f"{percent(median(off)):+.1f} %",
        "Peak off, most": f"{percent(max(off, key=abs)):+.1f} %",
    }


def run_table(runs: Sequence[MemoryRun]) -> pd.DataFrame:
    """One row a run."""
    return pd.DataFrame(
        {
            "model": [run.model for run in runs],
            "batch": [run.batch_size for run in runs],
            "tokens": [run.sequence_length for run in runs],
            "options": [run.options for run in runs],
            "measured": [in_prefix(run.measured_peak_bytes, "G") for run in runs],
            "predicted": [in_prefix(run.peak_bytes, "G") for run in runs],
            "off": [percent(run.predicted_peak_ratio - 1) for run in runs],
            "saved": [percent(run.predicted_saved_ratio - 1) for run in runs],
        }
    )


def _columns() -> dict[str, object]:
    number = st.column_config.NumberColumn
    return {
        "model": "Model", "batch": number("Batch"), "tokens": number("Tokens"),
        "options": st.column_config.TextColumn("Options", width="large"),
        "measured": number("Measured peak (GB)", format="%.4g"),
        "predicted": number("Predicted peak (GB)", format="%.4g"),
        "off": number("Peak off by (%)", format="%.2f"),
        "saved": number("Saved bytes off by (%)", format="%.2f"),
    }  # fmt: skip
