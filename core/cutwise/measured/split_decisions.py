"""Which cut is right where the device is slower and the link another, and which a level would have chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from cutwise.caches import kept
from cutwise.frozen import Frozen
from cutwise.measured.split_levels import LEVELS, predicted_cuts_s
from cutwise.measured.split_runs import LayerBenchmark, SplitRun, layer_benchmark, split_runs

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
    allowed = replace(run, cuts=tuple(cut for cut in run.cuts if cut.position > 0))
    regrets = [_regret_ratio(cell, level, benchmark) for cell in _scenarios(allowed)]
    return Decisions(
        run=run.name,
        model=run.model,
        level=level,
        right=sum(regret == 0 for regret in regrets),
        dear=sum(regret > DEAR_RATIO for regret in regrets),
        scenarios=len(regrets),
        mean_regret_ratio=float(np.mean(regrets)),
        worst_regret_ratio=max(regrets),
    )


@kept
def split_decisions() -> tuple[Decisions, ...]:
    """Every run that is shipped, at every level."""
    return tuple(decisions(run, level, layer_benchmark()) for run in split_runs() for level in LEVELS)


def _scenarios(run: SplitRun) -> Sequence[SplitRun]:
    return [
        replace(
            run, slowdown_ratio=slowdown, uplink_bps=GOODPUT_RATIO * rate_bps,
            downlink_bps=GOODPUT_RATIO * rate_bps, latency_s=0.0,
        )
        for slowdown, rate_bps in product(SLOWDOWNS, RATES_BPS)
    ]  # fmt: skip


def _regret_ratio(run: SplitRun, level: str, benchmark: LayerBenchmark) -> float:
    """What the chosen cut takes beyond the best one, as a part of it."""
    true_s = np.array([run.measured_s(cut) for cut in _at_rates(run).cuts])
    chosen = int(predicted_cuts_s(run, level, benchmark).argmin())
    return float(true_s[chosen] / true_s.min() - 1)


def _at_rates(run: SplitRun) -> SplitRun:
    """The run with a link that takes its bytes at the scenario's rate."""
    cuts = tuple(
        replace(cut, link_s=8 * (cut.up_bytes / run.uplink_bps + cut.down_bytes / run.downlink_bps))
        for cut in run.cuts
    )
    return replace(run, cuts=cuts)
