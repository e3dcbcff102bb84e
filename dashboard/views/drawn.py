"""The one place where a figure is given to the page: nothing that is not finite passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite, finite_figure


def echarts(option: Mapping[str, Any], **how: Any) -> Any:
    """An ECharts option, drawn; answers what is selected in it."""
    return st.echarts_chart(finite(option), **how)


def plotly(figure: go.Figure, **how: Any) -> Any:
    """A Plotly figure, drawn; answers what is selected in it."""
    return st.plotly_chart(finite_figure(figure), **how)
