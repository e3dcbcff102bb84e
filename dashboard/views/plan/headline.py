"""The headline: figures beside the baseline that the reader chose, and why the device is cut where it is."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import streamlit as st

from cutwise.analyses.cut_curve import CutCurve
from cutwise.plans.plan import Plan
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard import cached, session
from cutwise_dashboard.charts.palette import DARK, LIGHT
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan import more
from cutwise_dashboard.views.plan.headline_figures import (
    HeadlineFigure,
    Standing,
    baseline_text,
    headline_figures,
    standing,
)
from cutwise_dashboard.views.plan.reason import html_of, rates_text, why_text

COLORS = ("primary", "good", "bad")


def draw(question: AnsweredQuestion, device: int, *, baseline: str, curve: CutCurve | None = None) -> None:
    """Figures and reason side by side, one above the other on a phone."""
    with st.container(key="headline", gap=None):
        draw_figures(question, baseline=baseline)
        draw_reason(question, device, baseline=baseline, curve=curve)


def draw_figures(question: AnsweredQuestion, *, baseline: str) -> None:
    """The figures of the plan that is shown."""
    compared = baseline_of(question, baseline)
    st.html(styles() + figures_html(headline_figures(question.plan, compared)))


def draw_reason(
    question: AnsweredQuestion, device: int, *, baseline: str, curve: CutCurve | None = None
) -> None:
    """Why the device is cut where it is, which rates move that, and what is proven."""
    asked, plan, pinned = question.asked, question.plan, bool(question.asked.cut)
    sentences = (
        why_text(question.problem, plan, device, pinned=pinned, curve=curve),
        rates_text(asked, plan, device),
    )
    against = baseline_text(baseline, baseline_of(question, baseline))
    st.html(styles() + reason_html(sentences, standing(plan, pinned=pinned), against))


def baseline_of(question: AnsweredQuestion, name: str) -> Plan | None:
    """The plan of the baseline that the reader chose: by name, the best valid one, or none."""
    if name in {"", BEST_BASELINE}:
        return question.baseline if name else None
    return cached.named_baseline(question.asked.graph, question.scenario, name)


def figures_html(shown: Sequence[HeadlineFigure]) -> str:
    """The figures as HTML, the first one large.

    >>> figures_html((HeadlineFigure(label="Energy", value="8 kJ", change="<2 ×", kind="good"),))
    '<div class="cutwise-figures"><div class="cutwise-figure first"><small>Energy</small><b>8 kJ</b>\
<span class="good">&lt;2 ×</span></div></div>'
    """
    cells = (
        f'<div class="cutwise-figure{"" if at else " first"}"><small>{html.escape(one.label)}</small>'
        f'<b>{html.escape(one.value)}</b><span class="{one.kind}">{html.escape(one.change)}</span></div>'
        for at, one in enumerate(shown)
    )
    return f'<div class="cutwise-figures">{"".join(cells)}</div>'


def reason_html(sentences: Sequence[str], proof: Standing, against: str) -> str:
    """The sentences with their bold words, and the proof with the baseline beside it, as HTML."""
    told = "".join(f"<p>{html_of(sentence)}</p>" for sentence in sentences if sentence)
    verdict = f'<b class="{proof.kind}">{html.escape(proof.verdict)}</b>{html.escape(proof.by)}'
    beside = f" <span>{html.escape(against)}</span>" if against else ""
    return f'<div class="cutwise-reason">{told}<p class="proof">{verdict}{beside}</p></div>'


def styles() -> str:
    """The look of figures and reason, with the colours of both themes."""
    sheet = files(__package__).joinpath("headline.css").read_text(encoding="utf-8")
    colors = "".join(
        f"--cutwise-{name}: light-dark({getattr(LIGHT, name)}, {getattr(DARK, name)});" for name in COLORS
    )
    return f"<style>.cutwise-figures, .cutwise-reason {{ {colors} }}\n{sheet}</style>"


def show(question: AnsweredQuestion) -> None:
    """The headline of the device that takes longest, compared with the best valid baseline."""
    turns = [float(stage.delay_s) for stage in question.plan.stages]
    draw(question, turns.index(max(turns)), baseline=BEST_BASELINE)
    more.show(question)
    if question.asked.cut and st.button("Unpin"):
        session.choose(options={k: v for k, v in question.choice.options.items() if k != "cut"})
        st.rerun()
    if question.problem.ties and st.button("Untie"):
        workload = replace(question.scenario.workload, tied_weights="untied")
        session.set_scenario(replace(question.scenario, workload=workload))
        st.rerun()
