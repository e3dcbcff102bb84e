"""The curve of a device, worked out once for everything that is drawn of it."""

from __future__ import annotations

from cutwise.analyses.bands.certainty import Certainty, certainty
from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.question import Question
from cutwise_dashboard import cached
from cutwise_dashboard.question import AnsweredQuestion


def curve_of(question: AnsweredQuestion, device: int) -> CutCurve:
    """Every cut of one device, without its peaks of memory.

    Raises `SolverError` where the scheme has no cut that moves.
    """
    return _curve(question.asked, device, question)


def certainty_of(question: AnsweredQuestion, device: int) -> Certainty:
    """How far the plan's figures may be off, and how near the best the cut of one device is."""
    return _certainty(question.asked, device, question)


@cached.shared
def _certainty(asked: Question, device: int, _question: AnsweredQuestion) -> Certainty:
    return certainty(_question.problem, _question.plan, device)


@cached.shared
def _curve(asked: Question, device: int, _question: AnsweredQuestion) -> CutCurve:
    return cut_curve(_question.problem, _question.plan, device, with_peaks=False)
