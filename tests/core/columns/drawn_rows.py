"""Rows of numbers drawn at random in many settings, and where sweeps of them differ from one plan a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

import cutwise
from cutwise.channels import Shannon
from cutwise.compression.top_k import TopK
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Compression, Limits, Objective, Scenario, Sharing
from cutwise.schemes.base import SCHEMES

Column: TypeAlias = Callable[[np.random.Generator, int], Any]
EXACT = 1e-12
BEST_BAND = 1e-9
"""The band split of a plan is proven to half of this."""
SHARES_OF_PLAN = 1e-4
"""What a device that ends just before the last holds of the band is open, and its energy with it."""


def between(low: float, high: float) -> Column:
    """Numbers whose logarithms are spread evenly."""
    return lambda rng, rows: 10 ** rng.uniform(np.log10(low), np.log10(high), rows)


def whole(low: int, high: int) -> Column:
    """Whole numbers from low to high."""
    return lambda rng, rows: rng.integers(low, high + 1, rows)


def fleet(count: int, **given: Any) -> tuple[Device, ...]:
    """Devices of different speeds, places and data; the last two are alike."""
    rng = np.random.default_rng(5)
    made = [
        Device(
            name=f"d{number}",
            flops_per_s=float(10 ** rng.uniform(9.5, 12)),
            samples=int(rng.integers(50, 2000)),
            distance_m=float(rng.uniform(10, 300)),
            **given,
        )
        for number in range(count - 1)
    ]
    return (*made, replace(made[-1], name="twin"))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A scenario, a scheme, and what is drawn for each path."""

    columns: Mapping[str, Column]
    scenario: Scenario = Scenario()
    scheme: str = "fast_split"
    near: float = EXACT
    energy_near: float = EXACT
    samples: tuple[str, ...] = cutwise.samples()

    def over(self, rng: np.random.Generator, rows: int) -> dict[str, Any]:
        """So many rows of every path."""
        return {path: column(rng, rows) for path, column in self.columns.items()}


RATES = {"channel.uplink_bps": between(1e5, 1e10), "channel.downlink_bps": between(1e5, 1e10)}
SPEEDS = {"devices.*.flops_per_s": between(1e8, 1e13), "server.flops_per_s": between(1e10, 1e14)}
HERTZ = {"channel.uplink_bandwidth_hz": between(1e5, 1e9), "channel.downlink_bandwidth_hz": between(1e5, 1e9)}
POWERS = {
    "devices.*.compute_power_w": between(0.1, 300),
    "devices.*.transmit_power_w": between(1e-2, 10),
    "server.compute_power_w": between(1, 3000),
}
FIVE = Scenario(devices=fleet(5), server=Server(memory_bytes=1e13))
BEST = Sharing(bandwidth="optimised")
ENERGY, WEIGHTED = Objective(kind="energy"), Objective(kind="weighted", delay_weight=0.6, energy_weight=0.3)

