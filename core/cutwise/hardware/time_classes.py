"""How long computing takes on each class of hardware: shares of peaks that are reached, starts, bands."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from cutwise.caches import kept
from cutwise.registry import NamedTable

TimeClassName = Literal[
    "server_gpu", "desktop_gpu", "desktop_gpu_batch_1", "integrated_gpu", "jetson_gpu", "phone_gpu",
    "phone_npu", "cpu_x86", "cpu_arm_runtime", "cpu_arm_pytorch", "accelerator",
]  # fmt: skip
TENTH = 1.2815515655446004
"""A tenth of a normal distribution lies above so many standard deviations: bands go from P10 to P90."""
BACKWARD_SIGMA = 0.3
"""Machines of one class differ by it in their backward ratio: the standard deviation of logarithms."""
UNKNOWN_CLASS = "accelerator"
"""Stands in for what has no class: the peak alone, with the widest band."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeClass:
    """Constants of one class of hardware with its software, and measured over predicted seconds, P10 to P90.

    `flop_ratio` of the peak and `bandwidth_ratio` of the memory's bandwidth are reached, `launch_s` is a
    kernel's start, and a backward pass takes `backward_ratio` of what its own columns ask for. Where bytes
    and launches are weighed in FLOPs, a byte is `flop_per_byte` of them and a launch `flop_per_launch`.
    """

    name: str
    title: str
    flop_ratio: float
    backward_ratio: float
    band_low_ratio: float
    band_high_ratio: float
    learnt_on: str
    tested_on: str
    tested: bool
    bandwidth_ratio: float = 0.0
    launch_s: float = 0.0
    flop_per_byte: float = 0.0
    flop_per_launch: float = 0.0

    def flops_per_s(self, peak_flops_per_s: float) -> float:
        """FLOP a second that a party with this peak reaches.

        >>> time_classes()["jetson_gpu"].flops_per_s(1e12)
        510000000000.0
        """
        return self.flop_ratio * peak_flops_per_s

    def bytes_per_s(self, bandwidth_bytes_per_s: float | None, peak_flops_per_s: float) -> float:
        """Bytes a second that it moves; endless where the class or the party says nothing of them.

        >>> time_classes()["server_gpu"].bytes_per_s(1e12, 1e14)
        750000000000.0
        """
        if self.flop_per_byte:
            return self.flops_per_s(peak_flops_per_s) / self.flop_per_byte
        if not self.bandwidth_ratio or bandwidth_bytes_per_s is None:
            return math.inf
        return self.bandwidth_ratio * bandwidth_bytes_per_s

    def start_s(self, peak_flops_per_s: float) -> float:
        """Seconds that starting a kernel takes.

        >>> time_classes()["cpu_x86"].start_s(1e12)
        2e-05
        """
        if self.flop_per_launch:
            return self.flop_per_launch / self.flops_per_s(peak_flops_per_s)
        return self.launch_s


@kept
def time_classes() -> Mapping[str, TimeClass]:
    """Every class by name."""
    rows = tomllib.loads(files("cutwise.assets").joinpath("time_classes.toml").read_text(encoding="utf-8"))
    return NamedTable("class of hardware", {name: TimeClass(name=name, **row) for name, row in rows.items()})
