"""Controls of a chip that are no single field's: model, scheme, how a round is counted, the baseline."""

from __future__ import annotations

from dataclasses import fields

from cutwise.cli.listings import first_line
from cutwise.importers import samples
from cutwise.importers.hugging_face.config_file import SEQUENCE, can_regenerate
from cutwise.options import option_hints
from cutwise.problem.numbers import device_columns
from cutwise.schemes import SCHEMES, baseline_names
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.desk.scenario_edits import COUNTED
from cutwise_dashboard.format import readable
from cutwise_dashboard.strip.applies import applies
from cutwise_dashboard.strip.context import Context, FieldShown
from cutwise_dashboard.strip.fields_shown import choice_shown, field_shown, picked, scenario_field
from cutwise_dashboard.strip.values import value_text

OWN_OPTIONS = frozenset({"certify", "cut"})
"""Options of schemes that are no control: proofs are always asked for, and cuts are pinned in the picture."""
ONE_DEVICE = ("flops_per_s", "memory_bytes", "samples", "distance_m")


def own_model(context: Context) -> list[FieldShown]:
    stated = context.stated
    choices = [[name, readable(name)] for name in samples()]
    if stated.model.digest:
        choices.append([stated.model.label, stated.model.label])
    presets = [[name, readable(name).capitalize()] for name in shipped_scenarios()]
    is_own = stated.scenario != shipped_scenario(stated.preset)
    if is_own:
        presets.append(["", f"{readable(stated.preset).capitalize()}, changed"])
    return [
        picked("model", "Model", choices, stated.model.label, command="model"),
        picked("preset", "Shipped scenario", presets, "" if is_own else stated.preset, command="preset"),
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


def own_scheme(context: Context) -> list[FieldShown]:
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


def own_work(context: Context) -> list[FieldShown]:
    workload = context.scenario.workload
    counted = "iterations" if workload.local_iterations is not None else "epochs"
    found = [scenario_field(context, "workload.mode"), scenario_field(context, "workload.batch_size")]
    if workload.training:
        label = {"path": COUNTED, "label": "A round of a device is", "help": "Counted in passes or batches"}
        found.append(label | choice_shown(("epochs", "iterations"), counted))
    return found


def own_device(context: Context) -> list[FieldShown]:
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


def own_goal(context: Context) -> list[FieldShown]:
    names = [*baseline_names(), BEST_BASELINE, ""]
    words = {BEST_BASELINE: "the best valid baseline", "": "nothing"}
    choices = [[name, words.get(name) or readable(name)] for name in names]
    told = "What the figures are compared with; named beside the proof"
    return [
        scenario_field(context, "objective.kind"),
        picked("baseline", "Compare with", choices, context.stated.baseline, command="baseline", help=told),
    ]
