"""Can it be trusted: measured beside predicted from what is shipped, and what nobody has validated."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.views.truth import memory_beside_runs, not_validated, rounds_measured, speed_of_text


def main() -> None:
    """The runs are predicted last, as that takes seconds the first time, and drawn first."""
    first = st.container(border=True)
    not_validated.show()
    rounds_measured.show()
    speed_of_text.show()
    with first:
        memory_beside_runs.show()


main()
