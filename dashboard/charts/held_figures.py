"""Figures of measured rows: predicted over measured values, both from least to most by powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from cutwise.measured.agreement.held_rows import WIDE_RATIO, HeldRow
from cutwise_dashboard.charts.measured_figures import SYMBOLS, plain_layout
from cutwise_dashboard.charts.palette import PALETTES

MOST_POINTS = 400
"""Of one colour; of more every so many-th is drawn."""


def held_figure(groups: Mapping[str, Sequence[HeldRow]], *, unit: str, theme: str) -> go.Figure:
    """A point a row, a colour a group, hollow where constants were fitted on it; a line where both agree."""
    palette = PALETTES[theme]
    figure = go.Figure(
        layout=plain_layout(palette, x=f"measured ({unit})", y=f"predicted ({unit})", height=460)
    )
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(type="log", dtick=1, exponentformat="power")
    ends = [bound(row.measured for rows in groups.values() for row in rows) for bound in (min, max)]
    for ratio, dash in ((1.0, "solid"), (1 + WIDE_RATIO, "dot"), (1 - WIDE_RATIO, "dot")):
        figure.add_scatter(
            x=ends, y=[ratio * end for end in ends], mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": palette.text, "width": 1, "dash": dash},
        )  # fmt: skip
    for place, (name, rows) in enumerate(groups.items()):
        colour = palette.categorical[place % len(palette.categorical)]
        shape = SYMBOLS[place % len(SYMBOLS)]
        drawn = rows[:: -(-len(rows) // MOST_POINTS)]
        figure.add_scatter(
            x=[row.measured for row in drawn],
            y=[row.predicted for row in drawn],
            mode="markers", name=name, opacity=0.8,
            marker={
                "color": colour, "size": 7, "line": {"color": colour, "width": 1},
                "symbol": [f"{shape}-open" if row.is_learnt else shape for row in drawn],
            },
            customdata=[f"{escape(row.name)}, {escape(row.hardware)}" for row in drawn],
            hovertemplate=f"%{{customdata}}<br>%{{y:.3g}} beside %{{x:.3g}} {unit}<extra></extra>",
        )  # fmt: skip
    return figure
