"""The one evaluator: delay, energy and memory of a cut under given conditions.

Solvers, sweeps, charts and tests call `stage_times`; nothing else adds up seconds, joules or bytes.
Everything broadcasts, so one call prices K cuts for N devices in S scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Floats, Number, added
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.costs.generation.steps import Roof, steps_s
from cutwise.costs.memory.by_kind import NOTHING_HELD, MemoryByKind, memory_by_kind
from cutwise.frozen import Frozen
from cutwise.plans.overlap import saved_by_overlap_s
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import ComputeConditions, Conditions, Pace
from cutwise.problem.power_conditions import PowerConditions
from cutwise.units import BITS_PER_BYTE, transfer_time_s

Speed: TypeAlias = tuple[Number, Pace]
"""FLOP a second, and what computing takes beside them."""


def stage_times(cuts: CutSums, conditions: Conditions) -> StageTimes:
    r"""Seconds, joules and bytes of one round of one device, for every combination of cut and condition.

    With $N$ iterations of $B$ samples (P1, delay model; science notes 2.1):

    $T = N [B (\sum_{dev} s_v + \sum_{srv} s_v / \beta_s) + 8 B \sum_{cross} (a_u / R_U + g_u / R_D)
    + l_U + l_D] + 8 \sum_{dev} k_v (1/R_U + 1/R_D) + T_{lab}$

    where $s_v$ is what an op's FLOPs, bytes and launches take, or its measured seconds:
    $s_v = F_v / F + b_v / W + (n_v \lambda + w_v / W) / B$ forward, and a ratio $k$ of the same of its
    backward columns (bytes and launches only where the party has a `Pace`); $T_{lab} = 8 N B \ell / R_U$ if
    an op runs on the server and labels are there; a latency $l$ is paid when bytes, labels too, go that way
    in an iteration. Energies: a device computes above idle while it computes, idles all its turn, and pays
    for its radio: on air, for every bit, and while connected: all its turn, or as long as models move where
    it does all the work. The server pays for all of itself while it computes for the device, and idles its
    share of the turn; the access point pays its share while on air. At a clock below the server's highest
    its seconds grow by $T(\phi)$, and its power above idle falls, as the scenario's law of the clock says.
    Sent tensors shrink by the compression ratios (P3). An edge adds its seconds and those of the backhaul
    (P2).
    Of a trained weight that both sides have a copy of, the gradient goes up and comes back in every
    iteration with the messages there are: down with the gradients, up with the next smashed data. Where text
    is generated, the seconds of a side are `steps_s`, and words come back from beyond the device. A server
    that queues adds what the device waits for it. Of $m$ micro-batches each takes an equal part of a stage,
    but every message and every measured start is paid $m$ times; `overlap_s` says what they save.
    """
    link, compute, power, edge = conditions.link, conditions.compute, conditions.power, conditions.edge
    sent, hop = _sent(cuts, conditions), _hop(cuts, conditions)
    roofs = conditions.roofs
    device_roof, server_roof = (roofs.device, roofs.server) if roofs else (None, None)
    device = (compute.device_flops_per_s, compute.device_pace)
    server = (compute.server_flops_per_s, compute.server_pace)
    one_forward_s = _forward_s(cuts.device, compute, device, device_roof)
    forward_s = compute.iterations * one_forward_s
    forward_s = _with(forward_s, sent.raw_up_bytes, link.encode_s_per_byte)
    backward_s = compute.iterations * _backward_s(cuts.device, compute, device)
    backward_s = _with(backward_s, sent.raw_down_bytes, link.decode_s_per_byte)
    one_server_s = _both_s(cuts.server, compute, server, server_roof)
    server_alone_s = compute.iterations * one_server_s * compute.server_time_ratio
    server_s = server_alone_s / compute.server_share
    sync_s = sent.sync_up_s + sent.sync_down_s + hop.sync_s
    hop_s = hop.compute_s + hop.backhaul_s
    between_s = (sent.uplink_s, _sum(server_s, hop_s), sent.downlink_s)
    overlap_s = saved_by_overlap_s(compute.micro_batches, forward_s, between_s, backward_s)
    before_s = (forward_s, sent.uplink_s, hop_s, compute.waiting_s, server_s)
    turn_s = _sum(_sum(*before_s, sent.downlink_s, backward_s, sync_s), -overlap_s)
    sending_s = link.duty_ratio * (sent.up_air_s + sent.sync_up_s)
    receiving_s = link.duty_ratio * (sent.down_air_s + sent.sync_down_s)
    connected_s = _connected_s(cuts.alone, turn_s, sent.sync_up_s + sent.sync_down_s)
    server_idle_w = power.server_idle_power_w * compute.server_share * power.server_idle_ratio
    server_j = power.server_power_w * power.server_power_ratio * server_alone_s + server_idle_w * turn_s
    edge_idle_j = 0.0 if _nothing(edge.idle_power_w) else edge.idle_power_w * edge.share * turn_s
    return StageTimes(
        device_forward_s=forward_s,
        uplink_s=sent.uplink_s,
        server_compute_s=server_s,
        downlink_s=sent.downlink_s,
        device_backward_s=backward_s,
        model_sync_s=sync_s,
        device_energy_j=_device_j(power, forward_s + backward_s, turn_s),
        radio_energy_j=_radio_j(power, sent, (sending_s, receiving_s, connected_s)),
        server_energy_j=_sum(server_j, edge.power_w * hop.alone_s, edge_idle_j),
        network_energy_j=power.network_power_w * link.network_share * (sending_s + receiving_s),
        traffic_bytes=sent.up_bytes + sent.down_bytes + 2 * sent.sync_bytes,
        device_memory=_memory(cuts.device, compute.batch_size),
        server_memory=_memory(cuts.server, compute.batch_size),
        edge_compute_s=hop.compute_s,
        backhaul_s=hop.backhaul_s,
        waiting_s=compute.waiting_s,
        edge_memory=hop.memory,
        overlap_s=overlap_s,
    )


def _device_j(power: PowerConditions, computing_s: Number, turn_s: Number) -> Number:
    """Joules of the device without its radio: above idle while it computes, idle all its turn."""
    return power.device_power_w * computing_s + power.device_idle_power_w * turn_s


def _connected_s(alone: Number, turn_s: Number, moving_s: Number) -> Number:
    """All the turn, or as long as models move where nothing runs beyond the device."""
    return turn_s if _nothing(alone) else turn_s * (1 - alone) + moving_s * alone


def _radio_j(power: PowerConditions, sent: _Sent, times: tuple[Number, Number, Number]) -> Number:
    """Joules of the device's radio: on air, for every bit, and while it is connected."""
    sending_s, receiving_s, connected_s = times
    on_air_j = power.sending_power_w * sending_s + power.receiving_power_w * receiving_s
    up_j = BITS_PER_BYTE * power.uplink_j_per_bit * (sent.up_bytes + sent.sync_bytes)
    down_j = BITS_PER_BYTE * power.downlink_j_per_bit * (sent.down_bytes + sent.sync_bytes)
    return on_air_j + power.radio_connected_w * connected_s + up_j + down_j


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Sent(Frozen):
    """Bytes of a round both ways, before and after coding, and seconds on the air and with latency."""

    raw_up_bytes: Number
    raw_down_bytes: Number
    up_bytes: Number
    down_bytes: Number
    up_air_s: Number
    down_air_s: Number
    uplink_s: Number
    downlink_s: Number
    sync_bytes: Number
    sync_up_s: Number
    sync_down_s: Number


