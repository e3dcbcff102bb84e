"""What is read and tried before anybody is let in: a mistake is told to whoever starts the page."""

from __future__ import annotations

from cutwise.budgets import budgets
from cutwise_dashboard.stores import kept_files

NOT_KEPT = (
    "cutwise: {why}; models still open, but long links lead nowhere, and an uploaded model is asked for "
    "again after a while"
)


def tried_out() -> str:
    """Reads the budgets and writes to the stores; what is to be said of them, empty where all is well.

    Raises `CutwiseError` where the page could not be drawn with what is given.
    """
    budgets()
    why = kept_files.why_nothing_is_kept()
    return NOT_KEPT.format(why=why) if why else ""
