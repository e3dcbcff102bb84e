"""Can it be trusted: measured beside predicted from what is shipped, and what nobody has validated."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.views.truth import (
    held_comparisons,
    held_decisions,
    memory_beside_runs,
    not_validated,
    rounds_measured,
    speed_of_text,
)


def main() -> None:
    """What takes seconds the first time is worked out when the rest is drawn; the runs stand first."""
    held = st.container()
    first = st.container(border=True)
    not_validated.show()
    rounds_measured.show()
    with held:
        held_comparisons.show()
        held_decisions.show()
    with first:
        memory_beside_runs.show()
    speed_of_text.show()


main()
