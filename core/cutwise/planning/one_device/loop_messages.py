"""Label-private cuts where every message costs its latency: which messages a cut sends at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import CutSums, looped_sums
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.vertex_sums import no_sums
from cutwise.cuts.u_shape.u_shape_cut import UShapeCut, u_shape_cut
from cutwise.cuts.u_shape.u_shape_numbers import UShapeProblem
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_weights import FAINT_BYTES
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.tolerances import SUM_ROUNDING

COLUMN = (slice(None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Which messages an iteration may have: outputs up and down, gradients up and down."""

    output_up: bool
    output_down: bool
    gradient_up: bool
    gradient_down: bool

    def silent(self, cost: GraphCost) -> tuple[Mask, Mask]:
        """The ops (ops,) whose crossing up, and down, would send what these messages leave out.

        A tensor of no bytes sends nothing.
        """
        output, gradient = cost.output_bytes > 0, cost.gradient_bytes > 0
        up = (output & (not self.output_up)) | (gradient & (not self.gradient_down))
        down = (output & (not self.output_down)) | (gradient & (not self.gradient_up))
        return up, down


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LoopQuestion(Frozen):
    """One device's label-private cut: its conditions, and what its parts add to the score without latency."""

    cost: GraphCost
    asked: UShapeProblem
    conditions: Conditions
    score: Score

    def charge(self, messages: Messages) -> float:
        """What a cut with work at the server scores for so many messages, with nothing in them."""
        up, down = messages.output_up + messages.gradient_up, messages.output_down + messages.gradient_down
        served = at_server(self.cost)
        speaking = replace(
            served,
            output_bytes=np.full(1, FAINT_BYTES * (up > 0)),
            gradient_bytes=np.full(1, FAINT_BYTES * (down > 0)),
            more_uplink_messages=served.more_uplink_messages + max(up - 1, 0),
            more_downlink_messages=served.more_downlink_messages + max(down - 1, 0),
        )
        return float(np.ravel(self.score(stage_times(speaking, self.conditions.of(COLUMN))))[0])

    def within(self, messages: Messages) -> UShapeCut:
        """The best cut, latencies apart, that sends no other messages; of infinite value if there is none."""
        silent_up, silent_down = messages.silent(self.cost)
        costs = (self.asked.device_costs, self.asked.server_costs, self.asked.up_costs, self.asked.down_costs)
        never = 4.0 * float(sum(np.abs(one).sum() for one in costs)) or 1.0
        up_costs: Floats = np.where(silent_up, never, self.asked.up_costs)
        down_costs: Floats = np.where(silent_down, never, self.asked.down_costs)
        cut = u_shape_cut(replace(self.asked, up_costs=up_costs, down_costs=down_costs))
        if cut.value >= never / 2:
            return replace(cut, value=np.inf, labels=None, bound=np.inf)
        return cut


def loops_with_messages(question: LoopQuestion, free: UShapeCut, known: float) -> tuple[list[Ints], float]:
    """Cuts of which one is best with latencies, unless the `known` score is, and what no cut is below.

    `free` is the best cut without latencies. A cut that sends fewer messages pays fewer latencies: the best
    of each set of messages is sought, those that cost least first, as long as one may still be better.
    """
    bound = np.inf
    found: list[Ints] = []
    ranked = sorted((question.charge(one), number, one) for number, one in enumerate(_sets(question)))
    everything = ranked[-1][1]
    for charge, number, messages in ranked:
        if free.bound + charge >= known - SUM_ROUNDING * abs(known):
            return found, min(bound, free.bound + charge)
        cut = free if number == everything else question.within(messages)
        bound = min(bound, cut.bound + charge)
        if cut.labels is not None:
            found.append(cut.labels)
    return found, bound


def _sets(question: LoopQuestion) -> Iterator[Messages]:
    """Every set of messages that may differ in what they cost; the last has all of them."""
    cost, link = question.cost, question.conditions.link
    senders = np.unique(cost.graph.edge_array[:, 0])
    speaks = {"output": cost.output_bytes[senders] > 0, "gradient": cost.gradient_bytes[senders] > 0}
    late = {"up": np.any(link.uplink_latency_s), "down": np.any(link.downlink_latency_s)}
    choices = {
        f"{what}_{way}": ((False, True) if late[way] else (True,)) if any_speaks.any() else (False,)
        for what, any_speaks in speaks.items()
        for way in late
    }
    for row in itertools.product(*choices.values()):
        yield Messages(**dict(zip(choices, row, strict=True)))


def at_server(cost: GraphCost) -> CutSums:
    """What every cut with work at the server has, apart from its ops and tensors: words that go both ways."""
    nobody = np.zeros((1, len(cost.graph)), dtype=bool)
    sums, nothing = looped_sums(cost, nobody, nobody), no_sums(1)
    return replace(sums, device=nothing.device, server=nothing.server, kept_equal_bytes=0.0)
