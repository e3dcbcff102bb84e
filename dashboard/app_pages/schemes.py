"""All schemes on one scenario: which passes over all data first, at what cost, and what each decides."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page
from cutwise_dashboard.views import messages
from cutwise_dashboard.views.schemes import scheme_details, scheme_table, share_comparison


def main() -> None:
    scenario, graph = page.opened(one_scheme=False)
    st.subheader("Schemes", anchor=False)
    messages.opened_paper()
    comparison = page.compared(graph, scenario, scheme_table.picked(graph))
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
