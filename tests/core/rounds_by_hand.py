"""What rounds cost, written from the equations of the design notes, section 8, in plain Python.

Plans of the library are held against every other choice of cuts by prices that share no code with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cutwise.plans.plan import DeviceDecision, Plan
from cutwise.scenario.parts import Scenario
from tests.core.magnitudes import SECONDS


@dataclass(frozen=True)
class Side:
    """The ops of one cut: on the device, then at an edge, at the server, and on the device again."""

    device: frozenset[int]
    edge: frozenset[int] = frozenset()
    top: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Turn:
    """Seconds and joules of one device's turn."""

    delay_s: float
    energy_j: float


class World:
    """A model of `ops` as listed in a file, under `scenario`."""

    def __init__(self, ops: list[dict[str, Any]], scenario: Scenario) -> None:
        self.scenario, self.count = scenario, len(ops)
        self.ids = [op["id"] for op in ops]
        self.reads = [[self.ids.index(name) for name in op.get("inputs", [])] for op in ops]
        self.readers: list[list[int]] = [
            [v for v in range(self.count) if u in self.reads[v]] for u in range(self.count)
        ]
        self.inputs = {v for v, op in enumerate(ops) if op.get("kind") == "input"}
        training = scenario.workload.mode == "training"
        sides = ("device", "server")
        ways = ("forward", "backward") if training else ("forward",)
        learns: list[bool] = []
        for v, op in enumerate(ops):
            learns.append(op.get("trainable_bytes", 0.0) > 0 or any(learns[u] for u in self.reads[v]))
        self.out = [op.get("output_bytes", 0.0) for op in ops]
        self.grad = [
            op.get("gradient_bytes", op.get("output_bytes", 0.0) * learns[v]) * training
            for v, op in enumerate(ops)
        ]
        self.sync = [op.get("exchanged_bytes", op.get("trainable_bytes", 0.0)) * training for op in ops]
        self.flops = [op.get("forward_flops", 0.0) + training * op.get("backward_flops", 0.0) for op in ops]
        self.seconds = [
            {side: _pair_sum(*(op.get(f"{side}_{way}_s", 0.0) for way in ways)) for side in sides}
            for op in ops
        ]  # fmt: skip
        self.measured = [any(name in op for name in SECONDS) for op in ops]

    def closed(self, pinned: set[int]) -> list[frozenset[int]]:
        """Every device side with the pinned ops and all that its ops read."""
        return [
            frozenset(side)
            for size in range(self.count + 1)
            for side in itertools.combinations(range(self.count), size)
            if pinned <= set(side) and all(u in side for v in side for u in self.reads[v])
        ]

    def _work_s(self, ops: Any, side: str, flops_per_s: float) -> float:
        """Seconds of one iteration, forward and backward."""
        batch = self.scenario.workload.batch_size
        spent = []
        for v in ops:
            if self.measured[v]:
                spent += [self.seconds[v][side][0], batch * self.seconds[v][side][1]]
            else:
                spent.append(batch * self.flops[v] / flops_per_s)
        return math.fsum(spent)

    def _sent(self, makers: frozenset[int], readers: frozenset[int], figure: list[float]) -> float:
        return math.fsum(figure[u] for u in makers if any(v in readers for v in self.readers[u]))

    def turn(self, device: int, decision: DeviceDecision, at_once: int, side: Side) -> Turn:
        """One device's turn with this cut, all else as decided."""
        given, party = self.scenario, self.scenario.devices[device]
        work, server, channel = given.workload, given.server, given.channel
        batch, times = work.batch_size, work.iterations(party.samples)
        bottom, mine = side.device, side.device | side.top
        beyond = frozenset(range(self.count)) - mine
        far = beyond - side.edge
        labels = 0.0
        if work.mode == "training" and work.labels_at == "server" and beyond and not side.top:
            labels = work.label_bytes if not decision.returned_ops else 0.0
        up = [self._sent(bottom, beyond, self.out), self._sent(beyond, side.top, self.grad)]
        down = [self._sent(bottom, beyond, self.grad), self._sent(beyond, side.top, self.out)]
        coded = [decision.uplink_compression_ratio, decision.downlink_compression_ratio]
        up_bytes = times * batch * (sum(up) * coded[0] + labels)
        down_bytes = times * batch * sum(down) * coded[1]
        up_messages = max((up[0] > 0 or labels > 0) + (up[1] > 0), 0)
        down_messages = (down[0] > 0) + (down[1] > 0)
        coding_s = (
            times * batch * (sum(up) * decision.encode_s_per_byte + sum(down) * decision.decode_s_per_byte)
        )
        device_s = times * self._work_s(mine, "device", party.flops_per_s) + coding_s
        stretched = _stretched(given.energy.clock, decision.server_frequency_ratio)
        alone_s = times * self._work_s(far, "server", server.flops_per_s) * stretched
        exchanged = math.fsum(self.sync[v] for v in mine)
        air_up, air_down = 8 * up_bytes / decision.uplink_bps, 8 * down_bytes / decision.downlink_bps
        sync_up, sync_down = 8 * exchanged / decision.uplink_bps, 8 * exchanged / decision.downlink_bps
        late_s = times * (up_messages * channel.uplink_latency_s + down_messages * channel.downlink_latency_s)
        hop_s = edge_alone_s = 0.0
        edge_w = (0.0, 0.0)
        if decision.edge is not None:
            edge = next(e for e in given.edges if e.name == decision.edge)
            edge_w = (edge.compute_power_w, edge.idle_power_w)
            edge_alone_s = times * self._work_s(side.edge, "server", edge.flops_per_s)
            near = side.device | side.edge
            relay_up = self._sent(near, far, self.out) + (labels if far else 0.0)
            relay_down = self._sent(near, far, self.grad)
            relayed = 8 * times * batch * (relay_up + relay_down) / given.backhaul.rate_bps
            messages = times * ((relay_up > 0) + (relay_down > 0)) * given.backhaul.latency_s
            models = 16 * math.fsum(self.sync[v] for v in near) / given.backhaul.rate_bps
            hop_s = math.fsum([edge_alone_s, relayed, messages, models])
        delay_s = math.fsum(
            [device_s, air_up, air_down, late_s, alone_s / decision.server_share, sync_up, sync_down, hop_s]
        )
        duty = 1.0 / at_once if given.sharing.bandwidth == "time_division" else 1.0
        sending_s, receiving_s = duty * (air_up + sync_up), duty * (air_down + sync_down)
        share = decision.bandwidth_share / duty
        radio = _radio(given.energy.radio, party)
        connected_s = delay_s if beyond else sync_up + sync_down
        above_w = _above_idle_w(given.energy.clock, decision.server_frequency_ratio, server)
        energy_j = math.fsum(
            [
                party.compute_power_w * device_s, party.idle_power_w * delay_s,
                radio.sending_w * sending_s, radio.receiving_w * receiving_s, radio.connected_w * connected_s,
                8 * radio.up_j * (up_bytes + exchanged), 8 * radio.down_j * (down_bytes + exchanged),
                above_w * alone_s,
                server.idle_power_w * decision.server_share * delay_s,
                channel.network_power_w * share * (sending_s + receiving_s),
                edge_w[0] * edge_alone_s, edge_w[1] * delay_s,
            ]
        )  # fmt: skip
        return Turn(delay_s=delay_s, energy_j=energy_j)

    def sides(self, decision: DeviceDecision, pinned: set[int], *, looped: bool) -> Iterator[Side]:
        """Every cut of a device in this place: two ends, an edge between, or one cut."""
        everything = frozenset(range(self.count))
        if looped:
            outputs = {v for v in range(self.count) if not self.readers[v]} - self.inputs - pinned
            for bottom in self.closed(pinned):
                for below in self.closed(set(bottom)):
                    top = everything - below
                    if outputs <= top | (bottom if below == bottom else frozenset()):
                        yield Side(device=bottom, top=top) if below != bottom else Side(device=everything)
        elif decision.edge is not None:
            for bottom in self.closed(pinned):
                for near in self.closed(set(bottom)):
                    yield Side(device=bottom, edge=near - bottom)
        else:
            for bottom in self.closed(pinned):
                yield Side(device=bottom)

    def decided(self, decision: DeviceDecision) -> Side:
        """The plan's own cut."""
        device = frozenset(self.ids.index(name) for name in decision.cut.device_ops)
        top = frozenset(self.ids.index(name) for name in decision.returned_ops)
        near = device
        if decision.edge_cut is not None:
            near = frozenset(self.ids.index(name) for name in decision.edge_cut.device_ops)
        return Side(device=device, edge=near - device, top=top)

    def round_value(self, plan: Plan, turns: list[Turn]) -> float:
        """Delay or energy of a round with these turns, phases and groups as planned."""
        delay_s = math.fsum(
            max(math.fsum(turns[i].delay_s for i in group) for group in groups) for groups in plan.phases
        )
        energy_j = math.fsum(turn.energy_j for turn in turns)
        return delay_s if self.scenario.objective.kind == "delay" else energy_j

    def own_value(self, plan: Plan) -> float:
        """What the plan's cuts cost by these equations."""
        at_once = self._at_once(plan)
        turns = [
            self.turn(i, decision, at_once[i], self.decided(decision))
            for i, decision in enumerate(plan.decisions)
        ]
        return self.round_value(plan, turns)

    def best_value(self, plan: Plan, pinned: set[int]) -> float:
        """The least delay or energy over all cuts of all devices, everything but the cuts as in the plan."""
        looped = plan.scheme == "u_shape"
        at_once = self._at_once(plan)
        choices = [
            [
                (side, self.turn(i, decision, at_once[i], side))
                for side in self.sides(decision, pinned, looped=looped)
            ]
            for i, decision in enumerate(plan.decisions)
        ]
        quick = self.scenario.objective.kind == "delay"
        turns = [
            min((turn for _, turn in row), key=lambda turn: turn.delay_s if quick else turn.energy_j)
            for row in choices
        ]
        return self.round_value(plan, turns)

    @staticmethod
    def _at_once(plan: Plan) -> dict[int, int]:
        """In how many parts time is divided for each device; `sft` divides the band, edges have cells."""
        if plan.scheme in ("sft", "split_llm"):
            return dict.fromkeys(range(len(plan.decisions)), 1)
        return {i: len(groups) for groups in plan.phases for group in groups for i in group}


