"""How well a party's compute time is known: `TIME_LEVELS`, and the speed and the band that follow.

A new level is one entry. The first one that applies to a party is its level. Seconds that were measured op by
op (`device_forward_s` and its like in a model's file) stand in no party: they are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cutwise.hardware.profiles import Profile
from cutwise.hardware.time_classes import BACKWARD_SIGMA, TENTH, UNKNOWN_CLASS, TimeClass, time_classes
from cutwise.registry import Registry
from cutwise.scenario.parties import Party

ONE_NUMBER_BAND = (0.4, 2.8)
"""Measured over predicted seconds where one speed stands for all ops: P10 to P90 of ncnn and timm rows."""
FITTED_BAND = (0.78, 1.37)
"""The same with three to ten rows of the machine and its class as prior: of timm rows on an RTX 3090."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeSpeed:
    """What a party's computing takes: FLOP and bytes a second, seconds a kernel, the backward ratio."""

    flops_per_s: float
    bytes_per_s: float = math.inf
    launch_s: float = 0.0
    backward_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBand:
    """Measured over predicted seconds: about a tenth of measured rows lie below, a tenth above."""

    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLevel:
    """One level: which parties it is for, what their computing takes, and how far that may be off.

    Blocks of one model differ from the party's own factor by `block_sigma`, the standard deviation of
    logarithms.
    """

    title: str
    help: str
    is_of: Callable[[Party], bool]
    speed: Callable[[Party, Profile, str], ComputeSpeed]
    band: Callable[[Party, Profile], TimeBand]
    block_sigma: float


TIME_LEVELS: Registry[TimeLevel] = Registry("level of compute time")


def level_of(party: Party) -> str:
    """The name of the level that a party's time is known at.

    >>> from cutwise.scenario.parties import Device
    >>> [level_of(Device(**given)) for given in ({}, {"flops_per_s": 1e12}, {"efficiency_ratio": 0.3})]
    ['datasheet', 'one_number', 'one_number']
    >>> fitted = {"flops_per_s": 1e12, "moved_bytes_per_s": 1e11}
    >>> band = {"time_low_ratio": 0.8, "time_high_ratio": 1.3}
    >>> level_of(Device(**fitted)), level_of(Device(**fitted, **band))
    ('given', 'fitted')
    >>> level_of(Device(**fitted, **band, time_class="cpu_x86"))
    'forward_fitted'
    """
    return next(name for name, level in TIME_LEVELS.items() if level.is_of(party))


def speed_of(party: Party, profile: Profile, dtype: str) -> ComputeSpeed:
    """What computing takes at a party with this profile, in a number format.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Device
    >>> speed_of(Device(profile="jetson_tx2"), hardware()["jetson_tx2"], "fp32").bytes_per_s
    30447000000.0
    """
    return TIME_LEVELS[level_of(party)].speed(party, profile, dtype)


def band_of(party: Party, profile: Profile, dtype: str) -> TimeBand:
    """How far a party's measured seconds may lie from the predicted ones, in a number format.

    Measured in another one it is at least as wide as its class's: what was measured is not what is computed.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> band_of(Server(profile="v100"), hardware()["v100"], "fp32")
    TimeBand(low_ratio=0.82, high_ratio=1.5)
    """
    found = TIME_LEVELS[level_of(party)].band(party, profile)
    low = party.time_low_ratio or found.low_ratio
    high = party.time_high_ratio or found.high_ratio
    if party.fitted_dtype in (None, dtype):
        return TimeBand(low_ratio=low, high_ratio=high)
    known = _class_band(party, profile)
    return TimeBand(low_ratio=min(low, known.low_ratio), high_ratio=max(high, known.high_ratio))


def backward_band_of(party: Party, profile: Profile, dtype: str) -> TimeBand:
    r"""The same of backward passes: wider where the class says what they take.

    Of both ends the logarithm $b$ becomes $\sqrt{b^2 + (1.28 \cdot 0.3)^2}$: machines of a class differ so.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> fitted = {"flops_per_s": 1e12, "launch_s": 1e-5, "time_low_ratio": 0.8, "time_high_ratio": 1.25}
    >>> wide = backward_band_of(Server(**fitted, time_class="cpu_x86"), hardware()["v100"], "fp32")
    >>> round(wide.low_ratio, 3), round(wide.high_ratio, 3)
    (0.641, 1.56)
    """
    band = band_of(party, profile, dtype)
    if level_of(party) != "forward_fitted":
        return band
    apart = TENTH * BACKWARD_SIGMA
    return TimeBand(
        low_ratio=math.exp(-math.hypot(math.log(band.low_ratio), apart)),
        high_ratio=math.exp(math.hypot(math.log(band.high_ratio), apart)),
    )


