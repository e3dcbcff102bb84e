"""The hardware catalogue: peak speeds, memory and power of known devices and servers, with sources."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from cutwise.caches import kept
from cutwise.registry import NamedTable

DATASHEET_EFFICIENCY_RATIO = 0.4
"""Share of the datasheet peak that training reaches where nothing better is known (rough: ±50 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One row of the catalogue; `recalled` names the numbers nobody has looked up yet.

    Peaks are dense FLOP/s without sparsity; a peak of 0 means that the part does not list that format.
    `decoding` names its class in `decoding_classes`; `backend` is what runs a model there: "cuda", "cpu",
    "mps", or "none" where it is not known.
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

    def peak_flops_per_s(self, dtype: str) -> float:
        """Peak FLOP/s at a number format: the half-precision peak for 16 bits and less, where listed.

        >>> hardware()["jetson_nano"].peak_flops_per_s("fp32")
        236000000000.0
        """
        if dtype == "fp32" or not self.fp16_flops_per_s:
            return self.fp32_flops_per_s
        return self.fp16_flops_per_s

    @property
    def dynamic_power_w(self) -> float:
        """Power above idle at full load."""
        return self.power_w - self.idle_power_w


def custom_profile(kind: str) -> Profile:
    """What stands in where a scenario gives a speed of its own and no profile.

    No memory limit, and the power of a typical part of its kind (10 W device, 300 W server; assumed).
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
        source="given in the scenario; powers assumed",
        recalled=("power_w", "idle_power_w"),
    )


@kept
def hardware() -> Mapping[str, Profile]:
    """Every profile by name, in the catalogue's order."""
    rows = tomllib.loads(files("cutwise.assets").joinpath("hardware.toml").read_text(encoding="utf-8"))
    profiles = {
        name: Profile(name=name, **{**row, "recalled": tuple(row["recalled"])}) for name, row in rows.items()
    }
    return NamedTable("hardware profile", profiles)