def _pair_sum(*figures: Any) -> tuple[float, float]:
    """Fixed seconds and seconds a sample of a forward and a backward pass together."""
    pairs = [tuple(np.ravel(f)) if np.size(f) == 2 else (0.0, float(f)) for f in figures]
    return math.fsum(p[0] for p in pairs), math.fsum(p[1] for p in pairs)


class Drawn(NamedTuple):
    """What a radio draws: watts connected, sending, receiving, and joules a bit."""

    connected_w: float
    sending_w: float
    receiving_w: float
    up_j: float
    down_j: float


def _radio(radio: Any, party: Any) -> Drawn:
    """By the figures of the shipped table, written out."""
    if radio.kind == "phone_5g":
        return Drawn(2.6 + 0.07 * max(0.0, -80 - radio.signal_dbm), 0.0, 0.0, 1.06e-8, 1.8e-9)
    if radio.kind == "phone_lte":
        return Drawn(1.288, 0.438 * 6, 0.052 * 13, 0.0, 0.0)
    if radio.kind == "phone_wifi":
        return Drawn(0.133, 0.283 * 1, 0.137 * 4, 0.0, 0.0)
    sending_w = radio.circuit_power_w + party.transmit_power_w / radio.amplifier_ratio
    return Drawn(0.0, sending_w, radio.receive_power_w, 0.0, 0.0)


def _stretched(law: Any, clock: float) -> float:
    if law.kind == "table":
        return float(np.interp(clock, law.clock_ratios, law.time_ratios))
    fixed = getattr(law, "fixed_time_ratio", 0.0)
    return fixed + (1 - fixed) / clock


def _above_idle_w(law: Any, clock: float, server: Any) -> float:
    highest, idle = server.compute_power_w, server.idle_power_w
    if law.kind == "paper":
        return highest * clock**3
    if law.kind == "table":
        ratio = float(np.interp(clock, law.clock_ratios, law.power_ratios))
        return max(ratio * (highest + idle) - idle, 0.0)
    still = min(max(law.static_ratio * (highest + idle) - idle, 0.0), highest)
    return still + (highest - still) * clock**law.exponent
