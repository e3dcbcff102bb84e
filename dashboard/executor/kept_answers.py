"""Answers that are kept for all sessions, by digest."""

from __future__ import annotations

from typing import Any

from cutwise.frozen import frozen
from cutwise_dashboard.caches import kept


class KeptAnswer:
    """The place of one answer: empty until it is found."""

    __slots__ = ("found", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.found = False

    def put(self, value: Any) -> None:
        self.value = frozen(value)
        self.found = True


@kept
def answer_of(function: str, key: str) -> KeptAnswer:
    """Where the answer of this function to this question is kept; the table says how many there are."""
    return KeptAnswer()
