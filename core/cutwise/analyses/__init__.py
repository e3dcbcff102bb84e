"""What a scenario is asked beyond one plan. One file an analysis; each is registered under its own name."""

from __future__ import annotations

from cutwise.analyses import (
    comparison,
    cut_curve,
    delay_energy,
    explain,
    figure_basis,
    leakage,
    replanning,
    sweeps,
)
from cutwise.analyses.bands import certainty
from cutwise.analyses.base import ANALYSES, Analysis, Record, analysis_with

__all__ = [
    "ANALYSES",
    "Analysis",
    "Record",
    "analysis_with",
    "certainty",
    "comparison",
    "cut_curve",
    "delay_energy",
    "explain",
    "figure_basis",
    "leakage",
    "replanning",
    "sweeps",
]
