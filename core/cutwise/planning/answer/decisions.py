"""What a plan decides for every device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.compression import Uncompressed
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.plans.plan import Cut, DeviceDecision
from cutwise.plans.rounds import Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.edge_links import budgets_of, edge_columns
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Behind(Frozen):
    """The edges that devices are behind: what runs on the device or there (devices, ops), name and memory.

    Of `memory_bytes` `budget_bytes` may be charged, as of the memories of a `SplitProblem`.
    """

    masks: Mask
    names: tuple[str, ...]
    memory_bytes: Floats
    budget_bytes: Floats
    runtime: RuntimeFigures

    @classmethod
    def of(cls, problem: SplitProblem, masks: Mask, owner: Ints) -> Behind:
        """Device i behind the edge `owner[i]`."""
        columns = edge_columns(problem.scenario.edges, problem.workload.compute)
        return cls(
            masks=masks,
            names=tuple(problem.scenario.edge_names[edge] for edge in owner),
            budget_bytes=budgets_of(problem.scenario, columns)[owner],
            memory_bytes=columns.memory_bytes[owner],
            runtime=columns.runtime.of(owner),
        )


def decisions_of(
    problem: SplitProblem,
    masks: Mask,
    returned: Mask,
    behind: Behind | None,
    conditions: Conditions,
    round_of: Round,
) -> tuple[DeviceDecision, ...]:
    """What is decided for every device: cuts, places in the round, shares, rates and coding."""
    names, channel = problem.scenario.device_names, problem.scenario.channel
    ids = np.array([op.id for op in problem.cost.graph.ops], dtype=object)
    count = problem.device_count
    link = conditions.link
    share, duty, up_bps, down_bps = (
        _each(one, count)
        for one in (
            link.network_share * link.duty_ratio,
            link.duty_ratio,
            link.uplink_bps,
            link.downlink_bps,
        )
    )
    server_share = _each(conditions.compute.server_share, count)
    clock = _each(conditions.compute.server_frequency_ratio, count)
    up_ratio, down_ratio = (
        _each(one, count) for one in (link.uplink_compression_ratio, link.downlink_compression_ratio)
    )
    encode_s, decode_s = (_each(one, count) for one in (link.encode_s_per_byte, link.decode_s_per_byte))
    phases, groups = round_of.places(count)
    codec = problem.scenario.compression.codec
    loss = accuracy_loss_ratio(problem.scenario.compression)
    known: dict[bytes, Cut] = {}
    for mask in masks:
        if mask.tobytes() not in known:
            known[mask.tobytes()] = cut_of(problem, mask)
    return tuple(
        DeviceDecision(
            device=names[i],
            cut=known[masks[i].tobytes()],
            phase=int(phases[i]),
            group=int(groups[i]),
            bandwidth_share=share[i],
            duty_ratio=duty[i],
            uplink_bps=up_bps[i],
            downlink_bps=down_bps[i],
            uplink_bandwidth_hz=_share_of(channel.bandwidth_hz("uplink"), share[i]),
            downlink_bandwidth_hz=_share_of(channel.bandwidth_hz("downlink"), share[i]),
            uplink_power_w=float(problem.transmit_power_w[i]),
            server_share=server_share[i],
            server_frequency_ratio=clock[i],
            returned_ops=tuple(ids[returned[i]].tolist()),
            edge=behind.names[i] if behind else None,
            edge_cut=cut_of(problem, behind.masks[i]) if behind else None,
            accuracy_loss_ratio=loss if known[masks[i].tobytes()].crossing else 0.0,
            compression=None if isinstance(codec, Uncompressed) else codec.label,
            uplink_compression_ratio=up_ratio[i],
            downlink_compression_ratio=down_ratio[i],
            encode_s_per_byte=encode_s[i],
            decode_s_per_byte=decode_s[i],
        )
        for i in range(count)
    )


def _each(value: Number, count: int) -> list[float]:
    """One number a device."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64), count).tolist()


def _share_of(bandwidth_hz: float | None, share: float) -> float | None:
    return None if bandwidth_hz is None else share * bandwidth_hz
