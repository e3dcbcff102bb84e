"""The five papers: what they proposed and published, and what we recompute of it."""

from __future__ import annotations

from core.papers.headline import Headline, headline
from core.papers.measures import MEASURES
from core.papers.paper import Figure, Paper, Setting, paper, papers

__all__ = ["MEASURES", "Figure", "Headline", "Paper", "Setting", "headline", "paper", "papers"]
