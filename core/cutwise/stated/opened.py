"""What comes of opening a link or a file: the question, and what is to be said of it."""

from __future__ import annotations

from typing import NamedTuple

from cutwise.stated.stated_question import StatedQuestion


class Opened(NamedTuple):
    """A question that was opened; `notice` is one sentence where other versions wrote it, else empty."""

    question: StatedQuestion
    notice: str = ""
