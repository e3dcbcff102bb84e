"""The one evaluator: delay, energy and memory of a cut under given conditions.

Solvers, sweeps, charts and tests call `stage_times`; nothing else adds up seconds, joules or bytes.
Everything broadcasts, so one call prices K cuts for N devices in S scenarios.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cutwise.costs.cut_sums import CutSums, Side
from cutwise.costs.memory.by_kind import NOTHING_HELD, MemoryByKind, memory_by_kind
from cutwise.frozen import Frozen
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.units import transfer_time_s


def stage_times(cuts: CutSums, conditions: Conditions) -> StageTimes:
    r"""Seconds, joules and bytes of one round of one device, for every combination of cut and condition.

    With $N$ iterations of $B$ samples (P1, delay model; science notes 2.1):

    $T = N [B (\sum_{dev} s_v + \sum_{srv} s_v / \beta_s) + 8 B \sum_{cross} (a_u / R_U + g_u / R_D)
    + l_U + l_D] + 8 \sum_{dev} k_v (1/R_U + 1/R_D) + T_{lab}$

    where $s_v$ is FLOPs over speed, or the measured seconds; $T_{lab} = 8 N B \ell / R_U$ if an op runs on
    the server and labels are there; a latency $l$ is paid when bytes, labels too, go that way in an
    iteration. Energies: a device computes above idle while it computes, idles all its turn, and pays for
    the radio while on air; the server pays for all of itself while it computes for the device, and idles
    its share of the turn; the access point pays its share while on air. At a clock $\phi$ below the
    server's highest, its seconds grow by $1/\phi$ and its power above idle falls by $\phi^3$ (P4). Sent
    tensors shrink by the compression ratios (P3). An edge adds its seconds and those of the backhaul (P2).
    A server that queues adds what the device waits for it. Of $m$ micro-batches each takes an equal part of
    a stage, but every message and every measured start is paid $m$ times; `overlap_s` says what they save.
    """
    c = conditions
    samples = c.iterations * c.batch_size
    raw_up_bytes, raw_down_bytes = samples * cuts.output_bytes, samples * cuts.gradient_bytes
    forward_s = c.iterations * _seconds(cuts.device, "forward", c, c.device_flops_per_s)
    if not _nothing(c.encode_s_per_byte):
        forward_s = forward_s + raw_up_bytes * c.encode_s_per_byte
    backward_s = c.iterations * _seconds(cuts.device, "backward", c, c.device_flops_per_s)
    if not _nothing(c.decode_s_per_byte):
        backward_s = backward_s + raw_down_bytes * c.decode_s_per_byte
    clock = c.server_frequency_ratio
    server_alone_s = c.iterations * _both(cuts.server, c, c.server_flops_per_s) / clock
    server_s = server_alone_s / c.server_share
    hop = _hop(cuts, c)

    up_bytes = _sized(raw_up_bytes, c.uplink_compression_ratio) + samples * c.label_bytes * cuts.has_server
    down_bytes = _sized(raw_down_bytes, c.downlink_compression_ratio)
    exchanged_bytes = cuts.device.exchanged_bytes
    up_air_s = transfer_time_s(size_bytes=up_bytes, rate_bps=c.uplink_bps)
    down_air_s = transfer_time_s(size_bytes=down_bytes, rate_bps=c.downlink_bps)
    sync_up_s = transfer_time_s(size_bytes=exchanged_bytes, rate_bps=c.uplink_bps)
    sync_down_s = transfer_time_s(size_bytes=exchanged_bytes, rate_bps=c.downlink_bps)
    messages = c.iterations * c.micro_batches
    uplink_s = _late(up_air_s, c.uplink_latency_s, messages, up_bytes, cuts.more_uplink_messages)
    downlink_s = _late(down_air_s, c.downlink_latency_s, messages, down_bytes, cuts.more_downlink_messages)
    sync_s = sync_up_s + sync_down_s + hop.sync_s
    hop_s = hop.compute_s + hop.backhaul_s
    overlap_s = _overlap_s(c, forward_s, (uplink_s, _sum(server_s, hop_s), downlink_s), backward_s)
    turn_s = _sum(forward_s, uplink_s, hop_s, c.waiting_s, server_s, downlink_s, backward_s, sync_s)
    turn_s = _sum(turn_s, -overlap_s)
    server_idle_w = c.server_idle_power_w * c.server_share * c.server_idle_ratio
    server_j = c.server_power_w * clock**3 * server_alone_s + server_idle_w * turn_s

    sending_s = c.duty_ratio * (up_air_s + sync_up_s)
    receiving_s = c.duty_ratio * (down_air_s + sync_down_s)
    return StageTimes(
        device_forward_s=forward_s,
        uplink_s=uplink_s,
        server_compute_s=server_s,
        downlink_s=downlink_s,
        device_backward_s=backward_s,
        model_sync_s=sync_s,
        device_energy_j=c.device_power_w * (forward_s + backward_s) + c.device_idle_power_w * turn_s,
        radio_energy_j=c.sending_power_w * sending_s + c.receiving_power_w * receiving_s,
        server_energy_j=_sum(
            server_j,
            c.edge_power_w * hop.alone_s,
            0.0 if _nothing(c.edge_idle_power_w) else c.edge_idle_power_w * c.edge_share * turn_s,
        ),
        network_energy_j=c.network_power_w * c.network_share * (sending_s + receiving_s),
        traffic_bytes=up_bytes + down_bytes + 2 * exchanged_bytes,
        device_memory=_memory(cuts.device, c.batch_size),
        server_memory=_memory(cuts.server, c.batch_size),
        edge_compute_s=hop.compute_s,
        backhaul_s=hop.backhaul_s,
        waiting_s=c.waiting_s,
        edge_memory=hop.memory,
        overlap_s=overlap_s,
    )


def _late(air_s: Any, latency_s: Any, messages: Any, size_bytes: Any, more: Any) -> Any:
    """Seconds of transfers with the latency of every message; where nothing is sent none is."""
    return air_s if _nothing(latency_s) else air_s + messages * ((size_bytes > 0) + more) * latency_s


def _sized(size_bytes: Any, ratio: Any) -> Any:
    return size_bytes if isinstance(ratio, int | float) and ratio == 1 else size_bytes * ratio


def _nothing(value: Any) -> bool:
    """True for a plain 0, which changes no sum and is left out of those over many cuts and devices."""
    return isinstance(value, int | float) and value == 0


def _sum(*terms: Any) -> Any:
    """The terms added in order, plain zeros left out."""
    return functools.reduce(operator.add, [term for term in terms if not _nothing(term)] or [0.0])


def _overlap_s(c: Conditions, forward_s: Any, between_s: tuple[Any, ...], backward_s: Any) -> Any:
    r"""Seconds of a round that are saved as micro-batches overlap.

    Of $m$ alike micro-batches the last leaves a line of stages $f, u, s, d$ after $f + u + s + d + (m - 1)
    \max(f, u, s, d)$ seconds (a permutation flow shop). The device runs every forward pass first, so its
    backward passes end at $\max(\max(f + u + s + d, m f) + m b, \text{last} + b)$.
    """
    count = c.micro_batches
    if np.all(count == 1):
        return 0.0
    stages = [stage_s / count for stage_s in (forward_s, *between_s)]
    first_s, slowest_s = sum(stages), functools.reduce(np.maximum, stages)
    in_order_s = np.maximum(first_s, forward_s) + backward_s
    last_s = first_s + (count - 1) * slowest_s + backward_s / count
    return sum((forward_s, *between_s)) + backward_s - np.maximum(in_order_s, last_s)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Hop(Frozen):
    """Seconds and bytes of an edge and its backhaul; nothing where there is no edge."""

    alone_s: Any = 0.0
    compute_s: Any = 0.0
    backhaul_s: Any = 0.0
    sync_s: Any = 0.0
    memory: MemoryByKind = NOTHING_HELD


def _hop(cuts: CutSums, c: Conditions) -> _Hop:
    """The edge computes its part and relays what is read beyond it, labels and both sides' models too."""
    if cuts.edge is None:
        return _Hop()
    alone_s = c.iterations * _both(cuts.edge, c, c.edge_flops_per_s)
    samples = c.iterations * c.batch_size
    up_bytes = samples * (cuts.relayed_output_bytes + c.label_bytes * cuts.has_relay)
    down_bytes = samples * cuts.relayed_gradient_bytes
    messages = c.iterations * c.micro_batches * ((up_bytes > 0) * 1.0 + (down_bytes > 0))
    moved_s = transfer_time_s(size_bytes=up_bytes + down_bytes, rate_bps=c.backhaul_bps)
    model_bytes = 2 * (cuts.device.exchanged_bytes + cuts.edge.exchanged_bytes)
    return _Hop(
        alone_s=alone_s,
        compute_s=alone_s / c.edge_share,
        backhaul_s=moved_s + messages * c.backhaul_latency_s,
        sync_s=transfer_time_s(size_bytes=model_bytes, rate_bps=c.backhaul_bps),
        memory=_memory(cuts.edge, c.batch_size),
    )


def _both(side: Side, c: Conditions, flops_per_s: Any) -> Any:
    """Seconds of one iteration, forward and backward."""
    return _seconds(side, "forward", c, flops_per_s) + _seconds(side, "backward", c, flops_per_s)


def _seconds(side: Side, direction: str, c: Conditions, flops_per_s: Any) -> Any:
    """Seconds of one iteration: measured ones as they are, FLOPs over the speed."""
    flops = getattr(side, f"{direction}_flops")
    fixed_s = getattr(side, f"{direction}_fixed_s")
    sample_s = getattr(side, f"{direction}_sample_s")
    return c.micro_batches * fixed_s + c.batch_size * (sample_s + flops / flops_per_s)


def _memory(side: Side, batch_size: Any) -> MemoryByKind:
    return memory_by_kind(
        batch_size=batch_size,
        weight_bytes=side.weight_bytes,
        weight_gradient_bytes=side.weight_gradient_bytes,
        optimizer_bytes=side.optimizer_bytes,
        buffer_bytes=side.buffer_bytes,
        saved_bytes=side.saved_bytes,
        transient_bytes=side.transient_bytes,
    )
