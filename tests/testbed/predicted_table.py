"""Predicted beside measured seconds of a run, printed by level."""

from __future__ import annotations

import numpy as np

from cutwise.measured.split_decisions import decisions
from cutwise.measured.split_levels import LEVELS, cut_predictions
from cutwise.measured.split_runs import LayerBenchmark, SplitRun
from tests.bench.clock import table


def off_ratios(run: SplitRun, level: str, benchmark: LayerBenchmark) -> np.ndarray:
    """How far the level is off at each cut, without a sign."""
    return np.array([abs(cut.predicted_ratio - 1) for cut in cut_predictions(run, level, benchmark)])


def print_levels(run: SplitRun, benchmark: LayerBenchmark) -> None:
    """A line a level: error over the cuts, and what its choices cost on the grid of 84 scenarios."""
    rows = []
    for level in LEVELS:
        off, chosen = off_ratios(run, level, benchmark), decisions(run, level, benchmark)
        rows.append(
            [
                level,
                f"{100 * off.mean():.1f}",
                f"{100 * off.max():.1f}",
                f"{chosen.right}/{chosen.scenarios}",
                f"{100 * chosen.mean_regret_ratio:.2f}",
                f"{100 * chosen.worst_regret_ratio:.1f}",
            ]
        )
    print(f"\n{run.name}: {len(run.cuts)} cuts, device {run.slowdown_ratio:g} times slower, percent")
    table(["level", "off, mean", "worst cut", "right cuts", "regret, mean", "worst"], rows)
