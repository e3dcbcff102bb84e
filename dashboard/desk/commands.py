"""Every command that a reader can give: what it makes of the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from cutwise.errors import QuantityError, ScenarioError, UnknownNameError
from cutwise.fields.readable_names import readable_name
from cutwise.frozen import FrozenDict
from cutwise.importers import samples
from cutwise.importers.base import checked_dims
from cutwise.schemes import SCHEMES, baseline_names
from cutwise.schemes.options import scheme_with
from cutwise.stated.checks_of_names import model_mistakes, text_mistakes
from cutwise.stated.scenario_library import scenario_library
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import BEST_BASELINE, ModelReference, StatedQuestion
from cutwise_dashboard.desk.fleet_edits import found_by_name, with_devices, with_one_more, with_pasted
from cutwise_dashboard.desk.scenario_edits import edited, edited_together, scaled, set_for_all
from cutwise_dashboard.stores.link_store import address_of, stated_at

Command: TypeAlias = Mapping[str, Any]
MOST_KEPT = 6
MOST_NAME = 60
MOST_SET_AT_ONCE = 50
LENGTHS = ("sequence_length", "prompt_tokens", "new_tokens")


def after(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """The question after a command; raises `CutwiseError` with the reason where it cannot be."""
    kind = str(command.get("kind"))
    if kind not in COMMANDS:
        raise UnknownNameError("command", kind[:40], COMMANDS)
    found = COMMANDS[kind](stated, command)
    of_model = () if found.model is stated.model else model_mistakes(found.model)
    if mistakes := [*text_mistakes(found), *of_model]:
        raise ScenarioError(mistakes)
    is_gone = found.device and found.device not in found.scenario.device_names
    return replace(found, device="") if is_gone else found


def _set(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """One field; who is looked at stays so under another name."""
    path = found_by_name(stated.scenario, str(command["path"]), command.get("device"))
    found = edited(stated.scenario, path, command.get("value"))
    is_of_device = path.startswith("devices.")
    return with_devices(stated, found.devices) if is_of_device else replace(stated, scenario=found)


def _set_many(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """Several fields as one step; who they were set for stays looked at."""
    given = command.get("value")
    if not isinstance(given, Mapping) or len(given) > MOST_SET_AT_ONCE:
        raise QuantityError(f"give at most {MOST_SET_AT_ONCE} fields with their values")
    device = str(command.get("device") or stated.device)
    return replace(stated, scenario=edited_together(stated.scenario, given), device=device)


def _all(stated: StatedQuestion, command: Command) -> StatedQuestion:
    found = set_for_all(stated.scenario, str(command["path"]), command.get("value"))
    return replace(stated, scenario=found)


def _scale(stated: StatedQuestion, command: Command) -> StatedQuestion:
    found = scaled(stated.scenario, str(command["path"]), command.get("value", ""))
    return replace(stated, scenario=found)


def _pin(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """Who is looked at stays, although another device may be the last to finish now."""
    device = str(command.get("device") or stated.device)
    return replace(stated, cut=str(command.get("value", "")), device=device)


def _model(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """Another model; the lengths that were meant for the one before are left out."""
    given = command.get("value")
    model = ModelReference(sample=given) if isinstance(given, str) else reference_of(given)
    if model.sample and model.sample not in samples():
        raise UnknownNameError("sample", model.sample, samples())
    if model.label == stated.model.label and model.digest == stated.model.digest:
        return replace(stated, model=model)
    return with_model(stated, model)


def reference_of(given: Any) -> ModelReference:
    """The model that plain values name."""
    if not isinstance(given, Mapping):
        raise ScenarioError(["model: give a shipped model's name, or a file's digest and name"])
    if not (given.get("sample") or given.get("digest")):
        raise ScenarioError(["model: give a shipped model's name, or a file's digest and name"])
    return ModelReference(
        sample=str(given.get("sample", "")),
        digest=str(given.get("digest", "")),
        name=str(given.get("name", "")),
        dims=checked_dims(given.get("dims") or {}),
    )


def with_model(stated: StatedQuestion, model: ModelReference) -> StatedQuestion:
    """The question about another model; cut, options and lengths were those of the one before."""
    workload = replace(stated.scenario.workload, **dict.fromkeys(LENGTHS))
    return replace(
        stated,
        model=model,
        cut="",
        options={},
        figure="",
        scenario=replace(stated.scenario, workload=workload),
    )


def _dims(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """Another size of one open dimension ("dims.height")."""
    name = str(command["path"]).removeprefix("dims.")
    from_text = {name: _whole(command.get("value"))}
    return replace(stated, model=replace(stated.model, dims={**stated.model.dims, **from_text}), cut="")


def _whole(value: Any) -> int:
    from cutwise.fields.typed_number import typed_number

    number = typed_number(str(value), "", whole=True)
    return checked_dims({"size": round(number)})["size"]


def _preset(stated: StatedQuestion, command: Command) -> StatedQuestion:
    name = str(command.get("value")) or stated.preset
    return replace(stated, preset=name, scenario=shipped_scenario(name), cut="", device="", figure="")


def _library(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """A scenario of the library with the model and the scheme it goes with."""
    name = str(command.get("value"))
    if name not in scenario_library():
        raise UnknownNameError("scenario", name[:MOST_NAME], scenario_library())
    return scenario_library()[name].asked_in(stated)


def _own(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """A scenario of the reader's own, which their browser kept as a link under a name."""
    given = command.get("value")
    if not isinstance(given, Mapping):
        raise ScenarioError(["scenario: give the link and the name it was kept under"])
    found = stated_at(str(given.get("link"))).question
    name = readable_name(str(given.get("name") or found.scenario.name)[:MOST_NAME])
    scenario = replace(found.scenario, name=name)
    return replace(found, scenario=scenario, kept=stated.kept, baseline=stated.baseline, figure="")


