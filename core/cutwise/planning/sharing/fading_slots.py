"""Slots of a round in which the channel fades: the band is divided anew in each, cuts and coding stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.planning.one_device.cut_table import repriced
from cutwise.planning.one_device.objective import delay
from cutwise.planning.sharing.band_split import SharedBand, best_band, ends_by_share, per_bit
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.shares.minmax_share import Finish, ShareSplit

Splitter = Callable[[Finish, int], ShareSplit]


def fading_gains(problem: SplitProblem, slots: int, *, antennas: int = 1) -> Floats:
    r"""Gains over their mean of every device in every slot, shape (slots, devices), by the scenario's seed.

    $g \sim \Gamma(m, 1/m)$: Rayleigh fading with one antenna, maximum-ratio reception with m.
    """
    draw = np.random.default_rng(problem.scenario.seed)
    return draw.gamma(antennas, 1.0 / antennas, (slots, problem.device_count))


def over_slots(
    problem: SplitProblem, even: Conditions, band: SharedBand, gains: Floats, splitter: Splitter
) -> SharedBand:
    r"""The band divided by `splitter` in every slot for the cuts of `band`, as one round.

    A slot is an equal part of every device's round. What a device sends over the round takes it
    $\frac1S \sum_t 8 D / R_t$: its rate is the harmonic mean over slots, its share the mean. In a slot all
    devices end together, so that waiting for the last in each slot costs nothing.
    """
    ends = per_bit(problem, even, band.table, delay)
    taken = np.arange(ends.still.shape[1]) == band.picks[:, None]
    splits, seconds = [], []
    for gain in gains:
        slot = replace(problem, gain_ratio=gain)
        splits.append(splitter(ends_by_share(slot, ends, ends, taken, None), problem.device_count))
        seconds.append([np.divide(1.0, rate) for rate in slot.rates_bps(splits[-1].shares)])
    uplink_bps, downlink_bps = 1.0 / np.mean(seconds, axis=0)
    shares = np.mean([split.shares for split in splits], axis=0)
    conditions = even.at_share(shares, uplink_bps=uplink_bps, downlink_bps=downlink_bps)
    table = repriced(band.table, problem, conditions, delay)
    split = ShareSplit(shares=shares, value=float(np.mean([split.value for split in splits])), bound=-np.inf)
    return replace(band, split=split, conditions=conditions, table=table)


def bound_over_slots(problem: SplitProblem, even: Conditions, gains: Floats) -> float | None:
    """What no cuts and shares can beat: the mean over slots of the best of each, cuts chosen anew.

    None where a limit on energy couples the slots, or cuts were not all looked at.
    """
    if problem.scenario.limits.device_energy_j is not None:
        return None
    bounds = [best_band(replace(problem, gain_ratio=g), even, common_cut=False).bound for g in gains]
    known = [bound for bound in bounds if bound is not None]
    return float(np.mean(known)) if len(known) == len(bounds) else None
