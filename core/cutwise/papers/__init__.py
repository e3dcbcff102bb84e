"""The five papers: what they proposed and published, and what we recompute of it."""

from __future__ import annotations

from cutwise.papers.headline import Headline, headline
from cutwise.papers.measures import MEASURES
from cutwise.papers.paper import Figure, Paper, Setting, paper, papers

__all__ = ["MEASURES", "Figure", "Headline", "Paper", "Setting", "headline", "paper", "papers"]
