"""The chips of the strip: every group with its title, its summary and its fields, as registries list them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from cutwise.cli.listings import first_line
from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.tuning import LORA_TARGETS
from cutwise.importers import samples
from cutwise.importers.hugging_face.config_file import SEQUENCE, can_regenerate
from cutwise.options import option_hints
from cutwise.problem.numbers import device_columns, server_numbers
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import LayerDepth
from cutwise.schemes import SCHEMES, baseline_names
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.desk.scenario_edits import COUNTED, EDGES, LAYERS, MOST_EDGES
from cutwise_dashboard.format import readable
from cutwise_dashboard.strip import summaries
from cutwise_dashboard.strip.applies import applies
from cutwise_dashboard.strip.context import Context, FieldShown
from cutwise_dashboard.strip.fields_shown import (
    choice_shown,
    field_shown,
    fleet_field,
    picked,
    scenario_field,
)
from cutwise_dashboard.strip.values import value_text

MOST_SHOWN_LAYERS = 12
OWN_OPTIONS = frozenset({"certify", "cut"})
NAMED = frozenset({"name"})
HAND_MADE = frozenset({"privacy.keep_on_device", "workload.tuning.targets"})
EDGES_HELP = "Servers between devices and the cloud, each with a cell of its own; SplitLLM uses them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One chip: `parts` are those of the scenario that it edits, `first` the fields shown before the others."""

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
        for field in _controls(context, path):
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


PARTIES = {"devices": "", "edges": "edges."}


def _leaves(value: Any) -> Iterator[str]:
    """Dotted names of every field of a value, through the tables within it."""
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            yield from (f"{field.name}.{path}" for path in _leaves(inner))
        else:
            yield field.name


def _controls(context: Context, path: str) -> Iterator[FieldShown]:
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
    label = {"channel": "Channel", "codec": "Codec", "accuracy": "Accuracy", "tuning": "Tuning"}[parts[-1]]
    shown = {"path": path, "label": label, "help": "", **choice_shown(names, value.kind)}
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


def _own_model(context: Context) -> list[FieldShown]:
    stated = context.stated
    choices = [[name, readable(name)] for name in samples()]
    if stated.model.digest:
        choices.append([stated.model.label, stated.model.label])
    presets = [[name, readable(name).capitalize()] for name in shipped_scenarios()]
    return [
        picked("model", "Model", choices, stated.model.label, command="model"),
        picked("preset", "Shipped scenario", presets, stated.preset, command="preset"),
        *_dims(context),
    ]


def _dims(context: Context) -> list[FieldShown]:
    """A number for each dimension that the file leaves open; what the workload says is among the work."""
    graph = context.graph
    if graph is None:
        return []
    left_out = {"batch", *({SEQUENCE} if can_regenerate(graph) else ())}
    help = "A dimension that the file leaves open; everything is priced anew for another size"
    return [
        {
            "path": f"dims.{name}", "label": name.replace("_", " ").capitalize(), "help": help,
            "kind": "entry", "value": size, "text": str(size), "placeholder": "", "command": "dims",
        }
        for name, size in graph.dims.items()
        if name not in left_out
    ]  # fmt: skip


def _own_scheme(context: Context) -> list[FieldShown]:
    """The scheme, what it is, and its options."""
    stated, scheme = context.stated, SCHEMES[context.stated.scheme]
    names = sorted(SCHEMES, key=lambda name: SCHEMES[name].is_baseline)
    about = {"kind": "note", "path": "about", "label": first_line(scheme)}
    found = [
        picked("scheme", "Scheme", [[n, readable(n)] for n in names], stated.scheme, command="scheme"),
        about,
    ]
    for name in option_hints(scheme):
        if name not in OWN_OPTIONS:
            default = next(field.default for field in fields(scheme) if field.name == name)
            value = stated.options.get(name, default)
            shown = field_shown(context, scheme, name, path=f"option.{name}", value=value)
            found.append(shown | {"command": "option"})
    return found


