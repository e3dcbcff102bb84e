"""A paper: what it proposed, what it published, what we recompute, and how much of that is the setting."""

from __future__ import annotations

import shlex
from importlib.resources import files

import pandas as pd
import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.importers import sample_named
from cutwise.papers import Headline, Paper, paper, papers
from cutwise.papers.paper import FOLDER
from cutwise.units import percent
from cutwise_dashboard import cached, session
from cutwise_dashboard.charts.headline_bars import distribution_figure, influence_figure, setting_text
from cutwise_dashboard.controls import follow, last_seen, readable, seen
from cutwise_dashboard.format import share_text

DRAWS = (300, 1000, 3000, 10_000)
CHOSEN, FIGURE, COUNT, SEED = "papers.key", "papers.figure", "papers.draws", "papers.seed"


def chosen() -> Paper:
    """The paper that is shown."""
    known = list(papers())
    kept = last_seen(CHOSEN)
    follow(CHOSEN, kept if kept in known else known[0])
    key = seen(CHOSEN, st.segmented_control("Paper", known, key=CHOSEN, required=True))
    return paper(key)


def proposal(shown: Paper) -> None:
    """Title, link, idea and formula."""
    st.markdown(f"**{shown.title}** · [arXiv {shown.arxiv}]({shown.link})")
    st.markdown(shown.proposed)
    st.latex(shown.formula)
    st.caption(f"How it is reconstructed here: {shown.reconstruction}")


def figures(shown: Paper) -> None:
    """Published figures beside ours, each with where it comes from."""
    rows = [
        {
            "claim": figure.claim,
            "published": percent(figure.value_ratio),
            "provenance": figure.provenance,
            "ours": percent(preset_ratio(shown, figure.name)),
            "source": figure.source,
        }
        for figure in shown.figures
    ]
    number = st.column_config.NumberColumn
    with st.container(border=True):
        st.subheader("Published and recomputed", anchor=False)
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            column_config={
                "claim": st.column_config.TextColumn("Claim", width="large"),
                "published": number("Published (%)", format="%.2f"),
                "provenance": "Provenance",
                "ours": number("Recomputed (%), calibrated by us", format="%.2f"),
                "source": st.column_config.TextColumn("Source", width="medium"),
            },
            alt="Published figures with their provenance beside recomputed ones",
        )
        st.caption(
            "Recomputed at a setting that we chose so that it lands on the published figure: it shows that "
            "the figure is possible in our model, not that the authors measured there."
        )
        _open(shown)


def preset_ratio(shown: Paper, name: str) -> float:
    """Our figure at the preset."""
    return cached.headline(shown.key, name, 2, 0).preset_ratio


def _open(shown: Paper) -> None:
    told = f"The setting calibrated to {readable(_figure(shown))!r}, on the Plan page"
    if st.button("Open this scenario", key=f"papers.open.{shown.key}", help=told):
        try:
            _take_over(shown)
        except CutwiseError as error:
            st.error(str(error))
            return
        st.switch_page("app_pages/plan.py")


def _figure(shown: Paper) -> str:
    """The figure chosen below, the first at first."""
    names = [figure.name for figure in shown.figures]
    kept = st.session_state.get(f"{FIGURE}.{shown.key}")
    return kept if kept in names else names[0]


def _take_over(shown: Paper) -> None:
    """Model, scenario and scheme of the paper become the session's."""
    name = sample_named(shown.model)
    if name:
        session.choose(sample=name, upload_digest="", upload_name="", dims={}, options={})
    else:
        content = files("cutwise.assets").joinpath(FOLDER).joinpath(shown.model).read_bytes()
        session.add_upload(shown.model, content)
    session.choose(scheme=shown.scheme, options={})
    session.set_scenario(shown.at_preset(_figure(shown)))


def distribution(shown: Paper) -> None:
    """How the reduction is distributed over plausible settings."""
    with st.container(border=True):
        st.subheader("Over plausible settings", anchor=False)
        left, middle, right = st.columns([3, 2, 1])
        names = [figure.name for figure in shown.figures]
        with left:
            key = f"{FIGURE}.{shown.key}"
            follow(key, _figure(shown))
            name = seen(key, st.selectbox("Figure", names, key=key, format_func=readable))
        with middle:
            follow(COUNT, st.session_state.get(COUNT, DRAWS[0]))
            count = seen(COUNT, st.select_slider("Draws", DRAWS, key=COUNT))
        with right:
            follow(SEED, st.session_state.get(SEED, 7))
            seed = int(seen(SEED, st.number_input("Seed", 0, 2**31 - 1, step=1, key=SEED)))
        with st.spinner(f"{count:,} draws …"):
            found = cached.headline(shown.key, name, count, seed)
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
        st.echarts_chart(
            distribution_figure(found, theme=session.theme()), key="papers.distribution", height=300,
            alt="How many draws save how much, the published figure marked",
        )  # fmt: skip
    with right:
        st.echarts_chart(
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
