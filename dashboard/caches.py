"""Everything that the page keeps for all sessions, in one table like the library's."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.caches import Cache, keeping
from cutwise.frozen import FrozenDict

PAGE_CACHES: Mapping[str, Cache] = FrozenDict(
    {
        "cutwise_dashboard.cached.sample": Cache(
            entries=16, key="name and open dimensions", keeps="a shipped model"
        ),
        "cutwise_dashboard.cached.blocks_of": Cache(entries=64, key="graph", keeps="its blocks"),
        "cutwise_dashboard.strip.context.facts_in_words": Cache(
            entries=None, key="dataclass, field, training", keeps="label, help and bounds of a control"
        ),
        "cutwise_dashboard.strip.fields_shown._field_of": Cache(
            entries=4096,
            key="field, path, value, type, training",
            keeps="the control of a field that holds a plain value",
            by_type=True,
        ),
        "cutwise_dashboard.curves._certainty": Cache(
            entries=128, key="question, device", keeps="bands of the figures, how near the best the cut is"
        ),
        "cutwise_dashboard.curves._curve": Cache(
            entries=128, key="question, device", keeps="every cut of the device"
        ),
        "cutwise_dashboard.models._uploaded": Cache(
            entries=32, key="digest, name and open dimensions", keeps="an uploaded model"
        ),
        "cutwise_dashboard.executor.kept_answers.answer_of": Cache(
            entries=512, key="function and the digest of its question", keeps="the answer"
        ),
        "cutwise_dashboard.executor.executor.shared_executor": Cache(
            entries=1, key="none", keeps="workers, and what is on its way"
        ),
        "cutwise_dashboard.views.learn.rate_lines.rate_lines": Cache(
            entries=4, key="graph, scenario, device", keeps="a line a cut, over seconds a bit"
        ),
        "cutwise_dashboard.charts.graph.graph_geometry.edge_ends": Cache(
            entries=16, key="graph", keeps="producers and readers as arrays"
        ),
        "cutwise_dashboard.charts.graph.graph_geometry.geometry_of": Cache(
            entries=64, key="graph, blocks, which are open", keeps="where everything is drawn"
        ),
        "cutwise_dashboard.charts.graph.layered_layout.lay_out": Cache(
            entries=512, key="structure of a block", keeps="where its ops are drawn"
        ),
        "cutwise_dashboard.components.ruler.payload._payload": Cache(
            entries=64, key="question, device, theme", keeps="what the cut ruler is sent"
        ),
        "cutwise_dashboard.components.fleet_table.fleet_data.cell_text": Cache(
            entries=40_000, key="field and value", keeps="the value as a cell shows it"
        ),
        "cutwise_dashboard.components.dag_view.payload.packed_geometry": Cache(
            entries=64, key="geometry", keeps="its JSON values"
        ),
        "cutwise_dashboard.views.plan.break_even_strips._strips": Cache(
            entries=64, key="question, device, tray, theme", keeps="what is best along its sliders"
        ),
        "cutwise_dashboard.views.simulate.one_round.played": Cache(
            entries=16, key="question", keeps="its round, played task by task"
        ),
    }
)
"""Every cache of the page, by the full name of what is kept."""

kept = keeping(PAGE_CACHES)
"""Keeps the answers of a function that knows no page."""
