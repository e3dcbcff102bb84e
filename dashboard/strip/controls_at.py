"""The control of one path of the scenario: that of its field, of a registry, or of the whole fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.tuning import LORA_TARGETS
from cutwise.problem.numbers import server_numbers
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import LayerDepth
from cutwise_dashboard.desk.scenario_edits import EDGES, LAYERS
from cutwise_dashboard.format import readable
from cutwise_dashboard.strip.context import Context, FieldShown
from cutwise_dashboard.strip.fields_shown import choice_shown, fleet_field, scenario_field

MOST_SHOWN_LAYERS, MOST_SHOWN_EDGES = 12, 12
NAMED = frozenset({"name"})
HAND_MADE = frozenset({"privacy.keep_on_device"})
KIND_LABELS = {
    "channel": "Channel", "codec": "Codec", "accuracy": "Accuracy", "tuning": "Tuning",
    "clock": "Clock law", "radio": "Radio",
}  # fmt: skip
EDGES_HELP = "Servers between devices and the cloud, each with a cell of its own; SplitLLM uses them"


def controls_at(context: Context, path: str) -> Iterator[FieldShown]:
    last = path.rsplit(".", 1)[-1]
    if path in HAND_MADE or (last in NAMED and "." in path) or _is_table(context, path):
        return
    if path in MADE:
        yield MADE[path](context)
    elif last == "kind" and tuple(path.split(".")[:-1]) in KINDS:
        yield _kinds(context, path)
    elif _is_of_fleet(path):
        yield fleet_field(context, path)
    else:
        yield scenario_field(context, path, _known(context, path))


def _is_of_fleet(path: str) -> bool:
    """True for a field of every device, or of every edge."""
    head = path.partition(".")[0]
    return head == "edges" or (path not in NAMED and head in Device.__dataclass_fields__)


def _is_table(context: Context, path: str) -> bool:
    """True for lists of numbers and tables, which a file gives and nobody types."""
    if _is_of_fleet(path):
        return False
    found: Any = context.scenario
    for part in path.split("."):
        found = getattr(found, part, None)
    return isinstance(found, tuple) and bool(found) and not all(isinstance(one, str) for one in found)


def _known(context: Context, path: str) -> Any:
    """What holds where a field is not given: one epoch, and the server's by its profile."""
    head, _, name = path.partition(".")
    if head != "server":
        return 1 if name == "local_epochs" else None
    return getattr(server_numbers(context.scenario.server, context.scenario.workload.compute), name, None)


def _kinds(context: Context, path: str) -> FieldShown:
    """Which kind of table, of those that are registered; adapters beside the layers that the model has."""
    *parts, _ = path.split(".")
    value: Any = context.scenario
    for part in parts:
        value = getattr(value, part)
    names = tuple(KINDS[tuple(parts)])
    shown = {"path": path, "label": KIND_LABELS[parts[-1]], "help": "", **choice_shown(names, value.kind)}
    if parts[-1] != "tuning":
        return shown
    offered = _lora_targets(context)
    lora = {"kind": "lora", "targets": list(offered[:1])} if offered else {"kind": "lora"}
    made = {"full": {"kind": "full"}, "lora": lora}
    return shown | {"sent": {kind: made[kind] for kind in names}, "sentPath": ".".join(parts)}


def _lora_targets(context: Context) -> tuple[str, ...]:
    roles = set(linear_roles(context.graph).values()) if context.graph else set()
    found = tuple(name for name in LORA_TARGETS if name in roles)
    return (*found, "all_linear") if found else ()


def _targets(context: Context) -> FieldShown:
    shown = scenario_field(context, "workload.tuning.targets")
    offered = _lora_targets(context)
    given = context.scenario.workload.tuning.targets
    if set(given) - set(offered):
        return shown
    return shown | {"kind": "many", "choices": [[n, readable(n)] for n in offered], "value": list(given)}


def _layers(context: Context) -> FieldShown:
    kept = context.scenario.privacy.keep_on_device
    depth = kept.layers if isinstance(kept, LayerDepth) else int(kept == "first_layer")
    named = isinstance(kept, tuple)
    return {
        "path": LAYERS, "label": "Private layers", "kind": "slider", "value": depth, "scale": "linear",
        "text": f"{len(kept)} named ops" if named else str(depth), "low": 0, "high": MOST_SHOWN_LAYERS,
        "whole": True, "placeholder": "",
        "help": "Layers that stay on the device on every path from an input; 0 lets raw data leave",
    }  # fmt: skip


def _edge_count(context: Context) -> FieldShown:
    count = len(context.scenario.edges)
    return {
        "path": EDGES, "label": "Edge servers", "kind": "slider", "value": count, "text": str(count),
        "low": 0, "high": MOST_SHOWN_EDGES, "scale": "linear", "whole": True, "placeholder": "",
        "help": EDGES_HELP,
    }  # fmt: skip


MADE: dict[str, Callable[[Context], FieldShown]] = {
    "workload.tuning.targets": _targets,
    LAYERS: _layers,
    EDGES: _edge_count,
}
"""Paths whose control is made by hand."""
