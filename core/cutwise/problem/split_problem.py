"""The problem a scheme solves: a priced graph and a scenario turned into numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cutwise.arrays import Floats, Mask, Number
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.conditions import ComputeConditions, Conditions, LinkConditions, Pace, Roofs
from cutwise.problem.numbers import (
    DeviceColumns,
    ServerNumbers,
    accuracy_loss_ratio,
    coding_of,
    columns_of_devices,
    device_columns,
    numbers_of_server,
    server_numbers,
)
from cutwise.problem.power_conditions import PowerConditions
from cutwise.problem.powers import power_conditions, powers_of
from cutwise.problem.pricing import priced, targets_of
from cutwise.problem.private_ops import private_ops
from cutwise.problem.roofs import roofs_of
from cutwise.problem.trained import check_trained
from cutwise.scenario.parts import Privacy, Scenario
from cutwise.tolerances import LIMIT_ROUNDING

BYTES_OF_A_TARGET = 8
"""A class label or a token to predict is an int64."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitProblem(Frozen):
    """Numbers only: what every device computes, holds, sends and must keep; arrays of shape (devices,).

    `private` (ops,) are the ops that privacy keeps on the device; `pinned` are all that must stay there:
    every op where compression costs more accuracy than allowed, so that nothing may be sent. `ties` are
    groups of ops that stay on one side because they train a weight in common. `gain_ratio` is each path's
    gain over its mean, where channels fade, `uplink_ratio` every uplink rate over the scenario's, where it is
    asked what another rate would change. `roofs` bound the parties where text is generated. `scale` is the
    problem by which a weighted objective is normalised, where it is not this one.

    Of the `*_memory_bytes` `*_budget_bytes` may be charged (`RuntimeFigures.charged_bytes`)
    so that the processes, with the margin that the limits ask for, stay within them.
    """

    scenario: Scenario
    cost: GraphCost
    private: Mask
    pinned: Mask
    ties: tuple[tuple[int, ...], ...]
    device_flops_per_s: Floats
    device_memory_bytes: Floats
    iterations: Floats
    samples: Floats
    distance_m: Floats
    transmit_power_w: Floats
    server_flops_per_s: Number
    server_memory_bytes: float
    device_budget_bytes: Floats
    server_budget_bytes: float
    device_runtime: RuntimeFigures
    server_runtime: RuntimeFigures
    power: PowerConditions
    device_pace: Pace = field(default_factory=Pace)
    server_pace: Pace = field(default_factory=Pace)
    gain_ratio: Number = 1.0
    uplink_ratio: float = 1.0
    roofs: Roofs | None = None
    scale: SplitProblem | None = None

    @property
    def device_count(self) -> int:
        """How many devices there are."""
        return len(self.iterations)

    @property
    def workload(self) -> Workload:
        """The scenario's workload."""
        return self.scenario.workload

    @property
    def micro_batches(self) -> int:
        """Parts of a mini-batch that overlap, at most one a sample; the most where rows differ."""
        return int(np.max(self._micro_batches))

    @property
    def _micro_batches(self) -> Number:
        whole = self.workload.micro_batches == 1
        return 1.0 if whole else _number(np.minimum(self.workload.micro_batches, self.workload.batch_size))

    @property
    def adds_up(self) -> bool:
        """True where a delay is a sum over ops: micro-batches do not overlap, no text is generated."""
        return self.micro_batches == 1 and self.roofs is None

    @property
    def new_tokens(self) -> int:
        """Tokens that are generated for each request."""
        return self.cost.generation.generation.new_tokens if self.cost.generation else 0

    @property
    def input_bytes(self) -> float:
        """Bytes of one raw sample."""
        return float(self.cost.output_bytes[self.cost.is_input].sum())

    @property
    def label_bytes(self) -> float:
        """Bytes of one sample's label; 0 in inference, where nothing is compared."""
        workload = self.workload
        if not workload.training:
            return 0.0
        if workload.label_bytes is not None:
            return workload.label_bytes
        return BYTES_OF_A_TARGET * targets_of(self.cost.graph)

    def rates_bps(self, share: Number) -> tuple[Number, Number]:
        """Uplink and downlink rate of every device that holds `share` of the band."""
        channel = self.scenario.channel
        uplink = self.uplink_ratio * channel.uplink_rate_bps(
            share=share,
            distance_m=self.distance_m,
            transmit_power_w=self.transmit_power_w,
            gain_ratio=self.gain_ratio,
        )
        return uplink, channel.downlink_rate_bps(
            share=share, distance_m=self.distance_m, gain_ratio=self.gain_ratio
        )

    def conditions(
        self, *, active: Number = 1.0, share: Number | None = None, server_share: float | None = None
    ) -> Conditions:
        """What every device meets when `active` of them are served at once, arrays of shape (devices,).

        `active` is one number, or one a device where clusters differ in size. `share` is the part of the
        band each holds, by the scenario's sharing policy unless given.
        """
        server = self.scenario.sharing.server
        compute = ComputeConditions(
            iterations=self.iterations,
            batch_size=_number(self.workload.batch_size),
            device_flops_per_s=self.device_flops_per_s,
            server_flops_per_s=self.server_flops_per_s,
            server_share=server_share or (1.0 / active if server == "equal" else 1.0),
            micro_batches=self._micro_batches,
            device_pace=self.device_pace,
            server_pace=self.server_pace,
        )
        idle_ratio = 1.0 / active if server == "queue" else 1.0
        power = replace(self.power, server_idle_ratio=idle_ratio)
        return Conditions(link=self._link(active, share), compute=compute, power=power, roofs=self.roofs)

    def _link(self, active: Number, share: Number | None) -> LinkConditions:
        sharing, channel = self.scenario.sharing, self.scenario.channel
        divided = sharing.bandwidth == "time_division" and share is None
        if share is None:
            share = 1.0 if sharing.bandwidth == "dedicated" or divided else 1.0 / active
        duty_ratio = 1.0 / active if divided else 1.0
        uplink_bps, downlink_bps = self.rates_bps(share)
        everyone = np.ones(self.device_count)
        coding = coding_of(self.scenario.compression, self.workload.smashed)
        return LinkConditions(
            uplink_bps=duty_ratio * uplink_bps * everyone,
            downlink_bps=duty_ratio * downlink_bps * everyone,
            uplink_latency_s=channel.uplink_latency_s,
            downlink_latency_s=channel.downlink_latency_s,
            duty_ratio=duty_ratio,
            network_share=share * everyone,
            label_bytes=self.label_bytes if self.workload.labels_at == "server" else 0.0,
            uplink_compression_ratio=coding.uplink_ratio,
            downlink_compression_ratio=coding.downlink_ratio,
            encode_s_per_byte=coding.encode_s_per_byte,
            decode_s_per_byte=coding.decode_s_per_byte,
            returned_bytes=float(BYTES_OF_A_TARGET * self.new_tokens),
        )


