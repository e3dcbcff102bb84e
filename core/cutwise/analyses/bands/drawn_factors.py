"""What is not known of a scenario as factors, drawn many times: speeds, blocks, rates, powers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import Frozen, read_only
from cutwise.hardware.time_classes import BACKWARD_SIGMA, TENTH
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Party
from cutwise.scenario.time_levels import TIME_LEVELS, TimeBand, band_of, level_of

DRAWS = 400
SEED = 0
LOAD_BAND = TimeBand(low_ratio=0.15 / 0.7, high_ratio=0.9 / 0.7)
"""What training draws over what is taken for it: 0.7 of the design power, measured runs 0.15 to 0.9."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DrawnFactors(Frozen):
    """Actual over predicted, one a draw: arrays (devices, draws), (draws,) for what all devices share.

    `device_blocks` and `server_blocks` (blocks, draws) say how far the blocks of a model differ from each
    other on a party; one device alone is one of the `devices`.
    """

    device_time_ratio: Floats
    server_time_ratio: Floats
    edge_time_ratio: Floats
    device_blocks: Floats
    server_blocks: Floats
    uplink_rate_ratio: Floats
    downlink_rate_ratio: Floats
    device_power_ratio: Floats
    server_power_ratio: Floats
    device_backward_ratio: Floats
    server_backward_ratio: Floats
    edge_backward_ratio: Floats

    def of_device(self, at: int) -> DrawnFactors:
        """The same worlds with one of the devices alone."""
        return replace(
            self,
            device_time_ratio=read_only(self.device_time_ratio[[at]]),
            device_backward_ratio=read_only(self.device_backward_ratio[[at]]),
        )

    def at_nominal_rate(self) -> DrawnFactors:
        """The same worlds with a link that delivers its nominal rate."""
        nominal = read_only(np.ones_like(self.uplink_rate_ratio))
        return replace(self, uplink_rate_ratio=nominal, downlink_rate_ratio=nominal)


def drawn_factors(
    problem: SplitProblem, blocks: int, *, draws: int = DRAWS, seed: int = SEED
) -> DrawnFactors:
    """The factors of every draw, from the bands of all parties and of the channel.

    Devices of one profile are off by one common factor. Blocks differ by the level's own spread. Backward
    passes that the class prices are off by a factor of their own beside that.
    """
    random, scenario = np.random.default_rng(seed), problem.scenario
    dtype = problem.workload.compute
    devices, server = scenario.devices, scenario.server
    alike = {key: random.standard_normal(draws) for key in dict.fromkeys(map(_kind, devices))}
    common = np.stack([alike[_kind(one)] for one in devices])
    low, high = scenario.channel.load_band
    rates = TimeBand(low_ratio=low, high_ratio=high)
    return DrawnFactors(
        device_time_ratio=read_only(
            np.stack([_within(_band(one, dtype), z) for one, z in zip(devices, common, strict=True)])
        ),
        server_time_ratio=read_only(_within(_band(server, dtype), random.standard_normal(draws))),
        edge_time_ratio=read_only(_within(_widest(scenario.edges, dtype), random.standard_normal(draws))),
        device_blocks=read_only(_blocks(random, blocks, draws, [level_of(one) for one in devices])),
        server_blocks=read_only(_blocks(random, blocks, draws, [level_of(server)])),
        uplink_rate_ratio=read_only(_within(rates, random.standard_normal(draws))),
        downlink_rate_ratio=read_only(_within(rates, random.standard_normal(draws))),
        device_power_ratio=read_only(_within(LOAD_BAND, random.standard_normal(draws))),
        server_power_ratio=read_only(_within(LOAD_BAND, random.standard_normal(draws))),
        device_backward_ratio=read_only(_backward(random, devices, draws)),
        server_backward_ratio=read_only(_backward(random, [server], draws)[0]),
        edge_backward_ratio=read_only(_backward(random, scenario.edges, draws).max(axis=0, initial=1.0)),
    )


def _backward(random: np.random.Generator, parties: Sequence[Party], draws: int) -> Floats:
    """What backward passes are off by beside their party, shape (parties, draws); 1 unless by class."""
    by_class = dict.fromkeys(_kind(one) for one in parties if level_of(one) == "forward_fitted")
    alike = {kind: np.exp(BACKWARD_SIGMA * random.standard_normal(draws)) for kind in by_class}
    certain = np.ones(draws)
    return np.array([alike.get(_kind(one), certain) for one in parties]).reshape(-1, draws)


def _kind(party: Party) -> tuple[str | None, str]:
    return party.profile, level_of(party)


def _within(band: TimeBand, normal: Floats) -> Floats:
    """Log-normal numbers of which a tenth lies below the band, and a tenth above."""
    low, high = math.log(band.low_ratio), math.log(band.high_ratio)
    return np.exp((low + high) / 2 + (high - low) / (2 * TENTH) * normal)


def _blocks(random: np.random.Generator, blocks: int, draws: int, levels: Sequence[str]) -> Floats:
    """Factors of blocks whose mean is 1 in every draw, so that they shift work and add none."""
    spread = max(TIME_LEVELS[level].block_sigma for level in levels)
    factors = np.exp(spread * random.standard_normal((blocks, draws)))
    return np.asarray(factors / factors.mean(axis=0))


def _band(party: Party, dtype: str) -> TimeBand:
    return band_of(party, party.catalogue_row(), dtype)


def _widest(parties: Sequence[Party], dtype: str) -> TimeBand:
    """The widest of the parties' bands; the certain one where there are none."""
    bands = [_band(one, dtype) for one in parties]
    low = min((band.low_ratio for band in bands), default=1.0)
    return TimeBand(low_ratio=low, high_ratio=max((band.high_ratio for band in bands), default=1.0))
