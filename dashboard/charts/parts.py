"""The parts a delay is drawn in, in the order of the theme's colours."""

from __future__ import annotations

from typing import Any

from core.plans import Plan

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
}
ONLY_WITH_AN_EDGE = ("edge_compute_s", "backhaul_s")


def stage_titles(plan: Plan) -> dict[str, str]:
    """The stages of a turn and what they are called; an edge's and a queue's where there is one."""
    edges = any(decision.edge for decision in plan.decisions)
    absent = () if edges else ONLY_WITH_AN_EDGE
    absent = absent if plan.server_policy == "queue" else (*absent, "waiting_s")
    return {name: title for name, title in STAGE_TITLES.items() if name not in absent}


def seconds_by_part(stages: Any) -> dict[str, Any]:
    """Seconds of every part; numbers or arrays, as the stages are."""
    return {part: sum(getattr(stages, name) for name in names) for part, names in PARTS.items()}
