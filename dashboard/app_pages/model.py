"""The model: what its import found and assumed, its graph by cost, its ops and blocks."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.import_report import import_report
from cutwise_dashboard import page
from cutwise_dashboard.views.model import import_report as report_view
from cutwise_dashboard.views.model import op_graph


def main() -> None:
    scenario, graph = page.opened()
    question = page.asked(graph, scenario)
    if question is None:
        return
    report_view.show(replace(import_report(question.problem.cost), name=question.name))
    op_graph.show(question)


main()
