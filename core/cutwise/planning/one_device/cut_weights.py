"""A score as weights on ops and tensors, read off the evaluator: what max-flow and CP-SAT work on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import CutSums
from cutwise.costs.vertex_sums import no_sums, side_sums, tensor_sums
from cutwise.cuts.pool.closure import component_labels
from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.weight_copies import ahead
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.roofs import additive
from cutwise.problem.split_problem import SplitProblem

COLUMN = (slice(None), None)
FAINT_BYTES = 1e-200
"""Enough to count as sent, too little to take time."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SplitClass(Frozen):
    """Splits that pay the same fixed charge at most: those that do not send the `silent` tensors.

    `silent` has the shape of the vertices, (copied weights + ops,).

    `uplink` and `downlink` say which way messages go, each of which costs its latency; `anew` that they go
    for every new token.
    """

    silent: Mask
    uplink: bool
    downlink: bool
    anew: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutWeights(Frozen):
    """Scores as `base` + sums over the ops of both sides and those that cross + the charge of the class.

    `base` (devices,) is the score of no op at all; `device_weight`, `server_weight` and `crossing_weight`
    have shape (devices, copied weights + ops), `charges` (classes, devices). No weight is a difference, so
    that each is as exact as the score. The widest tensor at work on a side is no sum and is left out.
    """

    base: Floats
    device_weight: Floats
    server_weight: Floats
    crossing_weight: Floats
    charges: Floats


def split_classes(problem: SplitProblem, conditions: Conditions) -> tuple[SplitClass, ...]:
    """The classes that together hold every split but the one that keeps all ops on the device.

    A split stands in each class whose messages it sends at most; the one that charges it least is exact.
    """
    cost, senders = problem.cost, problem.cost.graph.edge_array[:, 0]
    speaks_up, speaks_down = cost.output_bytes > 0, cost.gradient_bytes > 0
    apart = not problem.pinned.any() or _in_pieces(problem)
    mute_up = bool((apart or not speaks_up[senders].all()) and np.any(conditions.link.uplink_latency_s))
    mute_down = bool((apart or not speaks_down[senders].all()) and np.any(conditions.link.downlink_latency_s))
    late = bool(np.any(conditions.link.uplink_latency_s) or np.any(conditions.link.downlink_latency_s))
    nothing = np.zeros(len(cost.graph), dtype=bool)
    sent_anew = cost.generation.sent_anew if cost.generation and late else nothing
    return tuple(
        SplitClass(
            silent=ahead(
                (speaks_up & (not up)) | (speaks_down & (not down)) | (sent_anew & (not anew)),
                len(cost.shared),
            ),
            uplink=up,
            downlink=down,
            anew=anew,
        )
        for up in ((True, False) if mute_up else (True,))
        for down in ((True, False) if mute_down else (True,))
        for anew in ((True, False) if sent_anew.any() and up else (False,))
    )


def _in_pieces(problem: SplitProblem) -> bool:
    """True when the model falls apart, so that a split need not send anything at all."""
    graph = problem.cost.graph
    return bool(component_labels(len(graph), *graph.edge_array.T).any())


def cut_weights(problem: SplitProblem, conditions: Conditions, score: Score) -> CutWeights:
    """The weights of every device's score, for `conditions` of shape (devices,)."""
    cost, given = problem.cost, additive(conditions, problem.cost).of(COLUMN)
    count = len(np.atleast_1d(conditions.compute.device_flops_per_s))
    still = given.without_latency().without_labels()

    def scored(sums: CutSums, under: Conditions, width: int) -> Floats:
        return np.broadcast_to(np.asarray(score(stage_times(sums, under)), dtype=np.float64), (count, width))

    quiet = replace(no_sums(1), edge=None)
    base = scored(quiet, still, 1)
    faint = np.full(1, FAINT_BYTES)
    speaking = replace(quiet, output_bytes=faint, gradient_bytes=faint, has_server=np.ones(1))
    charges = [
        (scored(_spoken(problem, speaking, one), _charged(given, one), 1) - base)[:, 0]
        for one in split_classes(problem, conditions)
    ]
    vertices = len(cost.shared) + len(cost.graph)
    on_device, on_server = side_sums(cost, copies=True)
    return CutWeights(
        base=base[:, 0],
        device_weight=scored(on_device, still, vertices) - base,
        server_weight=scored(on_server, still, vertices) - base,
        crossing_weight=scored(tensor_sums(cost, copies=True), still, vertices) - base,
        charges=np.stack(charges),
    )


def _spoken(problem: SplitProblem, speaking: CutSums, one: SplitClass) -> CutSums:
    """What is sent at least where messages go for every new token."""
    new = problem.new_tokens * one.anew
    return replace(speaking, more_uplink_messages=1.0 * new, more_downlink_messages=1.0 * max(new - 1, 0))


def _charged(given: Conditions, one: SplitClass) -> Conditions:
    """The conditions with the latencies that this class pays; labels are a message up of their own."""
    speaks = np.logical_or(one.uplink, given.link.label_bytes > 0)
    hears = np.logical_or(one.downlink, given.link.returned_bytes > 0)
    link = replace(
        given.link,
        uplink_latency_s=given.link.uplink_latency_s * speaks,
        downlink_latency_s=given.link.downlink_latency_s * hears,
    )
    return replace(given, link=link)
