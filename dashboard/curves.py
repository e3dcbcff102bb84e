"""The curve of a device, worked out once for everything that is drawn of it."""

from __future__ import annotations

from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.question import Question
from cutwise_dashboard import cached
from cutwise_dashboard.question import AnsweredQuestion


def curve_of(question: AnsweredQuestion, device: int) -> CutCurve:
    """Every cut of one device, without its peaks of memory.

    Raises `SolverError` where the scheme has no cut that moves.
    """
    return _curve(question.asked, device, question)


@cached.shared
def _curve(asked: Question, device: int, _question: AnsweredQuestion) -> CutCurve:
    return cut_curve(_question.problem, _question.plan, device, with_peaks=False)
