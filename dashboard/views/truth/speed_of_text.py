"""Generating text: rates that others measured beside the plan's, and what the classes of hardware rest on."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import pandas as pd
import streamlit as st

from cutwise.hardware.decoding import decoding_classes
from cutwise.measured import DECODING_RATES, DecodingRate, predicted_rates
from cutwise.units import in_prefix, percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.measured_figures import rates_figure
from cutwise_dashboard.views import drawn

NEAR_RATIO = 0.25


def show() -> None:
    """Rates that are shipped, planned now, and the classes that were fitted to these and others."""
    rates, number = predicted_rates(), st.column_config.NumberColumn
    with st.container(border=True):
        st.subheader("Speed of text generation", anchor=False)
        grid = st.grid(min_column_width=140)
        for title, text in rate_figures(rates).items():
            grid.metric(title, text)
        drawn.plotly(
            rates_figure(rates, theme=session.theme()),
            key="truth.rates",
            alt=f"Planned over measured tokens a second of {len(rates)} machines",
        )
        with st.expander("Every rate"):
            st.dataframe(rate_table(rates), hide_index=True, column_config=RATE_COLUMNS, alt="Every rate")
        st.caption(
            f"Published in geerlingguy/ai-benchmarks (MIT; assets/{DECODING_RATES}), a batch of one; "
            f"{sum(rate.recalled for rate in rates)} of the memory bandwidths are recalled, not looked up. "
            "The classes below were fitted to these rates and to others' that are not shipped."
        )
        st.dataframe(
            class_table(),
            hide_index=True,
            column_config={
                "class": "Class", "rates": number("Fitted to rates"),
                "bandwidth": number("Of the memory's bandwidth (%)", format="%.3g"),
                "layer": number("More for each layer (µs)", format="%.4g"),
                "prompt": number("Of the peak, for prompts (%)", format="%.3g"),
                "source": st.column_config.TextColumn("Source", width="large"),
            },
            alt="Classes of hardware with what they reach and where that comes from",
        )  # fmt: skip
        st.caption("None says that nobody measured it (assets/decoding.toml).")


def rate_figures(rates: Sequence[DecodingRate]) -> dict[str, str]:
    """How near the plans are, in words by what is said."""
    ratios = [rate.predicted_rate_ratio for rate in rates]
    near = sum(abs(ratio - 1) <= NEAR_RATIO for ratio in ratios)
    furthest = max(ratios, key=lambda ratio: max(ratio, 1 / ratio))
    return {
        "Rates": f"{len(rates)}",
        f"Within {percent(NEAR_RATIO):.0f} %": f"{near} of {len(rates)}",
        "Median": f"× {median(ratios):.2f}",
        "Furthest off": f"× {furthest:.2f}",
    }


def rate_table(rates: Sequence[DecodingRate]) -> pd.DataFrame:
    """One row a machine."""
    return pd.DataFrame(
        {
            "machine": [rate.machine for rate in rates],
            "model": [rate.model for rate in rates],
            "format": [rate.number_format for rate in rates],
            "class": [decoding_classes()[rate.decoding].title for rate in rates],
            "measured": [rate.measured_tokens_per_s for rate in rates],
            "planned": [rate.tokens_per_s for rate in rates],
            "ratio": [rate.predicted_rate_ratio for rate in rates],
            "recalled": [rate.recalled for rate in rates],
            "source": [rate.source for rate in rates],
        }
    )


RATE_COLUMNS = {
    "machine": "Machine", "model": "Model", "format": "Weights", "class": "Class",
    "measured": st.column_config.NumberColumn("Measured (tokens/s)", format="%.3g"),
    "planned": st.column_config.NumberColumn("Planned (tokens/s)", format="%.3g"),
    "ratio": st.column_config.NumberColumn("Planned over measured", format="%.2f"),
    "recalled": "Bandwidth recalled", "source": "Thread",
}  # fmt: skip


def class_table() -> pd.DataFrame:
    """What each class reaches, as it is shipped."""
    classes = decoding_classes().values()
    return pd.DataFrame(
        {
            "class": [one.title for one in classes],
            "rates": [one.rows for one in classes],
            "bandwidth": [percent(one.bandwidth_ratio) for one in classes],
            "layer": [in_prefix(one.layer_s, "µ") for one in classes],
            "prompt": [None if one.prefill_ratio is None else percent(one.prefill_ratio) for one in classes],
            "source": [one.source for one in classes],
        }
    )