def _sent(cuts: CutSums, conditions: Conditions) -> _Sent:
    link, compute = conditions.link, conditions.compute
    samples, messages = compute.iterations * compute.batch_size, compute.iterations * compute.micro_batches
    raw_up_bytes, raw_down_bytes = samples * cuts.output_bytes, samples * cuts.gradient_bytes
    labels_bytes = samples * link.label_bytes * cuts.has_server
    up_bytes = _sized(raw_up_bytes, link.uplink_compression_ratio) + labels_bytes
    down_bytes = _sized(raw_down_bytes, link.downlink_compression_ratio)
    if not _nothing(link.returned_bytes):
        down_bytes = down_bytes + samples * link.returned_bytes * cuts.has_server
    up_air_s = transfer_time_s(size_bytes=up_bytes, rate_bps=link.uplink_bps)
    down_air_s = transfer_time_s(size_bytes=down_bytes, rate_bps=link.downlink_bps)
    more_up, more_down = cuts.more_uplink_messages, cuts.more_downlink_messages
    sync_bytes = _sync_bytes(cuts.device.exchanged_bytes, cuts.kept_equal_bytes, compute)
    return _Sent(
        raw_up_bytes=raw_up_bytes,
        raw_down_bytes=raw_down_bytes,
        up_bytes=up_bytes,
        down_bytes=down_bytes,
        up_air_s=up_air_s,
        down_air_s=down_air_s,
        uplink_s=_late(up_air_s, link.uplink_latency_s, messages, up_bytes, more_up),
        downlink_s=_late(down_air_s, link.downlink_latency_s, messages, down_bytes, more_down),
        sync_bytes=sync_bytes,
        sync_up_s=transfer_time_s(size_bytes=sync_bytes, rate_bps=link.uplink_bps),
        sync_down_s=transfer_time_s(size_bytes=sync_bytes, rate_bps=link.downlink_bps),
    )