def _scheme(stated: StatedQuestion, command: Command) -> StatedQuestion:
    name = str(command.get("value"))
    if name not in SCHEMES:
        raise UnknownNameError("scheme", name, SCHEMES)
    return replace(stated, scheme=name, options={}, cut="")


def _option(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """One option of the scheme; its default is left out."""
    name, value = str(command["path"]).removeprefix("option."), command.get("value")
    rest = {key: kept for key, kept in stated.options.items() if key != name}
    if value is None or value == "":
        return replace(stated, options=rest)
    found = getattr(scheme_with(stated.scheme, {**rest, name: value}), name)
    is_default = found == getattr(scheme_with(stated.scheme, rest), name)
    return replace(stated, options=rest if is_default else {**rest, name: found})


def _baseline(stated: StatedQuestion, command: Command) -> StatedQuestion:
    name = str(command.get("value", ""))
    if name and name != BEST_BASELINE and name not in baseline_names():
        raise UnknownNameError("baseline", name, baseline_names())
    return replace(stated, baseline=name)


def _keep(stated: StatedQuestion, command: Command) -> StatedQuestion:
    """Keeps the question as it is now, to compare with; the oldest of too many goes."""
    here = address_of(replace(stated, kept=()))
    if here in stated.kept:
        return stated
    return replace(stated, kept=(*stated.kept, here)[-MOST_KEPT:])


def _drop(stated: StatedQuestion, command: Command) -> StatedQuestion:
    return replace(stated, kept=tuple(link for link in stated.kept if link != command.get("value")))


COMMANDS: Mapping[str, Callable[[StatedQuestion, Command], StatedQuestion]] = FrozenDict(
    {
        "set": _set,
        "set_many": _set_many,
        "all": _all,
        "scale": _scale,
        "fleet": with_pasted,
        "add_device": with_one_more,
        "pin": _pin,
        "model": _model,
        "dims": _dims,
        "preset": _preset,
        "library": _library,
        "own": _own,
        "scheme": _scheme,
        "option": _option,
        "baseline": _baseline,
        "device": lambda stated, command: replace(stated, device=str(command.get("value", ""))),
        "keep": _keep,
        "drop": _drop,
        "reset": lambda stated, command: StatedQuestion(),
    }
)
"""Kind of command → the question after it. `undo`, `redo` and `go` are the history's own."""
