"""Devices and servers as a scenario describes them; what is not given comes from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

from cutwise.costs.memory.runtime import Runtime, RuntimeFigures
from cutwise.costs.workload import Dtype
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.fields.field_values import settled
from cutwise.hardware.decoding import Decoding, DecodingClass, decoding_classes
from cutwise.hardware.profiles import DATASHEET_EFFICIENCY_RATIO, Profile, custom_profile, hardware
from cutwise.hardware.time_classes import TimeClassName
from cutwise.scenario.vocabulary.part_names import unknown_profile
from cutwise.units import quantity

DEFAULT_DEVICE = "jetson_tx2"
DEFAULT_SERVER = "rtx_a6000"
DEFAULT_EDGE = "rtx_3060"
OPTIMISED = "optimised"
"""The power mode of a party whose mode is to be decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What a device and a server share: a speed, a memory and powers; None means "from the profile".

    `flops_per_s` is effective and used as it is, alone or with what was fitted beside it; `efficiency_ratio`
    multiplies the profile's peak only, so giving both is an error. With neither its class of hardware says
    what is reached (`TIME_LEVELS`). A party with neither profile nor speed has its kind's default profile.
    """

    profile: str | None = quantity(None, title="Profile", help="A row of the hardware catalogue")
    flops_per_s: float | None = quantity(
        None, unit="flops_per_s", ge=1e-6, le=1e21, symbol="F", title="Speed", scale="log",
        shown=(1e9, 1e15),
        help="Effective FLOP a second; the profile's peak times its efficiency if absent",
    )  # fmt: skip
    efficiency_ratio: float | None = quantity(
        None, unit="ratio", ge=1e-6, le=1, title="Efficiency", shown=(0.05, 1.0),
        help="Share of the profile's peak that the model reaches",
    )  # fmt: skip
    time_class: TimeClassName | None = quantity(
        None, title="Class",
        help="Hardware with its software, whose shares of peak and bandwidth are reached; the profile's own "
        "if absent",
    )  # fmt: skip
    moved_bytes_per_s: float | None = quantity(
        None, unit="bytes_per_s", ge=1e-6, le=1e18, title="Bytes moved", scale="log", shown=(1e8, 1e13),
        help="Bytes of tensors and weights that ops move a second, as fitted to measured seconds; that "
        "of its class if neither this nor a speed is given",
    )  # fmt: skip
    launch_s: float | None = quantity(
        None, unit="s", ge=0, le=10, title="Kernel start",
        help="Seconds that starting a kernel takes; its class's if neither this nor a speed is given",
    )  # fmt: skip
    backward_ratio: float | None = quantity(
        None, unit="ratio", ge=0.01, le=100, title="Backward pass", shown=(0.5, 4.0),
        help="Time of a backward pass over what its own FLOPs, bytes and kernels ask for; "
        "its class's if neither this nor a speed is given",
    )  # fmt: skip
    fitted_dtype: Dtype | None = quantity(
        None, title="Measured in",
        help="Number format in which its speed was measured; where the workload computes in another one, the "
        "speed is scaled as the peaks of its profile are",
    )  # fmt: skip
    time_low_ratio: float | None = quantity(
        None, unit="ratio", ge=1e-3, le=1, title="Least time ratio", shown=(0.3, 1.0),
        help="Measured over predicted seconds that one in ten falls below; that of its level if absent",
    )  # fmt: skip
    time_high_ratio: float | None = quantity(
        None, unit="ratio", ge=1, le=1e3, title="Most time ratio", shown=(1.0, 4.0),
        help="Measured over predicted seconds that one in ten exceeds; that of its level if absent",
    )  # fmt: skip
    memory_bytes: float | None = quantity(
        None, unit="bytes", ge=1e-12, le=1e18, symbol="M", title="Memory", scale="log", shown=(1e7, 1e12),
        help="Memory that the model may use; the profile's own if absent, no limit without a profile",
    )  # fmt: skip
    memory_bandwidth_bytes_per_s: float | None = quantity(
        None, unit="bytes_per_s", ge=1e-6, le=1e18, title="Memory bandwidth", scale="log", shown=(1e9, 1e13),
        help="Bytes a second that its memory moves, which bounds how fast a language model generates text; "
        "the profile's own if absent",
    )  # fmt: skip
    decoding: Decoding | None = quantity(
        None, title="Decoding",
        help="How it generates text: its class of hardware and software; the profile's own if absent",
    )  # fmt: skip
    compute_power_w: float | None = quantity(
        None, unit="w", ge=0, le=1e9, title="Compute power",
        help="Power above idle while it computes; the profile's load while training less idle if absent",
    )  # fmt: skip
    idle_power_w: float | None = quantity(
        None, unit="w", ge=0, le=1e9, title="Idle power", help="Power at rest; the profile's own if absent"
    )
    power_mode: str = quantity(
        "", title="Power mode",
        help="A power mode of its profile, by name; optimised: the one that is best for the objective",
    )  # fmt: skip
    runtime: Runtime = field(default_factory=Runtime)

    def catalogue_row(self) -> Profile:
        """The catalogue row that fills in what is not given, in the power mode that is named.

        Raises `ScenarioError` where the default row, which nobody named, has no such mode.
        """
        if self.profile is None and self.flops_per_s is not None:
            return custom_profile(self.catalogue_kind)
        known = hardware()[self.profile or self.usual]
        if self.power_mode in ("", OPTIMISED):
            return known
        if self.power_mode not in _names(known):
            raise ScenarioError([f"power_mode: give the profile whose mode {self.power_mode!r} is"])
        return known.in_mode(self.power_mode)

    @property
    def catalogue_kind(self) -> str:
        """What it is in the catalogue: "device" or "server"."""
        return "server"

    @property
    def usual(self) -> str:
        """The profile of a party that has neither one nor a speed."""
        return DEFAULT_SERVER

    @property
    def modes(self) -> tuple[str, ...]:
        """The power modes it may be in, "" for none: the one named, or all where the best is asked for."""
        return ("", *self.offered_modes) if self.power_mode == OPTIMISED else (self.power_mode,)

    @property
    def offered_modes(self) -> tuple[str, ...]:
        """The power modes of its profile, where that says its speed and its power.

        >>> Device(profile="jetson_tx2").offered_modes, Device(flops_per_s=1e12).offered_modes
        (('MAXQ',), ())
        """
        if self.flops_per_s is not None or self.compute_power_w is not None:
            return ()
        return _names(hardware()[self.profile or self.usual])

    @property
    def runtime_figures(self) -> RuntimeFigures:
        """What a process takes beside its tensors: by the given back end, or that of a given profile."""
        known = "none" if self.profile is None else hardware()[self.profile].backend
        return self.runtime.figures(known)

    def speed_flops_per_s(self, profile: Profile, dtype: str) -> float:
        """Effective speed: as given, or peak times efficiency (the datasheet level's default if absent)."""
        if self.flops_per_s is not None:
            return self.flops_per_s * (self.format_ratio(profile, dtype) or 1.0)
        ratio = DATASHEET_EFFICIENCY_RATIO if self.efficiency_ratio is None else self.efficiency_ratio
        return ratio * profile.peak_flops_per_s(dtype)

    def format_ratio(self, profile: Profile, dtype: str) -> float | None:
        """Its speed in a number format over that in which it was measured, as its profile's peaks are.

        None where the two differ and no peak is known.

        >>> from cutwise.hardware.profiles import hardware
        >>> board = Device(profile="raspberry_pi_5", flops_per_s=1e11, fitted_dtype="fp32")
        >>> round(board.format_ratio(hardware()["raspberry_pi_5"], "fp16"), 2)
        2.0
        """
        if self.fitted_dtype in (None, dtype):
            return 1.0
        known = profile.peak_flops_per_s(str(self.fitted_dtype))
        return profile.peak_flops_per_s(dtype) / known if known else None

    @property
    def has_class_backward(self) -> bool:
        """True where its class says what a backward pass takes, and forward passes were fitted."""
        fitted = self.moved_bytes_per_s is not None or self.launch_s is not None
        by_class = self.time_class is not None or (self.flops_per_s is None and self.efficiency_ratio is None)
        return fitted and self.time_low_ratio is not None and self.backward_ratio is None and by_class

    def decoding_class(self, profile: Profile) -> DecodingClass:
        """How it generates text: as given, or its profile's class."""
        return decoding_classes()[self.decoding or profile.decoding]

    def bandwidth_bytes_per_s(self, profile: Profile) -> float | None:
        """Bytes a second that its memory moves: as given, or its profile's; None where nobody says."""
        own = self.memory_bandwidth_bytes_per_s
        return profile.memory_bandwidth_bytes_per_s if own is None else own

    def prompt_flops_per_s(self, profile: Profile, dtype: str) -> float:
        """Effective speed at a language model: that given, or its class's share of the peak."""
        ratio = self.decoding_class(profile).prefill_ratio
        if ratio is None or self.flops_per_s is not None or self.efficiency_ratio is not None:
            return self.speed_flops_per_s(profile, dtype)
        return ratio * profile.prompt_peak_flops_per_s(dtype)

    def __post_init__(self) -> None:
        mistakes = settled(self)
        if self.flops_per_s is not None and self.efficiency_ratio is not None:
            mistakes.append("give flops_per_s (effective, used as it is) or efficiency_ratio, not both")
        mistakes += self._time_mistakes()
        if self.profile is not None and self.profile not in hardware():
            mistakes.append(f"profile: {unknown_profile(self.profile)}")
        if self.power_mode not in ("", OPTIMISED) and (self.profile is None or self.profile in hardware()):
            mistakes += self._mode_mistakes()
        known = decoding_classes()
        if self.decoding is not None and self.decoding not in known:
            mistakes.append(f"decoding: {UnknownNameError('decoding class', self.decoding, known)}")
        if mistakes:
            raise ScenarioError(mistakes)

    def _time_mistakes(self) -> list[str]:
        """Figures of compute time that would change nothing where they stand."""
        one = next((n for n in ("flops_per_s", "efficiency_ratio") if getattr(self, n) is not None), None)
        if self.time_class is not None and one and not (one == "flops_per_s" and self.has_class_backward):
            return [f"give time_class (shares of the profile's peaks) or {one}, not both"]
        if self.fitted_dtype is not None and self.flops_per_s is None:
            return ["fitted_dtype: says in which format flops_per_s was measured; give that too, or neither"]
        return []

    def _mode_mistakes(self) -> list[str]:
        """Why the power mode that is named cannot be that of this party."""
        given = [name for name in ("flops_per_s", "compute_power_w") if getattr(self, name) is not None]
        if given:
            return [
                f"give power_mode or {given[0]}, not both: a mode says what its profile computes and draws"
            ]
        rows = list(hardware().values()) if self.profile is None else [hardware()[self.profile]]
        several = dict.fromkeys([OPTIMISED, *(name for row in rows for name in _names(row))])
        if self.power_mode in several:
            return []
        what = "power mode" if self.profile is None else f"power mode of {rows[0].title}"
        return [f"power_mode: {UnknownNameError(what, self.power_mode, several)}"]


def _names(profile: Profile) -> tuple[str, ...]:
    return tuple(mode.name for mode in profile.modes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Party):
    """One device: a party with data, a place and a radio."""

    name: str = quantity("", title="Name", help="What the device is called; numbered if absent")
    samples: int = quantity(
        1000, ge=1, le=1_000_000_000, symbol="D", title="Samples", scale="log", shown=(10, 1e6),
        help="Samples that the device holds: those it trains on, or in inference its requests",
    )  # fmt: skip
    distance_m: float = quantity(
        100.0, unit="m", gt=0, le=1e5, symbol="d", title="Distance", scale="log", shown=(1, 2000),
        help="How far the device is from the base station",
    )  # fmt: skip
    transmit_power_w: float = quantity(
        0.2, unit="w", ge=1e-15, le=100, symbol="P", title="Transmit power", scale="log", shown=(0.01, 2.0),
        help="Power its antenna radiates (23 dBm)",
    )  # fmt: skip
    amplifier_ratio: float | None = quantity(
        None, unit="ratio", ge=1e-3, le=1, title="Amplifier efficiency",
        help="Radiated over consumed power while it sends, for a radio of its own; that of all if absent",
    )  # fmt: skip
    radio_circuit_power_w: float | None = quantity(
        None, unit="w", ge=0, le=100, title="Radio circuit power",
        help="Power of the radio's circuits while it sends, likewise",
    )  # fmt: skip
    receive_power_w: float | None = quantity(
        None, unit="w", ge=0, le=100, title="Receive power",
        help="Power of the radio while it receives, likewise",
    )  # fmt: skip

    @property
    def catalogue_kind(self) -> str:
        """A device."""
        return "device"

    @property
    def usual(self) -> str:
        """The profile of a device that has neither one nor a speed."""
        return DEFAULT_DEVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge(Party):
    """An edge server between its own users and the cloud, with a cell of its own."""

    name: str = quantity("", title="Name", help="What the edge is called; numbered if absent")

    @property
    def usual(self) -> str:
        """The profile of an edge that has neither one nor a speed."""
        return DEFAULT_EDGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Server(Party):
    """The server: at the edge, or the cloud behind edges."""

    name: str = quantity("server", title="Name", help="What the server is called")
