"""Which cut is right where the device is slower and the link another, and which a level would have chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.frozen import Frozen
from cutwise.measured.split_levels import LEVELS, OpTimes, delays_s
from cutwise.measured.split_runs import LayerBenchmark, SplitRun, layer_benchmark, split_runs
from cutwise.units import transfer_time_s

SLOWDOWNS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
RATES_BPS = tuple(1e6 * rate for rate in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000))
DEAR_RATIO = 0.05
GOODPUT_RATIO = 0.955
"""What TCP over Ethernet leaves of a nominal rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions(Frozen):
    """How often a level chose the cut that is measured to be best, and what its choices cost beyond it.

    Over seven slowdowns of the device and twelve rates of the link; raw data stay on the device. `dear` are
    the choices that cost more than `DEAR_RATIO` beyond the best.
    """

    run: str
    model: str
    level: str
    right: int
    dear: int
    scenarios: int
    mean_regret_ratio: float
    worst_regret_ratio: float


def decisions(run: SplitRun, level: str, benchmark: LayerBenchmark) -> Decisions:
    """What this level would have chosen in every scenario, against the run's own seconds of computing."""
    regrets = regret_ratios(run, level, benchmark)
    return Decisions(
        run=run.name,
        model=run.model,
        level=level,
        right=int((regrets == 0).sum()),
        dear=int((regrets > DEAR_RATIO).sum()),
        scenarios=len(regrets),
        mean_regret_ratio=float(regrets.mean()),
        worst_regret_ratio=float(regrets.max()),
    )


def regret_ratios(run: SplitRun, level: str, benchmark: LayerBenchmark) -> Floats:
    """What the chosen cut takes beyond the best one in every scenario, shape (scenarios,)."""
    allowed = replace(run, latency_s=0.0, cuts=tuple(cut for cut in run.cuts if cut.position > 0))
    times = LEVELS[level](allowed, benchmark)
    return np.concatenate([_regret_ratios(allowed, slowdown, times) for slowdown in SLOWDOWNS])


@kept
def split_decisions() -> tuple[Decisions, ...]:
    """Every run that is shipped, at every level."""
    return tuple(decisions(run, level, layer_benchmark()) for run in split_runs() for level in LEVELS)


def _regret_ratios(run: SplitRun, slowdown: float, times: Sequence[OpTimes]) -> Floats:
    """What the chosen cut takes beyond the best one, as a part of it, at every rate."""
    rates_bps = GOODPUT_RATIO * np.array(RATES_BPS)[:, None]
    slowed = replace(run, slowdown_ratio=slowdown)
    chosen = delays_s(slowed, times, rates_bps=rates_bps).argmin(axis=1)
    computed_s = np.array([slowdown * cut.device_s + cut.server_s for cut in run.cuts])
    sent_bytes = np.array([cut.up_bytes + cut.down_bytes for cut in run.cuts])
    true_s = computed_s + transfer_time_s(size_bytes=sent_bytes, rate_bps=rates_bps)
    return np.asarray(true_s[np.arange(len(chosen)), chosen] / true_s.min(axis=1) - 1)
