"""What is known of a machine before it is measured: its own data sheet, or those of its class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutwise.calibration.rate_fit import SPREADS, RatePrior
from cutwise.calibration.timed_rows import MachineRates
from cutwise.frozen import FrozenDict
from cutwise.hardware.profiles import Profile, hardware
from cutwise.hardware.time_classes import TimeClass, time_classes

LIKE = FrozenDict(
    {
        "cpu_arm_runtime": "cpu_arm_pytorch",
        "desktop_gpu_batch_1": "desktop_gpu",
        "phone_npu": "phone_gpu",
    }
)
"""Classes of software, whose machines the catalogue has under the class of their hardware."""
FLOP_A_BYTE = 12.0
"""Stands in for the memory of a machine whose bandwidth nobody says."""


def profile_prior(profile: Profile, *, time_class: str = "", dtype: str = "fp32") -> RatePrior:
    """What the data sheet and the class of a part of the catalogue say of its constants.

    >>> from cutwise.hardware.profiles import hardware
    >>> round(profile_prior(hardware()["jetson_tx2"]).rates.moved_bytes_per_s / 1e9, 1)
    30.4
    """
    known = time_classes()[time_class or profile.hardware_class or "accelerator"]
    return _prior(known, [_of_profile(known, profile, dtype)])


def class_prior(time_class: str, *, dtype: str = "fp32") -> RatePrior:
    """The middle of all parts of a class in the catalogue, and how far apart they are.

    For a machine that is in no catalogue. Raises `UnknownNameError` for a class that is none.

    >>> class_prior("cpu_x86").spreads[0] > class_prior("jetson_gpu").spreads[3]
    True
    """
    known, hardware_class = time_classes()[time_class], LIKE.get(time_class, time_class)
    alike = [profile for profile in hardware().values() if profile.hardware_class == hardware_class]
    return _prior(known, [_of_profile(known, profile, dtype) for profile in alike])


def _of_profile(known: TimeClass, profile: Profile, dtype: str) -> tuple[float, float, float]:
    peak = profile.peak_flops_per_s(dtype)
    moved = known.bytes_per_s(profile.memory_bandwidth_bytes_per_s, peak)
    flops = known.flops_per_s(peak)
    return flops, moved if math.isfinite(moved) else flops / FLOP_A_BYTE, known.start_s(peak)


def _prior(known: TimeClass, several: Sequence[tuple[float, float, float]]) -> RatePrior:
    """The geometric middle of several machines; what parts them comes on top of a class's own spread."""
    table = np.log(np.maximum(np.array(several), 1e-12))
    flops, moved, launch = (float(value) for value in np.exp(table.mean(axis=0)))
    spreads = np.hypot(np.array(SPREADS), [*table.std(axis=0), 0.0])
    return RatePrior(
        hardware_class=known.name,
        rates=MachineRates(
            flops_per_s=flops,
            moved_bytes_per_s=moved,
            launch_s=launch if known.start_s(flops) else 0.0,
            backward_ratio=known.backward_ratio,
        ),
        band_low_ratio=known.band_low_ratio,
        band_high_ratio=known.band_high_ratio,
        spreads=(float(spreads[0]), float(spreads[1]), float(spreads[2]), float(spreads[3])),
    )
