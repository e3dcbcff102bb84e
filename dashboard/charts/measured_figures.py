"""Figures of what was measured: predicted beside measured bytes, and accuracy round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cutwise.convergence.table import Curves
from cutwise.hardware.decoding import decoding_classes
from cutwise.measured import DecodingRate, MemoryRun
from cutwise.units import in_prefix, percent
from cutwise_dashboard.charts.palette import PALETTES, Palette
from cutwise_dashboard.format import readable

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot")
LEAST_SPAN_PERCENT = 10.0


def memory_figure(runs: Sequence[MemoryRun], *, theme: str) -> go.Figure:
    """How far the predicted peak lies from the measured one, a point a run, over the measured peak."""
    palette = PALETTES[theme]
    figure = go.Figure(
        layout=plain_layout(palette, x="measured peak (GB)", y="predicted beside measured (%)")
    )
    figure.update_xaxes(type="log", dtick="D2", tickformat="~g")
    off = [float(percent(run.predicted_peak_ratio - 1)) for run in runs]
    most = max(LEAST_SPAN_PERCENT, *(1.2 * abs(one) for one in off))
    figure.update_yaxes(range=[-most, most])
    figure.add_hline(y=0.0, line={"color": palette.text, "width": 1})
    for place, model in enumerate(dict.fromkeys(run.model for run in runs)):
        chosen = [(run, ratio) for run, ratio in zip(runs, off, strict=True) if run.model == model]
        figure.add_scatter(
            x=[in_prefix(run.measured_peak_bytes, "G") for run, _ in chosen],
            y=[ratio for _, ratio in chosen],
            mode="markers", name=model,
            marker={"color": palette.categorical[place], "symbol": SYMBOLS[place], "size": 9},
            opacity=0.85,
            customdata=[_told(run) for run, _ in chosen],
            hovertemplate="%{customdata}<br>%{y:+.2f} % of %{x:.3g} GB<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    return figure


def _told(run: MemoryRun) -> str:
    return f"{run.options}; batch {run.batch_size} of {run.sequence_length}"


def rates_figure(rates: Sequence[DecodingRate], *, theme: str) -> go.Figure:
    """Planned over measured tokens a second, a point a machine, a colour a class of hardware."""
    palette = PALETTES[theme]
    figure = go.Figure(layout=plain_layout(palette, x="measured (tokens/s)", y="planned over measured"))
    figure.update_xaxes(type="log", dtick="D2", tickformat="~g")
    figure.update_yaxes(type="log", dtick="D2", tickformat="~g")
    figure.add_hline(y=1.0, line={"color": palette.text, "width": 1})
    classes = decoding_classes()
    for place, name in enumerate(dict.fromkeys(rate.decoding for rate in rates)):
        chosen = [rate for rate in rates if rate.decoding == name]
        figure.add_scatter(
            x=[rate.measured_tokens_per_s for rate in chosen],
            y=[rate.predicted_rate_ratio for rate in chosen],
            mode="markers", name=classes[name].title, opacity=0.85,
            marker={"color": palette.categorical[place], "symbol": SYMBOLS[place], "size": 9},
            customdata=[f"{escape(rate.machine)}, {rate.model}, {rate.number_format}" for rate in chosen],
            hovertemplate="%{customdata}<br>%{y:.2f} × the measured %{x:.3g} tokens/s<extra></extra>",
        )  # fmt: skip
    return figure


def accuracy_figure(curves: Mapping[str, Curves], *, target: float, theme: str) -> go.Figure:
    """Accuracy after each round, a line a scheme: the mean over the seeds, and the target."""
    palette = PALETTES[theme]
    figure = go.Figure(layout=plain_layout(palette, x="rounds", y="right answers (%)"))
    for place, (name, found) in enumerate(curves.items()):
        mean = percent(np.mean(found.accuracy, axis=0))
        figure.add_scatter(
            x=list(range(1, len(mean) + 1)), y=mean.tolist(), mode="lines", name=readable(name),
            line={"color": palette.categorical[place], "width": 2, "dash": DASHES[place % len(DASHES)]},
            hovertemplate="round %{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_hline(y=percent(target), line={"color": palette.cut, "width": 1, "dash": "dash"})
    return figure


def plain_layout(palette: Palette, *, height: int = 380, **titles: str) -> go.Layout:
    """A figure on the page's own ground, with its legend above and titles of both axes."""
    axis: dict[str, Any] = {"gridcolor": palette.border, "zeroline": False, "automargin": True}
    return go.Layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 72, "b": 8},
        paper_bgcolor=palette.background,
        plot_bgcolor=palette.background,
        font={"color": palette.text},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=axis | {"title": {"text": titles["x"]}},
        yaxis=axis | {"title": {"text": titles["y"]}},
    )