def _sync_bytes(model_bytes: Number, kept_equal_bytes: Number, compute: ComputeConditions) -> Number:
    """Bytes of weights one way in a round: the model once, gradients of shared weights every iteration."""
    if _nothing(kept_equal_bytes):
        return model_bytes
    return model_bytes + compute.iterations * kept_equal_bytes


def _with(seconds: Number, size_bytes: Number, s_per_byte: Number) -> Number:
    """Seconds with those of coding so many bytes."""
    return seconds if _nothing(s_per_byte) else seconds + size_bytes * s_per_byte


def _late(air_s: Number, latency_s: Number, messages: Number, size_bytes: Number, more: Number) -> Number:
    """Seconds of transfers with the latency of every message; where nothing is sent none is."""
    return air_s if _nothing(latency_s) else air_s + messages * (_any_sent(size_bytes) + more) * latency_s


def _any_sent(size_bytes: Number) -> Number:
    """1 where bytes are sent, else 0."""
    return np.heaviside(size_bytes, 0.0)


def _sized(size_bytes: Number, ratio: Number) -> Number:
    return size_bytes if isinstance(ratio, int | float) and ratio == 1 else size_bytes * ratio


def _nothing(value: Number) -> bool:
    """True for a plain 0, which changes no sum and is left out of those over many cuts and devices."""
    return isinstance(value, int | float) and value == 0


def _sum(*terms: Number) -> Number:
    """The terms added in order, plain zeros left out."""
    return added([term for term in terms if not _nothing(term)])


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Hop(Frozen):
    """Seconds and bytes of an edge and its backhaul; nothing where there is no edge."""

    alone_s: Number = 0.0
    compute_s: Number = 0.0
    backhaul_s: Number = 0.0
    sync_s: Number = 0.0
    memory: MemoryByKind = NOTHING_HELD