def pace_given(party: Party, profile: Profile, dtype: str) -> dict[str, float | None]:
    """What to give a party beside a speed of its own, so that nothing but its FLOP/s changes.

    Empty where its speed is one number already, or all four constants are.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> pace_given(Server(profile="v100"), hardware()["v100"], "fp32")  # doctest: +NORMALIZE_WHITESPACE
    {'time_class': None, 'moved_bytes_per_s': 673500000000.0, 'launch_s': 5e-06, 'backward_ratio': 1.45}
    """
    level, known = level_of(party), speed_of(party, profile, dtype)
    if level == "forward_fitted":
        return {"time_class": None, "fitted_dtype": None, "backward_ratio": known.backward_ratio}
    if level != "datasheet":
        return {"fitted_dtype": None} if party.fitted_dtype else {}
    moved = None if math.isinf(known.bytes_per_s) else known.bytes_per_s
    return {
        "time_class": None,
        "moved_bytes_per_s": moved,
        "launch_s": known.launch_s,
        "backward_ratio": known.backward_ratio,
    }


def class_of(party: Party, profile: Profile) -> TimeClass:
    """The class of hardware and software whose constants a party has: as given, or its profile's."""
    return time_classes()[party.time_class or profile.hardware_class or UNKNOWN_CLASS]


def _with_given(party: Party, profile: Profile, dtype: str) -> ComputeSpeed:
    """What is given, in place of what follows from the speed or the class."""
    alone = party.flops_per_s is not None or party.efficiency_ratio is not None
    known = (_one_number if alone else _datasheet)(party, profile, dtype)
    moved, launch_s, ratio = party.moved_bytes_per_s, party.launch_s, party.backward_ratio
    if party.has_class_backward:
        ratio = class_of(party, profile).backward_ratio
    return ComputeSpeed(
        flops_per_s=known.flops_per_s,
        bytes_per_s=known.bytes_per_s if moved is None else moved,
        launch_s=known.launch_s if launch_s is None else launch_s,
        backward_ratio=known.backward_ratio if ratio is None else ratio,
    )


def _one_number(party: Party, profile: Profile, dtype: str) -> ComputeSpeed:
    return ComputeSpeed(flops_per_s=party.speed_flops_per_s(profile, dtype))


def _datasheet(party: Party, profile: Profile, dtype: str) -> ComputeSpeed:
    known, peak = class_of(party, profile), profile.peak_flops_per_s(dtype)
    return ComputeSpeed(
        flops_per_s=known.flops_per_s(peak),
        bytes_per_s=known.bytes_per_s(party.bandwidth_bytes_per_s(profile), peak),
        launch_s=known.start_s(peak),
        backward_ratio=known.backward_ratio,
    )


def _class_band(party: Party, profile: Profile) -> TimeBand:
    known = class_of(party, profile)
    return TimeBand(low_ratio=known.band_low_ratio, high_ratio=known.band_high_ratio)


def _has_columns(party: Party) -> bool:
    return any(one is not None for one in (party.moved_bytes_per_s, party.launch_s, party.backward_ratio))


TIME_LEVELS.add(
    "forward_fitted",
    TimeLevel(
        title="forward fitted to measured rows, backward by class of hardware",
        help="As fitted, of forward passes alone; its class says what a backward pass takes",
        is_of=lambda party: party.has_class_backward,
        speed=_with_given,
        band=lambda party, profile: TimeBand(low_ratio=FITTED_BAND[0], high_ratio=FITTED_BAND[1]),
        block_sigma=0.3,
    ),
)
TIME_LEVELS.add(
    "fitted",
    TimeLevel(
        title="fitted to measured rows",
        help="FLOP/s, bytes a second and the start of a kernel, fitted to seconds of the machine itself",
        is_of=lambda party: _has_columns(party) and party.time_low_ratio is not None,
        speed=_with_given,
        band=lambda party, profile: TimeBand(low_ratio=FITTED_BAND[0], high_ratio=FITTED_BAND[1]),
        block_sigma=0.3,
    ),
)
TIME_LEVELS.add(
    "given",
    TimeLevel(
        title="FLOP/s, bytes and kernel starts as given",
        help="Each as given, of which nobody said how well it was fitted",
        is_of=_has_columns,
        speed=_with_given,
        band=_class_band,
        block_sigma=0.5,
    ),
)
TIME_LEVELS.add(
    "one_number",
    TimeLevel(
        title="one speed for all ops",
        help="FLOP/s alone, as given or as a share of the peak",
        is_of=lambda party: party.flops_per_s is not None or party.efficiency_ratio is not None,
        speed=_one_number,
        band=lambda party, profile: TimeBand(low_ratio=ONE_NUMBER_BAND[0], high_ratio=ONE_NUMBER_BAND[1]),
        block_sigma=0.5,
    ),
)
TIME_LEVELS.add(
    "datasheet",
    TimeLevel(
        title="data sheet by class of hardware",
        help="Peak and bandwidth of the catalogue, times what the class reaches of them",
        is_of=lambda party: True,
        speed=_datasheet,
        band=_class_band,
        block_sigma=0.5,
    ),
)
