"""The Simulate page: one round task by task and every device's turn."""

from __future__ import annotations

from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan import devices
from cutwise_dashboard.views.simulate import one_round


def show(question: AnsweredQuestion) -> None:
    """The round as it is played, and the turns that make it."""
    one_round.show(question)
    devices.bars(question, question.device)
