"""Can it be trusted: measured beside predicted from what is shipped, and what nobody has validated."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.views.truth import memory_beside_runs, not_validated, rounds_measured, speed_of_text


def main() -> None:
    """What takes seconds the first time is worked out when the rest is drawn; the runs stand first."""
    first = st.container(border=True)
    not_validated.show()
    rounds_measured.show()
    with first:
        memory_beside_runs.show()
    speed_of_text.show()


main()
