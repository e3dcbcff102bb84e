"""Turns of devices in drawn worlds: the evaluator's stages with every factor put in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.bands.drawn_factors import DrawnFactors
from cutwise.arrays import Floats, Mask, Number
from cutwise.caches import kept
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.costs.vertex_sums import op_sums, side_sums
from cutwise.frozen import Frozen
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

COLUMN = (slice(None), None)
UNTIMED = (
    "forward_flops", "backward_flops", "moved_bytes", "read_bytes", "launches", "backward_moved_bytes",
    "backward_read_bytes", "backward_launches", "forward_fixed_s", "backward_fixed_s",
)  # fmt: skip
"""Fields of a side that take time; drawn seconds stand in their place."""
BACKWARD = (
    "backward_flops", "backward_moved_bytes", "backward_read_bytes", "backward_launches", "backward_fixed_s",
    "backward_sample_s",
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Masks(Frozen):
    """What runs where, rows (turns, ops): on the device, on its edge, on the server."""

    device: Mask
    edge: Mask
    server: Mask


@kept
def block_members(graph: ModelGraph) -> Floats:
    """Which op is in which block of the model, shape (ops, blocks)."""
    found = blocks(graph)
    member = np.zeros((len(graph), len(found)))
    for number, block in enumerate(found):
        member[list(block.ops), number] = 1.0
    return member


def drawn_turns(
    problem: SplitProblem,
    sums: CutSums,
    masks: Masks,
    conditions: Conditions,
    drawn: DrawnFactors,
    member: Floats,
) -> StageTimes:
    """The stages of every turn in every draw, fields of shape (turns, draws).

    `sums`, `masks` and `conditions` have a row a turn; `drawn.device_time_ratio` has one too. Computing takes
    its seconds in the evaluator block by block, each times the party's factor and the block's, and backward
    passes times a factor of their own.
    """
    unit = _whole_shares(conditions)
    device = _seconds(problem, sums, masks.device, unit, member @ drawn.device_blocks, tier="device")
    server = _seconds(problem, sums, masks.server, unit, member @ drawn.server_blocks, tier="server")
    columns = sums.reshaped(lambda column: column[:, None])
    timed = replace(
        columns,
        device=_timed(columns.device, device, _passes(drawn, "device"), conditions),
        server=_timed(columns.server, server, _passes(drawn, "server"), conditions),
    )
    if sums.edge is not None and columns.edge is not None:
        edge = _seconds(problem, sums, masks.edge, unit, member @ drawn.server_blocks, tier="edge")
        timed = replace(timed, edge=_timed(columns.edge, edge, _passes(drawn, "edge"), conditions))
    return stage_times(timed, _drawn_conditions(conditions, drawn))


def _whole_shares(conditions: Conditions) -> Conditions:
    """Of one iteration, with all of server and edge at their highest clocks."""
    alone = conditions.of_one_iteration().at_server_share(1.0).at_highest_clock()
    return replace(alone, edge=replace(alone.edge, share=1.0))


def _seconds(
    problem: SplitProblem, sums: CutSums, masks: Mask, unit: Conditions, factors: Floats, *, tier: str
) -> tuple[Floats, Floats]:
    """Seconds of an iteration's forward and backward pass on a tier, shape (turns, draws).

    Where text is generated a side's seconds are no sum over its ops: all of it has one factor.
    """
    if problem.cost.generation is not None:
        whole = stage_times(sums, unit)
        return _column(_forward(whole, tier)), 0.0 * _column(_forward(whole, tier))
    here, there, beyond = _ops_alone(problem)
    alone = {"device": here, "edge": there, "server": beyond}[tier]
    inside, priced = masks.astype(np.float64), stage_times(alone, unit.of(COLUMN))
    both = (_forward(priced, tier), priced.device_backward_s)
    if tier != "device":
        ahead = _forward(stage_times(_forward_alone(alone), unit.of(COLUMN)), tier)
        both = (ahead, _forward(priced, tier) - ahead)
    forward, backward = ((inside * np.asarray(seconds)) @ factors for seconds in both)
    return forward, backward


def _ops_alone(problem: SplitProblem) -> tuple[CutSums, CutSums, CutSums]:
    device, edge, server = op_sums(problem.cost)
    if not len(problem.cost.shared):
        return device, edge, server
    plain, beyond = side_sums(problem.cost, compute_only=True)
    ahead = len(problem.cost.shared)
    return plain, edge.reshaped(lambda column: column[ahead:]), beyond


def _forward(stages: StageTimes, tier: str) -> Number:
    found = {
        "device": stages.device_forward_s, "edge": stages.edge_compute_s, "server": stages.server_compute_s
    }  # fmt: skip
    return found[tier]


def _column(values: Number) -> Floats:
    return np.asarray(values, dtype=np.float64)[:, None]


def _forward_alone(sums: CutSums) -> CutSums:
    """The sums of server and edge without what their backward passes do."""
    edge = None if sums.edge is None else _without_backward(sums.edge)
    return replace(sums, server=_without_backward(sums.server), edge=edge)


def _without_backward(side: Side) -> Side:
    return replace(side, **{name: 0.0 * getattr(side, name) for name in BACKWARD})


def _passes(drawn: DrawnFactors, tier: str) -> tuple[Floats, Floats]:
    """By what forward and backward seconds of a tier are off, shape (1 or turns, draws)."""
    forward, backward = (getattr(drawn, f"{tier}_{name}_ratio") for name in ("time", "backward"))
    return np.atleast_2d(forward), np.atleast_2d(forward * backward)


def _timed(
    side: Side, seconds: tuple[Floats, Floats], factors: tuple[Floats, Floats], conditions: Conditions
) -> Side:
    """The side with these seconds of an iteration in place of what takes time."""
    forward, backward = (
        factor * own / conditions.compute.batch_size for factor, own in zip(factors, seconds, strict=True)
    )
    nothing = dict.fromkeys(UNTIMED, np.zeros((len(side.weight_bytes), 1)))
    return replace(side, **nothing, forward_sample_s=forward, backward_sample_s=backward, generation=None)


def _drawn_conditions(conditions: Conditions, drawn: DrawnFactors) -> Conditions:
    wide = conditions.of(COLUMN)
    link, power = wide.link, wide.power
    return replace(
        wide.at_rates(
            uplink_bps=link.uplink_bps * drawn.uplink_rate_ratio,
            downlink_bps=link.downlink_bps * drawn.downlink_rate_ratio,
        ).waiting(wide.compute.waiting_s * drawn.server_time_ratio),
        power=replace(
            power,
            device_power_w=power.device_power_w * drawn.device_power_ratio,
            server_power_w=power.server_power_w * drawn.server_power_ratio,
        ),
        roofs=None,
    )
