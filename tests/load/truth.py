"""The figures that a question has by the library, worked out in this process for whatever was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import cutwise
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import baseline_plan, shown_plan
from cutwise.stated.link import question_of_link
from cutwise.stated.stated_question import BEST_BASELINE, ModelReference, StatedQuestion, question_about
from cutwise_dashboard.views.plan.headline_figures import headline_figures
from tests.load.driven_session import Answer, Figures


class Truth:
    """By the address of a question; `uploads` are models by the digest of their file."""

    def __init__(self, uploads: Mapping[str, ModelGraph] | None = None) -> None:
        self._uploads = uploads or {}
        self.figures = cache(self._figures)

    def is_shown(self, answer: Answer) -> bool:
        """True where just the library's figures were shown."""
        return answer.figures == self.figures(answer.question)

    def _figures(self, link: str) -> Figures:
        stated = question_of_link(link)
        asked = question_about(self._graph(stated.model), stated)
        against = _against(stated)
        baseline = None if against is None else baseline_plan(replace(asked, cut="", baseline=against))
        return tuple(
            (one.label, one.value, one.change) for one in headline_figures(shown_plan(asked), baseline)
        )

    def _graph(self, model: ModelReference) -> ModelGraph:
        if model.digest:
            return self._uploads[model.digest]
        return cutwise.load_model(f"sample:{model.sample}", dims=dict(model.dims) or None)


def _against(stated: StatedQuestion) -> str | None:
    """What the library calls the baseline that is shown; None where there is none."""
    if not stated.baseline:
        return None
    return "" if stated.baseline == BEST_BASELINE else stated.baseline
