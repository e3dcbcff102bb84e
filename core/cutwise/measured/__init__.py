"""What was measured and may be shipped, with what the library predicts for the very same runs."""

from __future__ import annotations

from cutwise.measured.decoding_rates import DECODING_RATES, DecodingRate, predicted_rates
from cutwise.measured.memory_runs import MEMORY_RUNS, MemoryRun, predicted_memory
from cutwise.measured.split_decisions import Decisions, split_decisions
from cutwise.measured.split_levels import CutPrediction, predicted_splits
from cutwise.measured.split_runs import SPLIT_RUNS, SplitRun, layer_benchmark, split_runs

__all__ = [
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
