"""What was measured and may be shipped, with what the library predicts for the very same runs."""

from __future__ import annotations

from cutwise.measured.agreement import memory_comparisons
from cutwise.measured.agreement.comparisons import COMPARISONS
from cutwise.measured.agreement.held_choices import CHOICES
from cutwise.measured.decoding_rates import DECODING_RATES, DecodingRate, predicted_rates
from cutwise.measured.energies import energy_comparisons
from cutwise.measured.memory_runs import MEMORY_RUNS, MemoryRun, predicted_memory
from cutwise.measured.times import fitted_times, time_comparisons

COMPARISON_MODULES = (time_comparisons, fitted_times, energy_comparisons, memory_comparisons)
"""Each adds its rows to `COMPARISONS`."""

__all__ = [
    "CHOICES",
    "COMPARISONS",
    "COMPARISON_MODULES",
    "DECODING_RATES",
    "MEMORY_RUNS",
    "DecodingRate",
    "MemoryRun",
    "predicted_memory",
    "predicted_rates",
]
