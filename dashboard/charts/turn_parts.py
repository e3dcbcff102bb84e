"""The parts a delay is drawn in, in the order of the theme's colours."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Number, added
from cutwise.plans.plan import Plan
from cutwise.plans.stages import PARTS, STAGES, StageTimes

OVERLAP = ("overlap_s", "Saved by overlap")
ONLY_WITH_AN_EDGE = ("edge_compute_s", "backhaul_s")


def stage_titles(plan: Plan) -> dict[str, str]:
    """Stages of a turn and what they are called; an edge's, a queue's, an overlap's where there is one."""
    edges = any(decision.edge for decision in plan.decisions)
    absent = () if edges else ONLY_WITH_AN_EDGE
    absent = absent if plan.server_policy == "queue" else (*absent, "waiting_s")
    absent = absent if any(stage.overlap_s for stage in plan.stages) else (*absent, "overlap_s")
    titles = [*((stage.name, stage.title) for stage in STAGES), OVERLAP]
    return {name: title for name, title in titles if name not in absent}


def seconds_by_part(stages: StageTimes) -> dict[str, Number]:
    """Seconds of every part; numbers or arrays, as the stages are.

    Where micro-batches overlap, each part has its share of the delay, so that the parts add up to it.
    """
    seconds = {part: added(stage.taken_s(stages) for stage in STAGES if stage.part == part) for part in PARTS}
    if not np.any(stages.overlap_s):
        return seconds
    return {
        part: value * stages.delay_s / (stages.delay_s + stages.overlap_s) for part, value in seconds.items()
    }
