"""Each cut of a device as a line over seconds a bit, and the lower edge of all lines, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.arrays import Floats
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question, problem_of_plan, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise_dashboard.caches import kept

SLOW_BPS, FAST_BPS = 1e7, 1e10
"""Two rates that are far apart: what a bit adds is the difference between their curves."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RateLines(Frozen):
    """Seconds of a turn with each cut: `rest_s` + `sent_bits` / rate, arrays of shape (cuts,).

    `server_s` are those of the rest in which the server computes.
    """

    names: tuple[str, ...]
    rest_s: Floats
    sent_bits: Floats
    server_s: Floats

    def at(self, uplink_bps: float) -> Floats:
        """Seconds of a turn at this rate, one a cut."""
        return self.rest_s + self.sent_bits / uplink_bps

    def beaten(self) -> int:
        """How many cuts lose at every rate to one that sends no more and takes no longer besides."""
        pairs = np.column_stack([self.rest_s, self.sent_bits])
        no_worse = (pairs[None, :, :] <= pairs[:, None, :]).all(axis=2)
        better = (pairs[None, :, :] < pairs[:, None, :]).any(axis=2)
        return int((no_worse & better).any(axis=1).sum())


@kept
def rate_lines(graph: ModelGraph, scenario: Scenario, device: str) -> RateLines:
    """The lines of one device of a scenario with a fixed rate, from two curves of the library."""
    slow, fast = (_curve_at(graph, scenario, device, rate) for rate in (SLOW_BPS, FAST_BPS))
    slow_s, fast_s = (_turns(curve) for curve in (slow, fast))
    sent = (slow_s - fast_s) / (1 / SLOW_BPS - 1 / FAST_BPS)
    return RateLines(
        names=tuple(name if name.startswith("all on") else f"after {name}" for name in fast.names),
        rest_s=fast_s - sent / FAST_BPS,
        sent_bits=sent,
        server_s=np.asarray(fast.stages.server_compute_s, dtype=np.float64) + np.zeros(len(fast.names)),
    )


def _curve_at(graph: ModelGraph, scenario: Scenario, device: str, uplink_bps: float) -> CutCurve:
    question = Question(graph=graph, scenario=changed(scenario, {"channel.uplink_bps": uplink_bps}))
    plan = shown_plan(question)
    names = [decision.device for decision in plan.decisions]
    return cut_curve(problem_of_plan(question, plan), plan, names.index(device), with_peaks=False)


def _turns(curve: CutCurve) -> Floats:
    return np.asarray(curve.stages.delay_s, dtype=np.float64) + np.zeros(len(curve.names))


def lower_edge(rest: Floats, slope: Floats) -> tuple[list[int], list[float]]:
    """The lines that are lowest somewhere right of 0, from left to right, and where each gives way.

    >>> lower_edge(np.array([0.0, 2.0, 1.5, 9.0]), np.array([3.0, 1.0, 2.5, 0.0]))
    ([0, 1, 3], [1.0, 7.0])
    """
    at = min(range(len(rest)), key=lambda line: (rest[line], slope[line]))
    lines, corners = [at], []
    while True:
        flatter = np.flatnonzero(slope < slope[at])
        if not len(flatter):
            return lines, corners
        meets = (rest[flatter] - rest[at]) / (slope[at] - slope[flatter])
        first = min(zip(meets.tolist(), slope[flatter].tolist(), flatter.tolist(), strict=True))
        corners.append(first[0])
        at = first[2]
        lines.append(at)
