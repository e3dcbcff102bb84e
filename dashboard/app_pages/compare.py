"""Which is better: kept questions side by side, and below them all schemes on the one that is asked."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page, session
from cutwise_dashboard.boundary import section
from cutwise_dashboard.views import paper_banner
from cutwise_dashboard.views.compare import kept_questions
from cutwise_dashboard.views.schemes import scheme_details, scheme_table, share_comparison


def main() -> None:
    with section("The paper's figure"):
        paper_banner.show(session.stated())
    with section("The kept questions"):
        kept_questions.show()
    with section("All schemes"):
        _schemes()


def _schemes() -> None:
    st.subheader("All schemes", anchor=False)
    graph = page.model()
    if graph is None:
        return
    comparison = page.compared(scheme_table.picked(graph))
    if comparison is None:
        return
    if not comparison.outcomes:
        st.info("Choose at least one scheme above.")
        return
    scheme_table.headline(comparison)
    shown = scheme_table.charts(comparison)
    scheme_table.table(comparison, shown)
    scheme_details.show(comparison, shown)
    share_comparison.show(comparison)


main()
