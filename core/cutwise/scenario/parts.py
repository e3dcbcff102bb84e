"""The scenario: everything that is given before a cut is chosen, as one frozen value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from cutwise.channels import Channel, FixedRate
from cutwise.compression import Accuracy, Codec, ErrorProxy, Uncompressed
from cutwise.costs.memory.verdict import FITS_RATIO
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError, shown
from cutwise.fields.field_values import settled
from cutwise.scenario.checks import Part, choice_mistakes
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.units import quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing(Part):
    """How devices that are active at once share the band and the server.

    `dedicated`: each has all of it; `equal`: 1/k each; `optimised`: the split that ends the round first;
    `time_division`: each has the whole band for 1/k of the time; `queue`: the whole server works for one
    mini-batch after another, first come, first served.
    """

    bandwidth: Literal["dedicated", "equal", "optimised", "time_division"] = quantity(
        "equal", title="Bandwidth", help="How the active devices share the band"
    )
    server: Literal["dedicated", "equal", "queue"] = quantity(
        "equal", title="Server", help="How the active devices share the server's speed"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDepth(Part):
    """The first `layers` ops with weights stay on the device, on every path from an input."""

    layers: int = quantity(1, ge=1, le=100_000, title="Layers", help="How many layers stay", shown=(1, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy(Part):
    """What must stay on the device."""

    keep_on_device: Literal["raw_allowed", "first_layer"] | LayerDepth | tuple[str, ...] = quantity(
        "first_layer", title="Keep on device",
        help="raw_allowed, first_layer, { layers = n }, or a list of op ids; with all they depend on",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Part):
    """How the devices' data are distributed; it changes rounds to a target, not the delay of one."""

    partition: Literal["iid", "dirichlet"] = quantity(
        "iid",
        title="Data",
        help="iid: the same mix everywhere; dirichlet: each class divided at random",
    )
    alpha: float = quantity(
        0.5, gt=0, le=1000, symbol="α", title="Dirichlet alpha", scale="log", shown=(0.05, 10.0),
        help="How even the devices' mixes are; the study measured 0.1 and 0.5",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence(Part):
    """What is known of the rounds to a target accuracy; "none" shows delay a round and a data pass only.

    "table" looks them up in the shipped study: a small CNN on handwritten digits with twelve devices, which
    orders schemes and forecasts no other model.
    """

    kind: Literal["none", "table"] = quantity(
        "none", title="Rounds to target", help="table: as measured on a small CNN with handwritten digits"
    )
    target_accuracy: float = quantity(
        0.9, gt=0, lt=1, title="Target accuracy", shown=(0.5, 0.95),
        help="Test accuracy that training stops at",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective(Part):
    """What is minimised.

    `weighted` adds delay and energy, each normalised over the scenario's extremes (P4, eq. for U).
    """

    kind: Literal["delay", "energy", "weighted"] = quantity(
        "delay", title="Objective", help="What the plan minimises"
    )
    delay_weight: float = quantity(
        0.5, unit="ratio", ge=0, le=1, symbol="w", title="Delay weight", shown=(0.0, 1.0),
        help="Weight of the normalised delay",
    )  # fmt: skip
    energy_weight: float = quantity(
        0.5, unit="ratio", ge=0, le=1, title="Energy weight", shown=(0.0, 1.0),
        help="Weight of the normalised energy",
    )  # fmt: skip
    energy_of: tuple[Literal["device", "network", "server"], ...] = quantity(
        ("device", "network", "server"), title="Energy of", help="Whose energy counts"
    )

    def __post_init__(self) -> None:
        mistakes = settled(self) + choice_mistakes(self)
        if not self.energy_of:
            mistakes.append("energy_of: name at least one of device, network, server")
        if self.is_weighted and self.delay_weight + self.energy_weight == 0:
            mistakes.append("delay_weight and energy_weight are both 0; raise one")
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def weights(self) -> tuple[float, float]:
        """What delay and energy count, each in units of how far it ranges where both do.

        >>> Objective(kind="energy").weights, Objective(kind="weighted", delay_weight=0.7).weights
        ((0.0, 1.0), (0.7, 0.5))
        """
        alone = {"delay": (1.0, 0.0), "energy": (0.0, 1.0)}
        return alone.get(self.kind, (self.delay_weight, self.energy_weight))

    @property
    def is_delay(self) -> bool:
        """True where delay alone is minimised."""
        return self.kind == "delay"

    @property
    def is_energy(self) -> bool:
        """True where energy alone is minimised."""
        return self.kind == "energy"

    @property
    def is_weighted(self) -> bool:
        """True where both are, each normalised over the scenario's extremes."""
        return self.kind == "weighted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression(Part):
    """How smashed data are compressed, which way, and what is known of the accuracy that it costs.

    Everything that crosses a cut is compressed alike, raw data too; models and labels never are.
    """

    codec: Uncompressed | Codec = quantity(
        Uncompressed(), title="Codec", help="What compresses the tensors that cross"
    )
    directions: Literal["uplink", "both"] = quantity(
        "uplink", title="Compressed", help="Smashed data on the uplink only, or their gradients too"
    )
    accuracy: Accuracy = quantity(
        ErrorProxy(), title="Accuracy", help="What is known of the accuracy that an error costs"
    )

    def __post_init__(self) -> None:
        mistakes = settled(self) + choice_mistakes(self)
        mistakes += [f"codec.{mistake}" for mistake in choice_mistakes(self.codec)]
        if mistakes:
            raise ScenarioError(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Part):
    """What a plan must not exceed; memory limits stand at the devices, the edges and the server."""

    memory: Literal["peak", "fits"] = quantity(
        "peak", title="Memory",
        help="peak: processes may take all of a memory; fits: a sixth is kept free, as predictions err",
    )  # fmt: skip
    deadline_s: float | None = quantity(
        None,
        unit="s",
        ge=1e-12,
        le=1e12,
        title="Deadline",
        scale="log",
        shown=(0.1, 1e5),
        help="Longest delay of one round",
    )
    device_energy_j: float | None = quantity(
        None, unit="j", ge=1e-12, le=1e18, title="Device energy", scale="log", shown=(0.1, 1e6),
        help="Most energy any device may spend in one round, computing and sending",
    )  # fmt: skip
    traffic_bytes: float | None = quantity(
        None, unit="bytes", ge=1e-12, le=1e21, title="Traffic", scale="log", shown=(1e4, 1e12),
        help="Most bytes any device may send and receive in one round",
    )  # fmt: skip
    accuracy_loss_ratio: float | None = quantity(
        None, unit="ratio", gt=0, le=1, title="Accuracy loss", scale="log", shown=(1e-3, 0.5),
        help="Most accuracy that compression may cost by what is known of it; 0.01 is one point",
    )  # fmt: skip

    @property
    def memory_margin_ratio(self) -> float:
        """A memory over what a process may take of it."""
        return FITS_RATIO if self.memory == "fits" else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backhaul(Part):
    """The link between every edge and the cloud, the same both ways; each edge has its own."""

    rate_bps: float = quantity(
        1e9, unit="bps", ge=1e-9, le=1e15, symbol="C", title="Backhaul", scale="log", shown=(1e7, 1e11),
        help="Rate between an edge and the cloud",
    )  # fmt: skip
    latency_s: float = quantity(
        0.0, unit="s", ge=0, le=3600, title="Backhaul latency", shown=(0.0, 0.1),
        help="Latency of one message on the backhaul",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that is given: `Scenario()` is one device, one server and a fixed-rate link.

    Field names are the keys of the scenario file and the paths of a sweep. Raises `ScenarioError` with
    every mistake and its path.

    >>> Scenario().device_names
    ('device-1',)
    """

    name: str = quantity("small cell", title="Name", help="What the scenario is called")
    seed: int = quantity(7, ge=0, le=2**31 - 1, title="Seed", help="Same scenario, same seed, same result")
    rounds: int = quantity(
        100, ge=1, le=10_000_000, title="Rounds", scale="log", shown=(1, 10_000),
        help="Rounds that totals are multiplied by; delays and energies of a plan are those of one round",
    )  # fmt: skip
    workload: Workload = field(default_factory=Workload)
    devices: tuple[Device, ...] = field(default=(Device(),))
    server: Server = field(default_factory=Server)
    channel: Channel = field(default_factory=FixedRate)
    edges: tuple[Edge, ...] = field(default=())
    backhaul: Backhaul = field(default_factory=Backhaul)
    sharing: Sharing = field(default_factory=Sharing)
    privacy: Privacy = field(default_factory=Privacy)
    data: Data = field(default_factory=Data)
    convergence: Convergence = field(default_factory=Convergence)
    objective: Objective = field(default_factory=Objective)
    limits: Limits = field(default_factory=Limits)
    compression: Compression = field(default_factory=Compression)
    energy: Energy = field(default_factory=Energy)

    def __post_init__(self) -> None:
        mistakes = settled(self)
        mistakes += [f"workload.{mistake}" for mistake in choice_mistakes(self.workload)]
        if not self.devices:
            mistakes.append("devices: a scenario needs at least one device")
        names = self.device_names
        mistakes += [
            f"devices: the name {shown(name)} is used twice; names must differ"
            for name, uses in sorted(Counter(names).items())
            if uses > 1
        ]
        if len(set(self.edge_names)) < len(self.edges):
            mistakes.append("edges: two have the same name; names must differ")
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def edge_names(self) -> tuple[str, ...]:
        """The edges' names; one without a name is numbered."""
        return tuple(edge.name or f"edge-{i}" for i, edge in enumerate(self.edges, start=1))

    @property
    def device_names(self) -> tuple[str, ...]:
        """The devices' names; one without a name is numbered."""
        return tuple(device.name or f"device-{i}" for i, device in enumerate(self.devices, start=1))
