"""What was understood of the file: what the import found and assumed, the graph by cost, ops and blocks."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.import_report import import_report
from cutwise_dashboard import page
from cutwise_dashboard.boundary import section
from cutwise_dashboard.views.model import import_report as report_view
from cutwise_dashboard.views.model import op_graph, stated_by_file


def main() -> None:
    question = page.asked()
    if question is None:
        return
    with section("What was read"):
        report_view.show(replace(import_report(question.problem.cost), name=question.name))
    with section("What the file says"):
        stated_by_file.show(question.asked.graph)
    with section("The graph"):
        op_graph.show(question)


main()
