"""What the import found, assumed and could not price."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.importers.import_report import ImportReport
from cutwise.units import in_prefix
from cutwise_dashboard.format import as_written, quantity_text, share_text

ACTIVE_HELP = (
    "What one token meets: all parameters but the experts that it is not routed to. Tables of words count "
    "whole here; some publishers leave them out."
)


def show(report: ImportReport) -> None:
    with st.container(border=True):
        st.subheader(as_written(report.name), anchor=False)
        grid = st.grid(5, min_column_width=150)
        grid.metric("Ops", f"{report.ops:,}")
        grid.metric("Edges", f"{report.edges:,}")
        grid.metric("Parameters", _counted(report.parameters), help=f"{report.parameters:,}")
        if report.active_parameters != report.parameters:
            grid.metric(
                "Active for a token",
                _counted(report.active_parameters),
                help=f"{report.active_parameters:,}: {ACTIVE_HELP}",
            )
        grid.metric(
            "Trainable",
            _counted(report.trainable_parameters),
            help=f"{report.trainable_parameters:,}",
        )
        grid.metric("Multiply-adds a sample", quantity_text(report.macs, ""))
        st.caption(f"{as_written(report.format)} · digest {report.digest[:16]}…")
        for warning in report.warnings:
            st.warning(as_written(warning))
        if report.unpriced:
            kinds = ", ".join(f"{count} × {as_written(kind)}" for kind, count in report.unpriced.items())
            st.warning(
                f"No formula for {kinds}: their FLOPs are missing from every figure. They make "
                f"{share_text(report.unpriced_ratio)} of all elements."
            )
        frame = pd.DataFrame(
            {
                "figure": [name.replace("_", " ") for name in report.confidence],
                "how sure": list(report.confidence.values()),
            }
        )
        st.dataframe(frame, hide_index=True, alt="How sure each figure is")


def _counted(parameters: int) -> str:
    """A count that fits its place: whole up to nine digits, then in billions."""
    giga = in_prefix(parameters, "G")
    return f"{parameters:,}" if giga < 1 else f"{giga:.4g} billion"
