"""One self-contained HTML page of a plan or a comparison: no script, nothing fetched, ready to print."""

from __future__ import annotations

from dashboard.reports.comparison_report import comparison_report
from dashboard.reports.inputs import Origin
from dashboard.reports.plan_report import plan_report

__all__ = ["Origin", "comparison_report", "plan_report"]
