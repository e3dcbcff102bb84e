"""What is registered, as rows for people and for `--json`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

from cutwise.analyses import ANALYSES
from cutwise.budgets import amount, budgets
from cutwise.channels import CHANNELS
from cutwise.cli.inputs import spelled
from cutwise.compression import ACCURACIES, CODECS
from cutwise.energy import CLOCK_LAWS, RADIOS
from cutwise.hardware.profile_words import figures_text, mode_texts, source_texts, sources_by_name
from cutwise.hardware.profiles import hardware
from cutwise.importers import IMPORTERS, samples
from cutwise.options import choices_of
from cutwise.plain import plain
from cutwise.schemes import SCHEMES
from cutwise.units import facts_of, hints_of, in_prefix, percent

Rows = list[dict[str, Any]]


def schemes() -> Rows:
    """Every scheme with its one sentence and its options."""
    return [
        {
            "name": name,
            "about": first_line(scheme),
            "baseline": scheme.is_baseline,
            "options": _described(scheme),
        }
        for name, scheme in SCHEMES.items()
    ]


def analyses() -> Rows:
    """Every analysis with what it asks and its options."""
    return [
        {"name": spelled(name), "about": analysis.asks, "options": _described(analysis)}
        for name, analysis in ANALYSES.items()
    ]


def with_fields(registry: Mapping[str, type[Any]]) -> Rows:
    """Every entry of a registry of dataclasses with its one sentence and its fields."""
    return [
        {"name": name, "about": first_line(kind), "fields": _described(kind)}
        for name, kind in registry.items()
    ]


def formats() -> Rows:
    """Every format that a model file may have, in the order in which they are tried."""
    return [
        {"name": name, "about": known.about, "suffixes": list(known.suffixes)}
        for name, known in IMPORTERS.items()
    ]


def devices() -> Rows:
    """Every row of the hardware catalogue, with what it draws in training and the source of every number."""
    return [
        plain(profile) | {"training_power_w": profile.training_power_w, "sources": sources_by_name(profile)}
        for profile in hardware().values()
    ]


def device_text(row: Mapping[str, Any]) -> str:
    """A row of the catalogue for people: figures, power modes, and what each number rests on."""
    profile = hardware()[row["name"]]
    kinds = [profile.vendor, profile.kind, profile.hardware_class]
    lines = [f"{profile.name}  {profile.title}  {'  '.join(kinds)}", f"  {figures_text(profile)}"]
    return "\n".join([*lines, *(f"  {line}" for line in (*mode_texts(profile), *source_texts(profile)))])


def row_text(row: Mapping[str, Any]) -> str:
    """Any other row for people: what is neither a list nor a table, side by side."""
    return "  ".join(str(value) for value in row.values() if not isinstance(value, list | dict))


def sample_models() -> Rows:
    """The shipped models, by the name that `load_model` takes."""
    return [{"name": f"sample:{name}"} for name in samples()]


def scenarios() -> Rows:
    """The scenario library, by the name that takes the place of model and scenario."""
    from cutwise.stated.scenario_library import scenario_library
    from cutwise.stated.scenario_library import scenarios as names

    found = zip(names(), scenario_library().values(), strict=True)
    return [plain(one) | {"name": name, "title": one.title} for name, one in found]


def scenario_text(row: Mapping[str, Any]) -> str:
    """A scenario of the library for people."""
    options = "".join(f" --{spelled(name)} {str(value).lower()}" for name, value in row["options"].items())
    head = f"{row['name']}  {row['title']}  sample:{row['model']} --scheme {row['scheme']}{options}"
    return f"{head}\n  {row['shows']} {row['surprise']}"


def calibrations() -> Rows:
    """Every shipped calibration, with what it was fitted to."""
    from cutwise.calibration.shipped_calibrations import shipped_calibrations

    return [plain(one) | {"name": name} for name, one in shipped_calibrations().items()]


def calibration_text(row: Mapping[str, Any]) -> str:
    """A calibration for people."""
    speed, moved = in_prefix(row["flops_per_s"], "G"), in_prefix(row["moved_bytes_per_s"], "G")
    off = percent(row["left_out_error_ratio"])
    return (
        f"{row['name']}  {row['machine']}  {row['software']}\n  {speed:.4g} GFLOP/s, {moved:.4g} GB/s; "
        f"{row['rows']} rows, off by {off:.0f} % on one left out; {row['source']}, {row['licence']}"
    )


def listed_budgets() -> Rows:
    """Every budget that is in force, with what is said beyond it."""
    return [
        {"name": one.name, "most": amount(name, one.most), "about": one.why, "says": [one.says]}
        for name, one in budgets().items()
    ]


def first_line(thing: Any) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _described(owner: Any) -> Rows:
    hints = hints_of(owner)
    return [
        {
            "name": f.name,
            "default": None if f.default is MISSING else plain(f.default),
            "choices": list(choices_of(hints[f.name])),
            "help": facts_of(owner, f.name)["help"],
        }
        for f in fields(owner)
        if f.name != "kind"
    ]


LISTINGS: Mapping[str, Callable[[], Rows]] = {
    "schemes": schemes,
    "analyses": analyses,
    "devices": devices,
    "channels": partial(with_fields, CHANNELS),
    "codecs": partial(with_fields, CODECS),
    "accuracies": partial(with_fields, ACCURACIES),
    "clocks": partial(with_fields, CLOCK_LAWS),
    "radios": partial(with_fields, RADIOS),
    "formats": formats,
    "samples": sample_models,
    "scenarios": scenarios,
    "budgets": listed_budgets,
    "calibrations": calibrations,
}
TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "devices": device_text,
    "calibrations": calibration_text,
    "scenarios": scenario_text,
}
"""Listings whose rows are told in a way of their own."""
