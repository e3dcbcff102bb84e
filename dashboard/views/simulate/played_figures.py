"""What a played round says beside its picture: how long, how busy, and who waited for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.scenario.parts import Sharing
from cutwise.simulation.tasks import KIND_CODES, NOBODY
from cutwise.simulation.trace import Trace
from cutwise_dashboard.format import change_text, seconds_text, share_text

COMPUTING = ("device_forward", "device_backward")
ON_AIR = {"uplink": ("uplink", "model_up"), "downlink": ("downlink", "model_down")}
SAME_RATIO = 5e-7
"""Rounding of a sum of a million steps; less is no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedFigures(Frozen):
    """Figures of one played round; ratios are parts of its length.

    `server_ratio`, `uplink_ratio` and `downlink_ratio` say how much of the whole server and of the whole band
    served: seconds of every device times its share. `devices_ratio` is how long devices compute, on average.
    `waited_s` adds up all seconds that tasks stood in a queue; `longest_wait_s` is the most of one device,
    `waits_longest` its name.
    """

    played_s: float
    planned_s: float
    devices_ratio: float
    uplink_ratio: float
    downlink_ratio: float
    server_ratio: float
    waited_s: float
    longest_wait_s: float
    waits_longest: str

    @property
    def beside_plan(self) -> str:
        """How the played length stands beside the planned one, in words."""
        off = self.played_s / self.planned_s - 1 if self.planned_s else 0.0
        if abs(off) <= SAME_RATIO:
            return "as planned"
        changed = change_text(self.played_s, self.planned_s, less="shorter", more="longer")
        return f"{changed} than the planned {seconds_text(self.planned_s)}"


def played_figures(trace: Trace, plan: Plan, sharing: Sharing) -> PlayedFigures:
    """The figures of a trace of this plan's round."""
    makespan_s, count = trace.makespan_s or 1.0, len(plan.decisions)
    band = np.array([decision.bandwidth_share for decision in plan.decisions])
    server = np.array([decision.server_share for decision in plan.decisions])
    bands = count if sharing.bandwidth == "dedicated" else 1
    servers = count if sharing.server == "dedicated" else 1
    served = np.ones(count) if plan.server_policy == "queue" else server
    waited_s = _seconds(trace, trace.wait_s)
    longest = int(waited_s.argmax())
    return PlayedFigures(
        played_s=trace.makespan_s,
        planned_s=plan.delay_s,
        devices_ratio=float(_busy_s(trace, COMPUTING).mean() / makespan_s),
        uplink_ratio=float((_busy_s(trace, ON_AIR["uplink"]) * band).sum() / makespan_s / bands),
        downlink_ratio=float((_busy_s(trace, ON_AIR["downlink"]) * band).sum() / makespan_s / bands),
        server_ratio=float((_busy_s(trace, ("server",)) * served).sum() / makespan_s / servers),
        waited_s=float(waited_s.sum()),
        longest_wait_s=float(waited_s[longest]),
        waits_longest=plan.decisions[longest].device if waited_s[longest] > 0 else "",
    )


def _busy_s(trace: Trace, kinds: Sequence[str]) -> Floats:
    """Seconds that each device's tasks of these kinds take."""
    chosen = np.isin(trace.tasks.kind, [KIND_CODES[kind] for kind in kinds])
    return _seconds(trace, np.where(chosen, trace.tasks.duration_s, 0.0))


def _seconds(trace: Trace, column: Floats) -> Floats:
    """The sum of a column for each device; what is nobody's is left out."""
    owned = trace.tasks.device != NOBODY
    found = np.bincount(trace.tasks.device[owned], weights=column[owned], minlength=len(trace.tasks.devices))
    return found.astype(np.float64)


def waiting_text(figures: PlayedFigures) -> str:
    """Who stood in a queue for how long, in words.

    >>> nothing = dict(played_s=9.0, planned_s=9.0, devices_ratio=0.0, uplink_ratio=0.0, downlink_ratio=0.0,
    ...                server_ratio=0.0)
    >>> waiting_text(PlayedFigures(**nothing, waited_s=0.0, longest_wait_s=0.0, waits_longest=""))
    'nobody'
    >>> waiting_text(PlayedFigures(**nothing, waited_s=9.0, longest_wait_s=6.0, waits_longest="phone"))
    'phone, 6 s'
    """
    if not figures.waits_longest:
        return "nobody"
    return f"{figures.waits_longest}, {seconds_text(figures.longest_wait_s)}"


def shown_ratios(figures: PlayedFigures) -> dict[str, str]:
    """The busy parts by what is busy, as percent."""
    ratios = {
        "A device computes, mean": figures.devices_ratio,
        "Uplink is busy": figures.uplink_ratio,
        "Downlink is busy": figures.downlink_ratio,
        "Server is busy": figures.server_ratio,
    }
    return {title: share_text(ratio) for title, ratio in ratios.items()}
