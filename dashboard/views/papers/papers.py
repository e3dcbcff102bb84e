"""A paper: what it proposed, what it published, what we recompute, and how much of that is the setting."""

from __future__ import annotations

import shlex

import pandas as pd
import streamlit as st

from cutwise.papers import Headline, Paper, paper, papers
from cutwise.units import percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.headline_bars import distribution_figure, influence_figure, setting_text
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import as_written, readable, share_text
from cutwise_dashboard.views import drawn

DRAWS = (300, 1000, 3000, 10_000)
CHOSEN, FIGURE = "view.papers.key", "view.papers.figure"
COUNT, SEED = "view.papers.draws", "view.papers.seed"
FIRST_SEED = 7


def chosen() -> Paper:
    """The paper that is shown."""
    known = list(papers())
    st.session_state.setdefault(CHOSEN, known[0])
    return paper(str(st.segmented_control("Paper", known, key=CHOSEN, required=True)))


def proposal(shown: Paper) -> None:
    """Title, link, idea and formula."""
    st.markdown(f"**{shown.title}** · [arXiv {shown.arxiv}]({shown.link})")
    st.markdown(shown.proposed)
    with st.container(key="formula"):
        st.latex(shown.formula)
    st.caption(f"How it is reconstructed here: {shown.reconstruction}")


def distribution(shown: Paper) -> None:
    """How the reduction is distributed over plausible settings."""
    with st.container(border=True):
        st.subheader("Over plausible settings", anchor=False)
        left, middle, right = st.columns([3, 2, 1])
        names = [figure.name for figure in shown.figures]
        with left:
            name = st.selectbox("Figure", names, key=f"{FIGURE}.{shown.key}", format_func=readable)
        with middle:
            count = int(st.select_slider("Draws", DRAWS, key=COUNT))
        with right:
            st.session_state.setdefault(SEED, FIRST_SEED)
            seed = int(st.number_input("Seed", 0, 2**31 - 1, step=1, key=SEED))
        with st.spinner(as_written(f"{count:,} draws …")):
            found = answered(questions.paper_headline, shown.key, name, count, seed, words=f"{count:,} draws")
        _charts(found)
        _ranges(shown)
        words = ["cutwise", "papers", shown.key, "--figure", name]
        command = shlex.join([*words, "--draws", str(count), "--seed", str(seed)])
        st.code(command, language="bash", wrap_lines=True)


def _charts(found: Headline) -> None:
    quantiles = found.quantiles
    st.markdown(
        f"Half of the draws save between {percent(quantiles[0.25]):.0f} and "
        f"{share_text(quantiles[0.75], '.0f')}; "
        f"{share_text(found.published_rank_ratio, '.0f')} of them save less than what was published "
        f"({share_text(found.figure.value_ratio, '.4g')})."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        drawn.echarts(
            distribution_figure(found, theme=session.theme()), key="papers.distribution", height=300,
            alt="How many draws save how much, the published figure marked",
        )  # fmt: skip
    with right:
        drawn.echarts(
            influence_figure(found, theme=session.theme()), key="papers.influence", height=300,
            alt=f"{setting_text(next(iter(found.influence)))} moves it most",
        )  # fmt: skip


def _ranges(shown: Paper) -> None:
    with st.expander("What was drawn"):
        rows = [
            {"setting": one.path, "from": one.low, "to": one.high, "scale": one.scale, "why": one.why}
            for one in shown.settings
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True)
