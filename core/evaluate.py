"""The one evaluator: delay, energy and memory of a cut under given conditions.

Solvers, sweeps, charts and tests call `stage_times`; nothing else adds up seconds, joules or bytes.
Everything broadcasts, so one call prices K cuts for N devices in S scenarios.
"""

from __future__ import annotations

from typing import Any

from core.costs.cut_sums import CutSums, Side
from core.costs.memory import MemoryByKind, memory_by_kind
from core.plans import StageTimes
from core.problem import Conditions
from core.units import transfer_time_s


def stage_times(cuts: CutSums, conditions: Conditions) -> StageTimes:
    r"""Seconds, joules and bytes of one round of one device, for every combination of cut and condition.

    With $N$ iterations of $B$ samples (P1, delay model; science notes 2.1):

    $T = N [B (\sum_{dev} s_v + \sum_{srv} s_v / \beta_s) + 8 B \sum_{cross} (a_u / R_U + g_u / R_D)
    + l_U + l_D] + 8 \sum_{dev} k_v (1/R_U + 1/R_D) + T_{lab}$

    where $s_v$ is FLOPs over speed, or the measured seconds; $T_{lab} = 8 N B \ell / R_U$ if an op runs on
    the server and labels are there; a latency $l$ is paid when bytes, labels too, go that way in an
    iteration. Energies: a device computes above idle while it computes, idles all its turn, and pays for
    the radio while on air; the server pays for all of itself while it computes for the device, and idles
    its share of the turn; the access point pays its share while on air.
    """
    c = conditions
    samples = c.iterations * c.batch_size
    forward_s = c.iterations * _seconds(cuts.device, "forward", c.batch_size, c.device_flops_per_s)
    backward_s = c.iterations * _seconds(cuts.device, "backward", c.batch_size, c.device_flops_per_s)
    server_alone_s = c.iterations * (
        _seconds(cuts.server, "forward", c.batch_size, c.server_flops_per_s)
        + _seconds(cuts.server, "backward", c.batch_size, c.server_flops_per_s)
    )
    server_s = server_alone_s / c.server_share

    up_bytes = samples * (cuts.output_bytes + c.label_bytes * cuts.has_server)
    down_bytes = samples * cuts.gradient_bytes
    exchanged_bytes = cuts.device.exchanged_bytes
    up_air_s = transfer_time_s(size_bytes=up_bytes, rate_bps=c.uplink_bps)
    down_air_s = transfer_time_s(size_bytes=down_bytes, rate_bps=c.downlink_bps)
    sync_up_s = transfer_time_s(size_bytes=exchanged_bytes, rate_bps=c.uplink_bps)
    sync_down_s = transfer_time_s(size_bytes=exchanged_bytes, rate_bps=c.downlink_bps)
    uplink_s = up_air_s + c.iterations * c.uplink_latency_s * (up_bytes > 0)
    downlink_s = down_air_s + c.iterations * c.downlink_latency_s * (down_bytes > 0)
    turn_s = forward_s + uplink_s + server_s + downlink_s + backward_s + sync_up_s + sync_down_s

    sending_s = c.duty_ratio * (up_air_s + sync_up_s)
    receiving_s = c.duty_ratio * (down_air_s + sync_down_s)
    return StageTimes(
        device_forward_s=forward_s,
        uplink_s=uplink_s,
        server_compute_s=server_s,
        downlink_s=downlink_s,
        device_backward_s=backward_s,
        model_sync_s=sync_up_s + sync_down_s,
        device_energy_j=c.device_power_w * (forward_s + backward_s) + c.device_idle_power_w * turn_s,
        radio_energy_j=c.sending_power_w * sending_s + c.receiving_power_w * receiving_s,
        server_energy_j=c.server_power_w * server_alone_s + c.server_idle_power_w * c.server_share * turn_s,
        network_energy_j=c.network_power_w * c.network_share * (sending_s + receiving_s),
        traffic_bytes=up_bytes + down_bytes + 2 * exchanged_bytes,
        device_memory=_memory(cuts.device, c.batch_size),
        server_memory=_memory(cuts.server, c.batch_size),
    )


def _seconds(side: Side, direction: str, batch_size: Any, flops_per_s: Any) -> Any:
    """Seconds of one iteration: measured ones as they are, FLOPs over the speed."""
    flops = getattr(side, f"{direction}_flops")
    fixed_s = getattr(side, f"{direction}_fixed_s")
    sample_s = getattr(side, f"{direction}_sample_s")
    return fixed_s + batch_size * (sample_s + flops / flops_per_s)


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
