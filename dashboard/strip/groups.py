"""The chips of the strip: every group with its title, its summary and its fields, as registries list them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from cutwise.scenario.parties import Device, Edge
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise_dashboard.desk.scenario_edits import EDGES, LAYERS
from cutwise_dashboard.strip import own_fields, summaries
from cutwise_dashboard.strip.applies import applies
from cutwise_dashboard.strip.context import Context, FieldShown
from cutwise_dashboard.strip.controls_at import MADE, NAMED, controls_at

PARTIES = {"devices": "", "edges": "edges."}
"""Parts that are several parties: how the paths of their fields begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One chip: `parts` of the scenario are what it edits, `first` the fields shown before the others."""

    id: str
    title: Callable[[Context], str]
    summary: Callable[[Context], str]
    parts: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    own: Callable[[Context], list[FieldShown]] = lambda context: []


def shown_groups(context: Context) -> list[dict[str, Any]]:
    """Every chip with what stands in its tray, as plain values."""
    return [
        {
            "id": group.id,
            "title": group.title(context),
            "summary": group.summary(context),
            "edited": _is_edited(context, group),
            "fields": fields_of(context, group),
        }
        for group in GROUPS
    ]


def _is_edited(context: Context, group: Group) -> bool:
    stated = context.stated
    if group.id == "model":
        return stated.preset != shipped_scenarios()[0] or stated.model != type(stated)().model
    if group.id == "scheme":
        return stated.scheme != type(stated)().scheme or bool(stated.options)
    preset = shipped_scenario(stated.preset)
    changed = any(getattr(context.scenario, part) != getattr(preset, part) for part in group.parts)
    return changed or (group.id == "goal" and stated.baseline != type(stated)().baseline)


def fields_of(context: Context, group: Group) -> list[FieldShown]:
    """The controls of a group: its own, those that come first, and behind "More" all others that apply."""
    found = group.own(context)
    known = list(paths_of(context, group))
    first = [path for path in group.first if path in known or path in MADE]
    paths = list(dict.fromkeys((*first, *known)))
    taken = {field["path"] for field in found}
    for path in paths:
        if path in taken or not applies(context, path):
            continue
        for field in controls_at(context, path):
            found.append(field | ({} if path in group.first else {"more": True}))
    return found


def paths_of(context: Context, group: Group) -> Iterator[str]:
    """Every field of the scenario that the group edits."""
    for part in group.parts:
        if part in PARTIES:
            owner = Device() if part == "devices" else Edge()
            yield from (f"{PARTIES[part]}{path}" for path in _leaves(owner) if path not in NAMED)
        elif is_dataclass(value := getattr(context.scenario, part)):
            yield from (f"{part}.{path}" for path in _leaves(value))
        else:
            yield part


def _leaves(value: Any) -> Iterator[str]:
    """Dotted names of every field of a value, through the tables within it."""
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            yield from (f"{field.name}.{path}" for path in _leaves(inner))
        else:
            yield field.name


GROUPS = (
    Group(
        id="model", title=lambda c: "Model", summary=summaries.model, own=own_fields.own_model,
        parts=("name",),
    ),
    Group(id="scheme", title=lambda c: "Scheme", summary=summaries.scheme, own=own_fields.own_scheme),
    Group(
        id="work", title=lambda c: "Work", summary=summaries.work, own=own_fields.own_work,
        parts=("workload", "convergence", "data", "rounds", "seed"),
        first=(
            "workload.local_epochs", "workload.local_iterations", "workload.sequence_length",
            "workload.prompt_tokens", "workload.new_tokens",
        ),
    ),
    Group(
        id="link", title=lambda c: "Link", summary=summaries.link,
        parts=("channel", "compression", "sharing"),
        first=(
            "channel.uplink_bps", "channel.downlink_bps", "channel.uplink_bandwidth_hz",
            "channel.downlink_bandwidth_hz", "compression.codec.kind", "channel.kind",
        ),
    ),
    Group(
        id="devices", title=summaries.devices_title, summary=summaries.devices, own=own_fields.own_device,
        parts=("devices",), first=("profile", "power_mode", *own_fields.ONE_DEVICE),
    ),
    Group(
        id="server", title=summaries.server_title, summary=summaries.server,
        parts=("server", "edges", "backhaul"),
        first=(
            "server.profile", "server.power_mode", "server.flops_per_s", "server.memory_bytes", EDGES,
            "edges.flops_per_s", "backhaul.rate_bps",
        ),
    ),
    Group(
        id="privacy", title=lambda c: "Privacy", summary=summaries.privacy, parts=("privacy",),
        first=(LAYERS,),
    ),
    Group(
        id="goal", title=lambda c: "Goal", summary=summaries.goal, own=own_fields.own_goal,
        parts=("objective", "limits", "energy"),
        first=("limits.deadline_s", "energy.clock.kind", "energy.radio.kind"),
    ),
)  # fmt: skip
"""The chips in their order."""
