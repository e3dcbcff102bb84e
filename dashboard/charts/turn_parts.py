"""The parts a delay is drawn in, in the order of the theme's colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutwise.plans.plan import Plan

PARTS: dict[str, tuple[str, ...]] = {
    "Device computing": ("device_forward_s", "device_backward_s"),
    "Server computing": ("edge_compute_s", "waiting_s", "server_compute_s"),
    "Uplink": ("uplink_s", "backhaul_s"),
    "Downlink": ("downlink_s",),
    "Model exchange": ("model_sync_s",),
}

STAGE_TITLES = {
    "device_forward_s": "Device forward",
    "uplink_s": "Uplink",
    "edge_compute_s": "Edge",
    "backhaul_s": "Backhaul",
    "waiting_s": "Waiting for the server",
    "server_compute_s": "Server",
    "downlink_s": "Downlink",
    "device_backward_s": "Device backward",
    "model_sync_s": "Model exchange",
    "overlap_s": "Saved by overlap",
}
ONLY_WITH_AN_EDGE = ("edge_compute_s", "backhaul_s")


def stage_titles(plan: Plan) -> dict[str, str]:
    """Stages of a turn and what they are called; an edge's, a queue's, an overlap's where there is one."""
    edges = any(decision.edge for decision in plan.decisions)
    absent = () if edges else ONLY_WITH_AN_EDGE
    absent = absent if plan.server_policy == "queue" else (*absent, "waiting_s")
    absent = absent if any(stage.overlap_s for stage in plan.stages) else (*absent, "overlap_s")
    return {name: title for name, title in STAGE_TITLES.items() if name not in absent}


def seconds_by_part(stages: Any) -> dict[str, Any]:
    """Seconds of every part; numbers or arrays, as the stages are.

    Where micro-batches overlap, each part has its share of the delay, so that the parts add up to it.
    """
    seconds = {part: sum(getattr(stages, name) for name in names) for part, names in PARTS.items()}
    if not np.any(stages.overlap_s):
        return seconds
    return {
        part: value * stages.delay_s / (stages.delay_s + stages.overlap_s) for part, value in seconds.items()
    }
