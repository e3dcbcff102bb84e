"""The five papers: proposed, published, recomputed, and over plausible settings."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.boundary import section
from cutwise_dashboard.views.papers import paper_figures, papers


def main() -> None:
    st.subheader("Papers", anchor=False)
    shown = papers.chosen()
    with section("What was proposed"):
        papers.proposal(shown)
    with section("Published and recomputed"):
        paper_figures.show(shown)
    with section("Over plausible settings"):
        papers.distribution(shown)


main()
