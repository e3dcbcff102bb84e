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
from cutwise.hardware.profiles import hardware
from cutwise.importers import IMPORTERS, samples
from cutwise.options import choices_of
from cutwise.plain import plain
from cutwise.schemes import SCHEMES
from cutwise.units import facts_of, hints_of

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
    """Every row of the hardware catalogue."""
    return [plain(profile) for profile in hardware().values()]


def sample_models() -> Rows:
    """The shipped models, by the name that `load_model` takes."""
    return [{"name": f"sample:{name}"} for name in samples()]


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
    "formats": formats,
    "samples": sample_models,
    "budgets": listed_budgets,
}
