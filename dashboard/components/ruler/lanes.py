"""The two lower lanes of the ruler as columns: bytes that every cut would send up, and parts of its delay."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cutwise.analyses.cut_curve import CutCurve
from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import CutSums, crossing_ops, looped_sums
from cutwise.frozen import FrozenDict
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import LinkConditions
from cutwise.problem.split_problem import SplitProblem
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.charts.turn_parts import seconds_by_part

LARGEST = 3e38
"""Beyond it a number is none that a chart can draw (the largest single-precision number is 3.4e38)."""

ROLE_OF_PART: Mapping[str, str] = FrozenDict(
    {
        "Device computing": "device",
        "Server computing": "server",
        "Uplink": "uplink",
        "Downlink": "downlink",
        "Model exchange": "model_exchange",
        "Edge computing": "server",
        "Cloud computing": "cloud",
        "Waiting for the server": "waiting",
    }
)
BACKHAUL = "Backhaul"


def packed(values: ArrayLike, dtype: type = np.float32) -> str:
    """Numbers as base64 of their bytes, as the scripts read them."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")


def drawable(values: ArrayLike) -> Floats:
    """The numbers, with 0 in the place of those that are not finite or too large to draw."""
    found = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(found) & (np.abs(found) < LARGEST), found, 0.0)


def parts_of(stages: StageTimes, *, has_edge: bool, waits: bool) -> dict[str, Floats]:
    """Seconds of every part that the delay is drawn in; parts that no cut has are left out.

    With an edge its computing and the backhaul are parts of their own, and so is waiting for a server that
    queues. As elsewhere, parts that overlap have their share of the delay.
    """
    seconds = {name: np.asarray(value, dtype=np.float64) for name, value in seconds_by_part(stages).items()}
    with np.errstate(invalid="ignore"):
        share = np.where(stages.overlap_s, stages.delay_s / (stages.delay_s + stages.overlap_s), 1.0)
    own: dict[str, tuple[str, Floats]] = {}
    if has_edge:
        own["Edge computing"] = ("Server computing", np.asarray(stages.edge_compute_s * share))
        own[BACKHAUL] = ("Uplink", np.asarray(stages.backhaul_s * share))
    if waits:
        own["Waiting for the server"] = ("Server computing", np.asarray(stages.waiting_s * share))
    for whole, value in own.values():
        seconds[whole] = np.maximum(seconds[whole] - value, 0.0)
    if has_edge:
        seconds["Cloud computing"] = seconds.pop("Server computing")
    seconds |= {name: value for name, (_, value) in own.items()}
    return {name: seconds[name] for name in DRAWN if name in seconds and np.any(drawable(seconds[name]) > 0)}


DRAWN = (
    "Device computing", "Uplink", "Edge computing", BACKHAUL, "Waiting for the server", "Server computing",
    "Cloud computing", "Downlink", "Model exchange",
)  # fmt: skip
"""Parts from the bottom of a bar to its top."""


def part_color(name: str, theme: str) -> str:
    """The colour of a part; the backhaul's is the uplink's, half faded."""
    if name != BACKHAUL:
        return color_of(ROLE_OF_PART[name], theme)
    palette = PALETTES[theme]
    pairs = zip(_channels(color_of("uplink", theme)), _channels(palette.background), strict=True)
    return "#" + "".join(f"{(one + other) // 2:02X}" for one, other in pairs)


def _channels(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def link_of(problem: SplitProblem, plan: Plan, device: int, *, comes_back: bool) -> LinkConditions:
    """What the device's messages meet in this plan."""
    conditions = conditions_of_plan(problem, plan).of(device)
    return (conditions.without_labels() if comes_back else conditions).link


def sent_up(problem: SplitProblem, curve: CutCurve, returned: Mask, link: LinkConditions) -> Floats:
    """Bytes of one mini-batch that every cut sends up, coded and with labels, shape (positions,)."""
    if returned.any():
        sums: CutSums = looped_sums(problem.cost, curve.masks & ~returned, _tops(curve.masks, returned))
        raw = sums.output_bytes
    else:
        raw = crossing_ops(problem.cost, curve.masks).astype(np.float64) @ problem.cost.output_bytes
    return problem.workload.batch_size * (
        raw * link.uplink_compression_ratio + link.label_bytes * ~curve.masks.all(axis=1)
    )


def _tops(masks: Mask, returned: Mask) -> Mask:
    return np.broadcast_to(returned, masks.shape)


def relayed(problem: SplitProblem, inner: Mask, link: LinkConditions) -> float:
    """Bytes of one mini-batch from the edge to the cloud; the backhaul carries them uncompressed."""
    if inner.all():
        return 0.0
    raw = float((crossing_ops(problem.cost, inner)[0] * problem.cost.output_bytes).sum())
    return problem.workload.batch_size * (raw + link.label_bytes)


def sent_back(problem: SplitProblem, bottom: Mask, returned: Mask, link: LinkConditions) -> float:
    """Bytes of one mini-batch that come down for the ops that return to the device."""
    falling = crossing_ops(problem.cost, ~returned)[0] & ~bottom
    ratio = float(link.downlink_compression_ratio)
    return problem.workload.batch_size * ratio * float(problem.cost.output_bytes[falling].sum())


def packed_parts(parts: Mapping[str, Floats], count: int, theme: str) -> list[dict[str, Any]]:
    """The parts with their colours, their seconds packed."""
    return [
        {
            "name": name,
            "color": part_color(name, theme),
            "seconds": packed(drawable(np.broadcast_to(seconds, count))),
        }
        for name, seconds in parts.items()
    ]