def _hop(cuts: CutSums, conditions: Conditions) -> _Hop:
    """The edge computes its part and relays what is read beyond it, labels and both sides' models too."""
    if cuts.edge is None:
        return _Hop()
    link, compute, edge = conditions.link, conditions.compute, conditions.edge
    roof = conditions.roofs.edge if conditions.roofs else None
    alone_s = compute.iterations * _both_s(cuts.edge, compute, (edge.flops_per_s, edge.pace), roof)
    samples = compute.iterations * compute.batch_size
    up_bytes = samples * (cuts.relayed_output_bytes + link.label_bytes * cuts.has_relay)
    down_bytes = samples * (cuts.relayed_gradient_bytes + link.returned_bytes * cuts.has_relay)
    each = _any_sent(up_bytes) + _any_sent(down_bytes) + cuts.more_relayed_messages
    messages = compute.iterations * compute.micro_batches * each
    moved_s = transfer_time_s(size_bytes=up_bytes + down_bytes, rate_bps=edge.backhaul_bps)
    exchanged_bytes = cuts.device.exchanged_bytes + cuts.edge.exchanged_bytes
    model_bytes = 2 * _sync_bytes(exchanged_bytes, cuts.relayed_kept_equal_bytes, compute)
    sync_s = transfer_time_s(size_bytes=model_bytes, rate_bps=edge.backhaul_bps)
    return _Hop(
        alone_s=alone_s,
        compute_s=alone_s / edge.share,
        backhaul_s=moved_s + messages * edge.backhaul_latency_s,
        sync_s=sync_s,
        memory=_memory(cuts.edge, compute.batch_size),
    )


def _both_s(side: Side, compute: ComputeConditions, speed: Speed, roof: Roof | None) -> Number:
    """Seconds of one iteration, forward and backward."""
    return _forward_s(side, compute, speed, roof) + _backward_s(side, compute, speed)


def _forward_s(side: Side, compute: ComputeConditions, speed: Speed, roof: Roof | None) -> Number:
    """Seconds of one iteration's forward pass: measured ones as they are, and what its columns take."""
    if roof is not None and side.generation is not None:
        return steps_s(side.generation, compute.batch_size, roof)
    flops_per_s, pace = speed
    columns = (side.forward_flops, side.moved_bytes, side.read_bytes, side.launches)
    fixed_s, sample_s = _columns_s(columns, flops_per_s, pace)
    fixed_s, sample_s = side.forward_fixed_s + fixed_s, side.forward_sample_s + sample_s
    return compute.micro_batches * fixed_s + compute.batch_size * sample_s


def _backward_s(side: Side, compute: ComputeConditions, speed: Speed) -> Number:
    """Seconds of one iteration's backward pass, likewise."""
    flops_per_s, pace = speed
    columns = (
        side.backward_flops,
        side.backward_moved_bytes,
        side.backward_read_bytes,
        side.backward_launches,
    )
    fixed_s, sample_s = _columns_s(columns, flops_per_s, pace)
    fixed_s = side.backward_fixed_s + _times(pace.backward_ratio, fixed_s)
    sample_s = side.backward_sample_s + _times(pace.backward_ratio, sample_s)
    return compute.micro_batches * fixed_s + compute.batch_size * sample_s


def _columns_s(columns: tuple[Floats, ...], flops_per_s: Number, pace: Pace) -> tuple[Number, Number]:
    """Seconds once a mini-batch, and of each sample, that FLOPs, bytes and launches take."""
    flops, moved_bytes, read_bytes, launches = columns
    fixed_s, sample_s = _times(pace.launch_s, launches), flops / flops_per_s
    if _endless(pace.bytes_per_s):
        return fixed_s, sample_s
    return _sum(fixed_s, read_bytes / pace.bytes_per_s), sample_s + moved_bytes / pace.bytes_per_s


def _times(factor: Number, value: Number) -> Number:
    """Their product, without work where the factor is a plain 0 or 1."""
    if isinstance(factor, int | float) and factor in (0.0, 1.0):
        return value if factor else 0.0
    return factor * value


def _endless(rate: Number) -> bool:
    return isinstance(rate, int | float) and rate == np.inf


def _memory(side: Side, batch_size: Number) -> MemoryByKind:
    return memory_by_kind(
        batch_size=batch_size,
        weight_bytes=side.weight_bytes,
        weight_gradient_bytes=side.weight_gradient_bytes,
        optimizer_bytes=side.optimizer_bytes,
        buffer_bytes=side.buffer_bytes,
        saved_bytes=side.saved_bytes,
        transient_bytes=side.transient_bytes,
    )
