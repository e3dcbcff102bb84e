"""Generating text: the classes of hardware, how many measured rates each was fitted to, and by whom."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.hardware.decoding import decoding_classes
from cutwise.units import in_prefix, percent


def show() -> None:
    """One row a class, those that nobody measured among them."""
    classes = decoding_classes().values()
    rows = sum(one.rows for one in classes)
    number = st.column_config.NumberColumn
    with st.container(border=True):
        st.subheader("Speed of text generation", anchor=False)
        st.markdown(
            f"Fitted to **{rows}** published rates of decoding in {len(classes)} classes of hardware; "
            f"{', '.join(one.title for one in classes if not one.rows)} was not measured."
        )
        st.dataframe(
            class_table(),
            hide_index=True,
            column_config={
                "class": "Class", "rates": number("Measured rates"),
                "bandwidth": number("Of the memory's bandwidth (%)", format="%.3g"),
                "layer": number("More for each layer (µs)", format="%.4g"),
                "prompt": number("Of the peak, for prompts (%)", format="%.3g"),
                "source": st.column_config.TextColumn("Source", width="large"),
            },
            alt="Classes of hardware with what they reach and where that comes from",
        )  # fmt: skip
        st.caption(
            "These figures are fits (assets/decoding.toml) for a batch of one. The single rates are others' "
            "and not shipped, so how far each is off is not shown here; None says that nobody measured it."
        )


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
