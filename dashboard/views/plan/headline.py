"""The headline: figures beside the baseline that the reader chose, and why the device is cut where it is."""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib.resources import files

import streamlit as st

from cutwise.analyses.base import MOST_DEVICES
from cutwise.analyses.cut_curve import CutCurve
from cutwise.errors import SolverError
from cutwise_dashboard.charts.palette import DARK, LIGHT
from cutwise_dashboard.curves import certainty_of, curve_of
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan.headline_figures import (
    HeadlineFigure,
    Standing,
    baseline_text,
    certainty_text,
    headline_figures,
    standing,
)
from cutwise_dashboard.views.plan.reason import html_of, rates_text, why_text

COLORS = ("primary", "good", "bad")


def draw_figures(question: AnsweredQuestion) -> None:
    """The figures of the plan that is shown."""
    st.html(styles() + figures_html(headline_figures(question.plan, question.baseline)))


def draw_reason(question: AnsweredQuestion) -> None:
    """Why the device looked at is cut where it is, which rates move that, and what is proven."""
    asked, plan, device = question.asked, question.plan, question.device
    pinned = bool(asked.cut)
    sentences = (
        why_text(question.problem, plan, device, pinned=pinned, curve=_curve(question)),
        rates_text(asked, plan, device),
    )
    against = baseline_text(question.stated.baseline, question.baseline)
    st.html(styles() + reason_html(sentences, standing(plan, pinned=pinned), against))


def draw_certainty(question: AnsweredQuestion) -> None:
    """How far the figures may be off: after them, since many worlds are priced for it."""
    if len(question.plan.decisions) > MOST_DEVICES:
        return
    told = certainty_text(certainty_of(question, question.device))
    st.html(f'{styles()}<div class="cutwise-certainty"><p>{html.escape(told)}</p></div>')


def _curve(question: AnsweredQuestion) -> CutCurve | None:
    """The device's curve, None where its scheme has no cut that moves."""
    try:
        return curve_of(question, question.device)
    except SolverError:
        return None


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
    return f"<style>.cutwise-figures, .cutwise-reason, .cutwise-certainty {{ {colors} }}\n{sheet}</style>"
