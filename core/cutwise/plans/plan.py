"""The answer: decisions per device, what they cost, how good they are and how that is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from cutwise.costs.memory.verdict import WORST_FIRST, PartyMemory
from cutwise.frozen import Frozen
from cutwise.plans.party_modes import PartyMode, mode_sentences
from cutwise.plans.serving import Inference
from cutwise.plans.stages import StageTimes
from cutwise.scenario.versions import versions
from cutwise.tolerances import CLOSED_GAP, rounded_bound

Status = Literal["optimal", "feasible", "infeasible"]
ServerPolicy = Literal["share", "queue"]
OWNERS = ("device_compute", "device_radio", "server", "network")
NO_EVIDENCE = "no convergence evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where one device's model is cut.

    `device_ops` are the ids that stay on the device, `crossing` those whose output is sent, and `label`
    the short name of the cut.
    """

    label: str
    device_ops: tuple[str, ...]
    crossing: tuple[str, ...]
    crossing_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDecision:
    """What was decided for one device; a bandwidth is None where the channel knows rates only.

    Its radio is on for `duty_ratio` of a transfer's seconds, below 1 where time is divided.
    Devices of one `group` work one after another, groups of one `phase` at once, phases in turn. With an
    `edge`, `edge_cut` keeps what runs on the device or the edge. `returned_ops` run on the device again,
    after the server. `compression` is the compressor in words, `accuracy_loss_ratio` what it costs where
    something is sent, by the scenario's evidence.
    """

    device: str
    cut: Cut
    phase: int
    group: int
    bandwidth_share: float
    duty_ratio: float
    uplink_bps: float
    downlink_bps: float
    uplink_bandwidth_hz: float | None
    downlink_bandwidth_hz: float | None
    uplink_power_w: float
    server_share: float
    server_frequency_ratio: float
    server_frequency_hz: float | None = None
    device_frequency_hz: float | None = None
    compression: str | None = None
    uplink_compression_ratio: float
    downlink_compression_ratio: float
    encode_s_per_byte: float
    decode_s_per_byte: float
    accuracy_loss_ratio: float
    edge: str | None = None
    edge_share: float = 1.0
    edge_cut: Cut | None = None
    returned_ops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that the plan breaks: `needs` is what it takes, `has` what is allowed, in SI units."""

    rule: str
    where: str
    needs: float
    has: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A rule that keeps `ops` on one side, in a sentence, and what would release them.

    `devices` are those at whose cuts it stands: they keep on the device no more than the rules demand, or
    their cuts were sought among those that keep ops together.
    """

    rule: str
    ops: tuple[str, ...]
    devices: tuple[str, ...] = ()
    sentence: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An independent bound on the objective; `gap` 0 (to rounding) proves the answer optimal."""

    method: str
    value: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Frozen):
    """How the answer was found and how good it is.

    `value` is the objective reached, `bound` what no plan of this scheme can beat, `gap` their relative
    distance. `timing` holds run times in seconds and stays out of comparisons.
    """

    method: str
    value: float
    bound: float | None
    gap: float | None
    certificate: Certificate | None
    timing: Mapping[str, float] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        *,
        method: str,
        value: float,
        bound: float | None,
        certificate: Certificate | None,
        timing: Mapping[str, float] = MappingProxyType({}),
    ) -> Report:
        """The report with the gap that value and bound leave.

        A bound that a value reaches but for rounding is that value. One that is not finite, or that the
        value undercuts, speaks of other plans than this (none keeps every rule, or only dearer ones): it is
        left out with its certificate.

        >>> Report.of(method="by hand", value=2.0, bound=2.0 + 4e-16, certificate=None).bound
        2.0
        """
        bound = None if bound is None else rounded_bound(bound, value)
        if bound is None or not math.isfinite(bound) or bound > value:
            bound, certificate = None, None
        gap = None if bound is None else relative_gap(value, bound)
        if certificate is not None and bound is not None:
            certificate = replace(certificate, value=value, bound=bound)
        return cls(method=method, value=value, bound=bound, gap=gap, certificate=certificate, timing=timing)

    @property
    def status(self) -> Status:
        """What the report proves of a plan that keeps every rule: optimal where a certificate closes the gap.

        >>> proof = Certificate(method="by hand", value=2.0, bound=2.0)
        >>> Report(method="by hand", value=2.0, bound=2.0, gap=0.0, certificate=proof).status
        'optimal'
        >>> Report(method="a guess", value=2.0, bound=2.0, gap=0.0, certificate=None).status
        'feasible'
        """
        closed = self.certificate is not None and self.gap is not None and self.gap <= CLOSED_GAP
        return "optimal" if closed else "feasible"


def relative_gap(value: float, bound: float) -> float | None:
    """How far apart value and bound are, relative to the value; None where one is infinite.

    >>> relative_gap(4.0, 3.0), relative_gap(0.0, 0.0)
    (0.25, 0.0)
    """
    if not (math.isfinite(value) and math.isfinite(bound)):
        return None
    return 0.0 if value == bound else abs(value - bound) / max(abs(value), abs(bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A cut that was not chosen for a device, and how much more it costs there.

    `proven` says that no cut in between was left out; else it is among the best of the cuts looked at.
    """

    device: str
    cut: str
    delay_s: float
    energy_j: float
    worse_ratio: float
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Frozen):
    """One scheme's answer to one problem; delays and energies are those of one round.

    `server_memory_bytes` is what the server's process takes at its fullest; `memory` says the same of every
    party, with what is allocated, the limit, and whether that fits. `round_rule` says in one sentence what a
    round is in this scheme. With the `server_policy` "queue" the server works for one active device after
    another, else each has its share of it. `rounds_to_target` and `time_to_target_s` are None where there is
    no convergence evidence; their least and most are over the seeds, None where not all got there. In
    inference delays and energies are those of all requests of the devices; `inference` says what one of them
    takes. `pins` name the rules that kept ops where they are, `shared_weights` what becomes of a weight that
    both sides read. `energy_evidence` says what the laws that counted the joules were held against.
    `power_modes` are the parties whose power mode was decided. `product_version` and
    `data_version` say what answered: other tables move figures.
    """

    scheme: str
    status: Status
    delay_s: float
    energy_j: float
    energy_by_owner_j: Mapping[str, float]
    decisions: tuple[DeviceDecision, ...]
    stages: tuple[StageTimes, ...]
    server_memory_bytes: float
    samples_per_round: int
    sequential_updates_per_round: int
    delay_per_data_pass_s: float
    round_rule: str
    rounds_to_target: float | None = None
    rounds_to_target_least: int | None = None
    rounds_to_target_most: int | None = None
    time_to_target_s: float | None = None
    time_to_target_least_s: float | None = None
    time_to_target_most_s: float | None = None
    evidence: str = NO_EVIDENCE
    energy_evidence: str = ""
    violations: tuple[Violation, ...] = ()
    report: Report
    alternatives: tuple[Alternative, ...] = ()
    server_policy: ServerPolicy = "share"
    pins: tuple[Pin, ...] = ()
    shared_weights: str = ""
    product_version: str = field(default_factory=lambda: versions().product)
    data_version: str = field(default_factory=lambda: versions().data)
    inference: Inference | None = None
    memory: tuple[PartyMemory, ...] = ()
    power_modes: tuple[PartyMode, ...] = ()

    @property
    def phases(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Who works when: phases in turn, their groups at once, a group's devices in turn, as positions."""
        found: dict[int, dict[int, list[int]]] = {}
        for position, decision in enumerate(self.decisions):
            found.setdefault(decision.phase, {}).setdefault(decision.group, []).append(position)
        return tuple(
            tuple(tuple(found[phase][group]) for group in sorted(found[phase])) for phase in sorted(found)
        )

    @property
    def pinned_by(self) -> tuple[str, ...]:
        """The rules at which cuts stand, a sentence each, and what would release what they pin."""
        count = len(self.decisions)
        told = []
        for pin in (pin for pin in self.pins if pin.devices):
            some = "" if len(pin.devices) == count else f", at {len(pin.devices)} of {count} devices"
            told.append(f"{pin.sentence}{some} ({pin.release})")
        return tuple(told)

    @property
    def mode_sentences(self) -> tuple[str, ...]:
        """Which power mode each party got, and what the others would have cost."""
        return mode_sentences(self.power_modes)

    @property
    def memory_verdict(self) -> str:
        """Whether the plan fits every party's memory: the worst of their verdicts."""
        found = {one.verdict for one in self.memory}
        return next((word for word in WORST_FIRST if word in found), "fits")

    @property
    def active(self) -> int:
        """The most devices that are active at once."""
        return max(len(groups) for groups in self.phases)