def build_problem(graph: ModelGraph, scenario: Scenario) -> SplitProblem:
    """The problem of cutting `graph` under `scenario`.

    Raises `ScenarioError` where the scenario names ops that the model does not have, and where training
    would train nothing. Parts that were
    turned into numbers before are used again, so that a sweep pays for what changes.
    """
    cost = priced(graph, scenario.workload)
    check_trained(cost)
    return _assembled(cost, scenario)


def with_parties(problem: SplitProblem, scenario: Scenario) -> SplitProblem:
    """The same problem with the parties of another scenario that differs in nothing else."""
    made = _assembled(problem.cost, scenario)
    return replace(
        made, gain_ratio=problem.gain_ratio, uplink_ratio=problem.uplink_ratio, scale=problem.scale
    )


def problem_of_rows(problem: SplitProblem, scenario: Scenario) -> SplitProblem:
    """The problem of a scenario in rows: one device, and numbers of which some are arrays (rows,).

    Every row is a device of the problem, served as if it were alone. Where nothing of the devices is swept,
    their arrays have the shape (1,). The server's memory is the least of all rows; `server_budgets` has each.
    """
    power = powers_of(scenario.devices, scenario.server, scenario.energy, scenario.channel.network_power_w)
    return _put_together(
        problem.cost,
        scenario,
        server=numbers_of_server(scenario.server, scenario.workload.compute),
        devices=columns_of_devices(scenario.devices, scenario.workload),
        power=power,
    )


def server_budgets(scenario: Scenario) -> Floats:
    """What the server may be charged in every row of a scenario in rows, shape (rows,) or (1,)."""
    server = numbers_of_server(scenario.server, scenario.workload.compute)
    margin = scenario.limits.memory_margin_ratio
    return np.atleast_1d(np.asarray(server.runtime.budget_bytes(server.memory_bytes / margin)))


def _assembled(cost: GraphCost, scenario: Scenario) -> SplitProblem:
    power = power_conditions(
        scenario.devices, scenario.server, scenario.energy, scenario.channel.network_power_w
    )
    return _put_together(
        cost,
        scenario,
        server=server_numbers(scenario.server, scenario.workload.compute),
        devices=device_columns(scenario.devices, scenario.workload),
        power=power,
    )


def _put_together(
    cost: GraphCost,
    scenario: Scenario,
    *,
    server: ServerNumbers,
    devices: DeviceColumns,
    power: PowerConditions,
) -> SplitProblem:
    private = _private(cost, scenario.privacy)
    margin = scenario.limits.memory_margin_ratio
    return SplitProblem(
        scenario=scenario,
        cost=cost,
        private=private,
        pinned=pinned_by(private, scenario),
        ties=cost.shared.ties,
        device_flops_per_s=devices.flops_per_s,
        device_budget_bytes=np.asarray(devices.runtime.budget_bytes(devices.memory_bytes / margin)),
        iterations=devices.iterations,
        samples=devices.samples,
        distance_m=devices.distance_m,
        transmit_power_w=devices.transmit_power_w,
        server_flops_per_s=server.flops_per_s,
        server_budget_bytes=float(np.min(server.runtime.budget_bytes(server.memory_bytes / margin))),
        device_memory_bytes=devices.memory_bytes,
        server_memory_bytes=float(np.min(server.memory_bytes)),
        device_runtime=devices.runtime,
        server_runtime=server.runtime,
        power=power,
        device_pace=devices.pace,
        server_pace=server.pace,
        roofs=roofs_of(scenario, cost),
    )


def _number(value: Number) -> Number:
    """A number with decimals, or numbers in rows as they are."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)


@kept
def _private(cost: GraphCost, privacy: Privacy) -> Mask:
    return private_ops(cost, privacy.keep_on_device)


def pinned_by(private: Mask, scenario: Scenario) -> Mask:
    """The ops that must stay on the device: private ones, or all where compression costs too much."""
    allowed = scenario.limits.accuracy_loss_ratio
    lossy = allowed is not None and accuracy_loss_ratio(scenario.compression) > allowed * (1 + LIMIT_ROUNDING)
    return np.ones_like(private) if lossy else private
