"""What was measured and may be shipped, with what the library predicts for the very same runs."""

from __future__ import annotations

from cutwise.measured.memory_runs import MEMORY_RUNS, MemoryRun, predicted_memory

__all__ = ["MEMORY_RUNS", "MemoryRun", "predicted_memory"]