def _own_work(context: Context) -> list[FieldShown]:
    workload = context.scenario.workload
    counted = "iterations" if workload.local_iterations is not None else "epochs"
    found = [scenario_field(context, "workload.mode"), scenario_field(context, "workload.batch_size")]
    if workload.training:
        label = {"path": COUNTED, "label": "A round of a device is", "help": "Counted in passes or batches"}
        found.append(label | choice_shown(("epochs", "iterations"), counted))
    return found


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
        "low": 0, "high": min(12, MOST_EDGES), "scale": "linear", "whole": True, "placeholder": "",
        "help": EDGES_HELP,
    }  # fmt: skip


def _own_device(context: Context) -> list[FieldShown]:
    """The fields of the device that is looked at, where there are several."""
    names = context.scenario.device_names
    if len(names) == 1 or context.stated.device not in names:
        return []
    at = names.index(context.stated.device)
    columns = device_columns(context.scenario.devices, context.scenario.workload)
    found = []
    for name in ONE_DEVICE:
        if applies(context, name):
            known = getattr(columns, name, None)
            shown = scenario_field(
                context, f"devices.{at}.{name}", None if known is None else float(known[at])
            )
            if name == "samples":
                shown["text"] = value_text(round(float(columns.samples[at])), "count")
            found.append(shown | {"whose": context.stated.device})
    return found


ONE_DEVICE = ("flops_per_s", "memory_bytes", "samples", "distance_m")


def _own_goal(context: Context) -> list[FieldShown]:
    names = [*baseline_names(), BEST_BASELINE, ""]
    words = {BEST_BASELINE: "the best valid baseline", "": "nothing"}
    choices = [[name, words.get(name) or readable(name)] for name in names]
    told = "What the figures are compared with; named beside the proof"
    return [
        scenario_field(context, "objective.kind"),
        picked("baseline", "Compare with", choices, context.stated.baseline, command="baseline", help=told),
    ]


MADE: dict[str, Callable[[Context], FieldShown]] = {
    "workload.tuning.targets": _targets,
    LAYERS: _layers,
    EDGES: _edge_count,
}

GROUPS = (
    Group(
        id="model", title=lambda c: "Model", summary=summaries.model, own=_own_model, parts=("name",)
    ),
    Group(id="scheme", title=lambda c: "Scheme", summary=summaries.scheme, own=_own_scheme),
    Group(
        id="work", title=lambda c: "Work", summary=summaries.work, own=_own_work,
        parts=("workload", "convergence", "data", "rounds", "seed"),
        first=(
            "workload.local_epochs", "workload.local_iterations", "workload.sequence_length",
            "workload.prompt_tokens", "workload.new_tokens",
        ),
    ),
    Group(
        id="link", title=lambda c: "Link", summary=summaries.link, parts=("channel", "compression", "sharing"),
        first=(
            "channel.uplink_bps", "channel.downlink_bps", "channel.uplink_bandwidth_hz",
            "channel.downlink_bandwidth_hz", "compression.codec.kind", "channel.kind",
        ),
    ),
    Group(
        id="devices", title=summaries.devices_title, summary=summaries.devices, own=_own_device,
        parts=("devices",), first=ONE_DEVICE,
    ),
    Group(
        id="server", title=summaries.server_title, summary=summaries.server,
        parts=("server", "edges", "backhaul"),
        first=("server.flops_per_s", "server.memory_bytes", EDGES, "edges.flops_per_s", "backhaul.rate_bps"),
    ),
    Group(
        id="privacy", title=lambda c: "Privacy", summary=summaries.privacy, parts=("privacy",), first=(LAYERS,)
    ),
    Group(
        id="goal", title=lambda c: "Goal", summary=summaries.goal, own=_own_goal,
        parts=("objective", "limits"), first=("limits.deadline_s",),
    ),
)  # fmt: skip
"""The chips in their order."""
