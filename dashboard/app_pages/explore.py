"""What would change the answer: the map of best cuts, and what energy and a changing rate would do."""

from __future__ import annotations

from cutwise_dashboard import page
from cutwise_dashboard.views.explore import explore_views as explore


def main() -> None:
    question = page.asked()
    if question is not None:
        explore.show(question, question.device)


main()
