"""What a scenario is asked beyond one plan. One file an analysis; each is registered under its own name."""

from __future__ import annotations

from cutwise.analyses import (
    comparison,
    cut_curve,
    delay_energy,
    explain,
    leakage,
    replanning,
    sweeps,
)
from cutwise.analyses.bands import certainty
from cutwise.analyses.base import ANALYSES, Analysis, Record, analysis_with
from cutwise.analyses.divisions import group_counts
from cutwise.analyses.figures import figure_basis
from cutwise.analyses.maps import break_even_analysis, map_analysis
from cutwise.analyses.what_if import dimensioning, fronts, shadow_prices, targets, tornado, uncertainty

__all__ = [
    "ANALYSES",
    "Analysis",
    "Record",
    "analysis_with",
    "break_even_analysis",
    "certainty",
    "comparison",
    "cut_curve",
    "delay_energy",
    "dimensioning",
    "explain",
    "figure_basis",
    "fronts",
    "group_counts",
    "leakage",
    "map_analysis",
    "replanning",
    "shadow_prices",
    "sweeps",
    "targets",
    "tornado",
    "uncertainty",
]
