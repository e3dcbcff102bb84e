"""The five papers: proposed, published, recomputed, and over plausible settings."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard.views.papers import paper_figures, papers


def main() -> None:
    st.subheader("Papers", anchor=False)
    shown = papers.chosen()
    papers.proposal(shown)
    paper_figures.show(shown)
    papers.distribution(shown)


main()
