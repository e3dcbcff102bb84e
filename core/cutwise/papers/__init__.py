"""The five papers: what they proposed and published, and what we recompute of it."""

from __future__ import annotations

from cutwise.papers.deviations import Deviation
from cutwise.papers.headline import Headline, headline
from cutwise.papers.measures import MEASURES
from cutwise.papers.paper import Figure, Paper, Setting, paper, papers
from cutwise.papers.recomputed import Beside, Recomputed, meets, read_beside, recomputed, schemes_of

__all__ = [
    "MEASURES",
    "Beside",
    "Deviation",
    "Figure",
    "Headline",
    "Paper",
    "Recomputed",
    "Setting",
    "headline",
    "meets",
    "paper",
    "papers",
    "read_beside",
    "recomputed",
    "schemes_of",
]
