"""The five papers: proposed, published, recomputed, and over plausible settings."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.views import messages
from cutwise_dashboard.views.papers import papers


def main() -> None:
    messages.opened_link()
    st.subheader("Papers", anchor=False)
    shown = papers.chosen()
    papers.proposal(shown)
    papers.figures(shown)
    papers.distribution(shown)


main()