SETTINGS: Mapping[str, Setting] = {
    "rates": Setting(columns=RATES),
    "either side faster": Setting(columns={**RATES, **SPEEDS}),
    "work and powers": Setting(
        columns={
            **RATES,
            **POWERS,
            "devices.*.samples": whole(1, 5000),
            "workload.label_bytes": between(1, 1e4),
        }
    ),
    "latencies": Setting(
        columns={
            **RATES,
            "channel.uplink_latency_s": between(1e-4, 1),
            "channel.downlink_latency_s": between(1e-4, 1),
        }
    ),
    "shannon": Setting(
        scenario=Scenario(channel=Shannon()),
        columns={
            **HERTZ,
            "devices.*.distance_m": between(1, 3000),
            "devices.*.transmit_power_w": between(1e-2, 5),
        },
    ),
    "energy": Setting(scenario=Scenario(objective=ENERGY), columns={**RATES, **SPEEDS, **POWERS}),
    "weighted by energy alone": Setting(
        scenario=Scenario(objective=replace(WEIGHTED, delay_weight=0.0)), columns={**RATES, **SPEEDS}
    ),
    "weighted": Setting(scenario=Scenario(objective=WEIGHTED), columns={**RATES, **SPEEDS, **POWERS}),
    "inference": Setting(scenario=Scenario(workload=Workload(mode="inference")), columns={**RATES, **SPEEDS}),
    "lora": Setting(
        scenario=Scenario(workload=Workload(tuning=Lora())),
        columns={**RATES, **SPEEDS},
        samples=("vit_b16", "gpt2"),
    ),
    "overlap": Setting(scenario=Scenario(workload=Workload(micro_batches=4)), columns=RATES),
    "compressed": Setting(
        scenario=Scenario(compression=Compression(codec=TopK())), columns={**RATES, **SPEEDS}
    ),
    "memories": Setting(
        columns={
            **RATES,
            **SPEEDS,
            "devices.*.memory_bytes": between(1e8, 3e10),
            "server.memory_bytes": between(1e8, 1e11),
        }
    ),
    "limits": Setting(
        scenario=Scenario(limits=Limits(memory="fits")),
        columns={
            **RATES,
            **SPEEDS,
            "limits.device_energy_j": between(1e-1, 1e6),
            "limits.traffic_bytes": between(1e6, 1e12),
            "limits.deadline_s": between(1, 1e6),
        },
    ),
    "fleet in turn": Setting(
        scenario=FIVE, scheme="split_learning", columns={**RATES, "devices.2.flops_per_s": between(1e8, 1e13)}
    ),
    "fleet in turn, weighted": Setting(
        scenario=replace(FIVE, objective=WEIGHTED),
        columns={**RATES, "server.flops_per_s": between(1e10, 1e14)},
    ),
    "fleet at equal shares": Setting(
        scenario=FIVE, scheme="split_federated", columns={**RATES, "devices.0.samples": whole(1, 5000)}
    ),
    "fleet over shannon": Setting(
        scenario=replace(FIVE, channel=Shannon()),
        scheme="split_federated",
        columns={**HERTZ, "devices.2.distance_m": between(1, 3000)},
    ),
    "fleet in divided time": Setting(
        scenario=replace(FIVE, sharing=Sharing(bandwidth="time_division")),
        scheme="split_federated",
        columns=RATES,
    ),
    "fleet, a server too small": Setting(
        scenario=FIVE, scheme="split_federated", columns={**RATES, "server.memory_bytes": between(1e9, 1e11)}
    ),
    "best band": Setting(
        scenario=replace(FIVE, sharing=BEST),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={
            **RATES,
            "devices.0.flops_per_s": between(1e8, 1e13),
            "server.flops_per_s": between(1e11, 1e14),
        },
    ),
    "best band, latencies and limits": Setting(
        scenario=replace(FIVE, sharing=BEST),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={
            **RATES,
            "channel.uplink_latency_s": between(1e-4, 1),
            "limits.traffic_bytes": between(1e8, 1e12),
            "limits.deadline_s": between(1, 1e6),
            "devices.*.memory_bytes": between(1e9, 3e10),
        },
    ),
    "best band over shannon": Setting(
        scenario=replace(FIVE, sharing=BEST, channel=Shannon()),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={
            **HERTZ,
            "devices.2.distance_m": between(1, 3000),
            "devices.*.transmit_power_w": between(1e-2, 5),
        },
    ),
    "best band, energy": Setting(
        scenario=replace(FIVE, sharing=BEST, objective=ENERGY),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={**RATES, **POWERS},
    ),
    "best band, inference": Setting(
        scenario=replace(FIVE, sharing=BEST, workload=Workload(mode="inference")),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={**RATES, "server.flops_per_s": between(1e10, 1e14)},
    ),
    "fleet, each device with numbers of its own": Setting(
        scenario=FIVE,
        scheme="split_federated",
        columns={
            **RATES,
            **{f"devices.{number}.flops_per_s": between(1e8, 1e13) for number in range(5)},
            "devices.3.samples": whole(1, 5000),
            "devices[1].distance_m": between(1, 300),
        },
    ),
    "one memory for all rows": Setting(
        scenario=Scenario(devices=(Device(memory_bytes=1.5e9),), server=Server(memory_bytes=2e9)),
        columns={**RATES, **SPEEDS},
    ),
    "a memory that nothing fits": Setting(
        scenario=Scenario(devices=(Device(memory_bytes=1e6),)), columns={**RATES, **SPEEDS}
    ),
    "one memory and other limits": Setting(
        scenario=Scenario(devices=(Device(memory_bytes=2e9),)),
        columns={**RATES, **SPEEDS, "limits.traffic_bytes": between(1e8, 1e12)},
    ),
    "best band, one memory": Setting(
        scenario=replace(FIVE, devices=fleet(5, memory_bytes=2e9), sharing=BEST),
        scheme="split_federated",
        near=BEST_BAND,
        energy_near=SHARES_OF_PLAN,
        columns={**RATES, "devices.0.flops_per_s": between(1e8, 1e13)},
    ),
}
SEPARABLE = tuple(name for name, scheme in SCHEMES.items() if scheme.separable)


def schemes_of(setting: Setting) -> tuple[str, ...]:
    """The separable schemes whose devices are served as the setting's scheme serves them."""
    at_once = SCHEMES[setting.scheme].round_of.parallel
    return tuple(name for name in SEPARABLE if SCHEMES[name].round_of.parallel == at_once)


def differences(graph: ModelGraph, setting: Setting, scheme: str, *, rows: int, seed: int) -> Iterator[str]:
    """A sentence for every row of a sweep that says something else than the row's own plan."""
    over = setting.over(np.random.default_rng(seed), rows)
    table = cutwise.sweep(graph, setting.scenario, over=over, scheme=scheme, zip=True)
    for row, said in enumerate(table.to_dict("records")):
        own = {path: column[row].item() for path, column in over.items()}
        plan = cutwise.plan(graph, changed(setting.scenario, own), scheme)
        label = " | ".join(dict.fromkeys(decision.cut.label for decision in plan.decisions))
        told = [
            f"{name} {said[name]!r} is not {value!r}"
            for name, value in (("status", plan.status), ("cut", label))
            if said[name] != value
        ]
        told += [
            f"{name} {said[name]!r} is off {value!r} by {said[name] / value - 1:.1e}"
            for name, value, ratio in (
                ("delay_s", plan.delay_s, setting.near),
                ("energy_j", plan.energy_j, setting.energy_near),
            )
            if not _near(said[name], value, ratio)
        ]
        if told:
            yield f"{graph.name}, {scheme}, row {row} {own}: {'; '.join(told)}"


def rows_of_sample(setting: Setting, number: int, rows: int) -> tuple[int, str]:
    """How many of a setting's rows are those of its sample of this number, and with which scheme."""
    count, schemes = len(setting.samples), schemes_of(setting)
    return rows // count + (number < rows % count), schemes[number % len(schemes)]


def _near(one: float, other: float, ratio: float) -> bool:
    return bool(abs(one - other) <= ratio * abs(other))
