"""One self-contained HTML page of a plan or a comparison: no script, nothing fetched, ready to print."""

from __future__ import annotations

from cutwise_dashboard.reports.comparison_report import comparison_report
from cutwise_dashboard.reports.inputs import Origin
from cutwise_dashboard.reports.plan_report import plan_report

__all__ = ["Origin", "comparison_report", "plan_report"]
