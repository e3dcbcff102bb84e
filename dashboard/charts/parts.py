"""The parts a delay is drawn in, in the order of the theme's colours."""

from __future__ import annotations

from typing import Any

PARTS: dict[str, tuple[str, ...]] = {
    "Device computing": ("device_forward_s", "device_backward_s"),
    "Server computing": ("edge_compute_s", "server_compute_s"),
    "Uplink": ("uplink_s", "backhaul_s"),
    "Downlink": ("downlink_s",),
    "Model exchange": ("model_sync_s",),
}


def seconds_by_part(stages: Any) -> dict[str, Any]:
    """Seconds of every part; numbers or arrays, as the stages are."""
    return {part: sum(getattr(stages, name) for name in names) for part, names in PARTS.items()}
