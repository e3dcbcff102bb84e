"""What was measured and may be shipped, with what the library predicts for the very same runs."""

from __future__ import annotations

from cutwise.measured.agreement import memory_comparisons
from cutwise.measured.agreement.comparisons import COMPARISONS
from cutwise.measured.agreement.held_choices import CHOICES
from cutwise.measured.decoding_rates import DECODING_RATES, DecodingRate, predicted_rates
from cutwise.measured.energies import energy_comparisons
from cutwise.measured.memory_runs import MEMORY_RUNS, MemoryRun, predicted_memory
from cutwise.measured.split_decisions import Decisions, split_decisions
from cutwise.measured.split_levels import CutPrediction, predicted_splits
from cutwise.measured.split_runs import SPLIT_RUNS, SplitRun, layer_benchmark, split_runs
from cutwise.measured.splits import split_comparisons
from cutwise.measured.times import fitted_times, time_comparisons

COMPARISON_MODULES = (
    time_comparisons,
    fitted_times,
    energy_comparisons,
    split_comparisons,
    memory_comparisons,
)
"""Each adds its rows to `COMPARISONS`."""

__all__ = [
    "CHOICES",
    "COMPARISONS",
    "COMPARISON_MODULES",
    "DECODING_RATES",
    "MEMORY_RUNS",
    "SPLIT_RUNS",
    "CutPrediction",
    "Decisions",
    "DecodingRate",
    "MemoryRun",
    "SplitRun",
    "layer_benchmark",
    "predicted_memory",
    "predicted_rates",
    "predicted_splits",
    "split_decisions",
    "split_runs",
]
