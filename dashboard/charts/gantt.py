"""A played round as a Gantt chart: who does what when, on the devices and on what they share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from cutwise.plans.inference_words import said
from cutwise.simulation.trace import Span, Trace
from cutwise_dashboard.charts.gantt_rows import rows_of
from cutwise_dashboard.charts.palette import PALETTES, Palette, color_of
from cutwise_dashboard.format import as_plotly

MOST_ROWS, MOST_BARS = 40, 4000
WAITING = "Waiting"
PART_OF_KIND = {
    "device_forward": "Device forward",
    "uplink": "Uplink",
    "server": "Server computing",
    "downlink": "Downlink",
    "device_backward": "Device backward",
    "model_down": "Model exchange",
    "model_up": "Model exchange",
    "aggregate": "Averaging",
}
ROLE_OF_PART = {
    "Device forward": "device",
    "Uplink": "uplink",
    "Server computing": "server",
    "Downlink": "downlink",
    "Device backward": "device_backward",
    "Model exchange": "model_exchange",
    "Averaging": "cloud",
    WAITING: "waiting",
}
ROW_PIXELS, FRAME_PIXELS = 24, 160


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBar:
    """One bar: `row` counts from the top; `text` says whose it is."""

    part: str
    row: int
    start_s: float
    length_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GanttInfo:
    """What the chart shows, top row first, and in `left_out` what it does not."""

    rows: tuple[str, ...]
    bars: tuple[TaskBar, ...]
    title: str
    left_out: str


def gantt_info(trace: Trace, *, most_rows: int = MOST_ROWS, most_bars: int = MOST_BARS) -> GanttInfo:
    """The rows and bars of a trace; the devices with the longest turns and the first bars where it has more.

    A device whose stages never overlap has one row with its waiting; one that overlaps them has a row for
    each of its lanes. What devices share has rows of its own.
    """
    if not trace.makespan_s:
        reason = "no task takes any time" if len(trace) else "the round has no tasks"
        return GanttInfo(rows=(), bars=(), title=f"Nothing to draw: {reason}", left_out="")
    rows = rows_of(trace, most_rows=most_rows)
    served = np.flatnonzero((rows.row >= 0) & (trace.finish_s > trace.start_s))
    waited = np.flatnonzero((rows.waiting_row >= 0) & (trace.wait_s > 0))
    start_s = np.concatenate([trace.start_s[served], trace.start_s[waited] - trace.wait_s[waited]])
    first = np.argsort(start_s, kind="stable")[:most_bars]
    bars = [
        _served_bar(trace[served[i]], int(rows.row[served[i]]))
        if i < len(served)
        else _waiting_bar(trace[waited[i - len(served)]], int(rows.waiting_row[waited[i - len(served)]]))
        for i in first
    ]
    left_out = [rows.shown] if rows.shown else []
    if len(start_s) > most_bars:
        until = f"those that start by {start_s[first[-1]]:.4g} s"
        left_out.append(f"the first {most_bars:,} of {len(start_s):,} bars, {until}")
    return GanttInfo(
        rows=rows.names,
        bars=tuple(bars),
        title=f"One round takes {trace.makespan_s:.4g} s",
        left_out=f"Shown: {'; '.join(left_out)}" if left_out else "",
    )


def gantt_figure(trace: Trace, *, theme: str = "light", training: bool = True) -> go.Figure:
    """Horizontal bars over seconds, one row a lane; where there are none, an empty figure that says why."""
    info, palette = gantt_info(trace), PALETTES[theme]
    info = replace(info, title=said(info.title, training=training))
    figure = go.Figure(layout=_layout(info, palette))
    figure.layout.xaxis.title.text = said("seconds of the round", training=training)
    for part, role in ROLE_OF_PART.items():
        bars = [bar for bar in info.bars if bar.part == part]
        if bars:
            figure.add_bar(
                name=part,
                orientation="h",
                base=[bar.start_s for bar in bars],
                x=[bar.length_s for bar in bars],
                y=[bar.row for bar in bars],
                width=0.8,
                opacity=0.5 if part == WAITING else 1.0,
                marker={
                    "color": color_of(role, theme),
                    "line": {"width": 0},
                    "pattern": {"shape": "/" if part == WAITING else ""},
                },
                customdata=[(bar.text, bar.start_s, bar.length_s) for bar in bars],
                hovertemplate="%{customdata[0]}<br>from %{customdata[1]:.4g} s, "
                "for %{customdata[2]:.3g} s<extra></extra>",
            )
    return figure


def _served_bar(span: Span, row: int) -> TaskBar:
    part = PART_OF_KIND[span.kind]
    return TaskBar(
        part=part,
        row=row,
        start_s=span.start_s,
        length_s=span.finish_s - span.start_s,
        text=_text(part, span),
    )


def _waiting_bar(span: Span, row: int) -> TaskBar:
    return TaskBar(
        part=WAITING,
        row=row,
        start_s=span.start_s - span.wait_s,
        length_s=span.wait_s,
        text=_text(f"{WAITING} for {span.resource}", span),
    )


def _text(what: str, span: Span) -> str:
    """What a pointer over a bar reads; iterations count from 1."""
    iteration = f"iteration {span.iteration + 1}" if span.iteration >= 0 else ""
    return " · ".join(as_plotly(part) for part in (span.device, what, iteration) if part)


def _layout(info: GanttInfo, palette: Palette) -> go.Layout:
    last = max(len(info.rows), 1) - 0.5
    return go.Layout(
        title={"text": as_plotly(info.title), "subtitle": {"text": as_plotly(info.left_out)}},
        barmode="overlay",
        height=FRAME_PIXELS + ROW_PIXELS * len(info.rows),
        margin={"l": 8, "r": 16, "t": 104, "b": 8},
        paper_bgcolor=palette.background,
        plot_bgcolor=palette.background,
        font={"color": palette.text},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        showlegend=True,
        xaxis={
            "visible": bool(info.rows),
            "gridcolor": palette.border,
            "rangemode": "tozero",
            "zeroline": False,
        },
        yaxis={
            "visible": bool(info.rows),
            "tickvals": list(range(len(info.rows))),
            "ticktext": [as_plotly(name) for name in info.rows],
            "range": [last, -0.5],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
    )
