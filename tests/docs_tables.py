"""Writes what the documents take from the code: file tables, rooms with their arrows, classes, licences.

Run by `make docs`; `tests/test_docs.py` fails while the page says something else.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from cutwise.budgets import Budget, amount, budgets
from cutwise.channels import CHANNELS
from cutwise.compression import ACCURACIES, CODECS, compressor_names
from cutwise.costs.memory.runtime import Runtime
from cutwise.costs.options.loss import Loss
from cutwise.costs.options.quantisation import Quantisation
from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.costs.workload import Workload
from cutwise.energy import CLOCK_LAWS, RADIOS
from cutwise.hardware.time_classes import TimeClass, time_classes
from cutwise.options import choices_of
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import (
    Backhaul,
    Compression,
    Convergence,
    Data,
    LayerDepth,
    Limits,
    Objective,
    Privacy,
    Scenario,
    Sharing,
)
from cutwise.units import UNITS, facts_of, in_prefix
from tests.architecture import drawn_rooms
from tests.licences import with_new_licences

DOCS = Path(__file__).parents[1] / "docs"
FORMATS_PAGE, ARCHITECTURE_PAGE = DOCS / "formats.md", DOCS / "architecture.md"
LICENCES_PAGE, MODELS_PAGE = DOCS / "licences.md", DOCS / "models.md"
FILE_PARTS: dict[str, type] = {
    "Top level": Scenario,
    "[workload]": Workload,
    '[workload.tuning] of kind "full"': FullTuning,
    '[workload.tuning] of kind "lora"': Lora,
    "[workload.quantisation]": Quantisation,
    "[workload.loss]": Loss,
    "[[devices]]": Device,
    "[server]": Server,
    "[[edges]]": Edge,
    "[server.runtime]": Runtime,
    "[backhaul]": Backhaul,
    **{f'[channel] of kind "{kind}"': channel for kind, channel in CHANNELS.items()},
    "[sharing]": Sharing,
    "[privacy]": Privacy,
    "[privacy.keep_on_device]": LayerDepth,
    "[data]": Data,
    "[convergence]": Convergence,
    "[objective]": Objective,
    "[limits]": Limits,
    "[compression]": Compression,
    **{f'[compression.codec] of kind "{kind}"': CODECS[kind] for kind in compressor_names()},
    "[energy]": Energy,
    **{f'[energy.clock] of kind "{kind}"': law for kind, law in CLOCK_LAWS.items()},
    **{f'[energy.radio] of kind "{kind}"': radio for kind, radio in RADIOS.items()},
    **{f'[compression.accuracy] of kind "{kind}"': known for kind, known in ACCURACIES.items()},
}
UNIONS = {"runtime", "loss", "quantisation", "devices", "edges", "channel", "tuning", "codec", "accuracy"}
"""Fields whose tables stand by themselves."""
COMPOUND_UNITS = {
    "sequential_requests_per_s": "1/s",
    "pipelined_requests_per_s": "1/s",
    "tokens_per_s": "1/s",
    "rows_per_s": "1/s",
    "measured_tokens_per_s": "1/s",
    "ceiling_bps_per_hz": "bit/s/Hz",
    "uplink_j_per_bit": "J/bit",
    "downlink_j_per_bit": "J/bit",
}


def number_text(value: Any) -> str:
    """A number as a scenario file may write it: 2e7, 0.35, 65536."""
    short = f"{value:g}".replace("e+0", "e").replace("e-0", "e-")
    return short if float(short) == value else str(value)


def default_text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return f"`{json.dumps(value)}`"
    if isinstance(value, tuple):
        return f"`{json.dumps(value)}`"
    return number_text(value)


def allowed_text(hint: Any, facts: dict[str, Any]) -> str:
    """Choices or bounds, as the page and the file reader enforce them."""
    if get_origin(hint) is tuple:
        inner = choices_of(get_args(hint)[0])
        plain = "numbers" if get_args(hint)[0] is float else "texts"
        return f"list of {', '.join(f'`{c}`' for c in inner)}" if inner else f"list of {plain}"
    kinds = [kind for kind in (hint, *get_args(hint)) if kind is not type(None)]
    named = [f"`{c}`" for kind in kinds for c in choices_of(kind)]
    named += ["a table" for kind in kinds if is_dataclass(kind)]
    if named:
        return ", ".join(named + [allowed_text(kind, {}) for kind in kinds if get_origin(kind) is tuple])
    if str in kinds:
        return "text"
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    bounds = [f"{sign} {number_text(facts[key])}" for key, sign in signs.items() if key in facts]
    return ", ".join((["whole"] if int in kinds else []) + bounds) or "any number"


def file_rows(owner: type) -> list[str]:
    """The table rows of one part of a scenario file."""
    hints, rows = get_type_hints(owner), []
    for field in fields(owner):
        if is_dataclass(hints[field.name]) or field.name in UNIONS:
            continue
        facts = facts_of(owner, field.name)
        unit = COMPOUND_UNITS.get(field.name) or UNITS.get(facts.get("unit", ""), "")
        if is_dataclass(field.default):
            kind = getattr(field.default, "kind", "")
            rows.append(f"| `{field.name}` | kind `{kind}` | – | a table of its kind | {facts['help']} |")
            continue
        cells = (default_text(field.default), unit or "–", allowed_text(hints[field.name], facts))
        rows.append(f"| `{field.name}` | {' | '.join(cells)} | {facts['help'] or 'The kind'} |")
    return rows


def with_new_tables(text: str) -> str:
    """docs/formats.md with every table of the scenario file made anew, a missing one added."""
    end = text.index("\n#### ")
    for part, owner in FILE_PARTS.items():
        head = f"\n#### {part}\n\n| key | default | unit | allowed | meaning |\n|---|---|---|---|---|\n"
        if head not in text:
            text = f"{text[:end]}{head}\n{text[end:]}"
        before, after = text.split(head)
        table = before + head + "\n".join(file_rows(owner)) + "\n"
        text, end = f"{table}\n{after.partition(chr(10) * 2)[2]}", len(table)
    return text


def with_new_budgets(text: str) -> str:
    """docs/formats.md with the table of budgets made anew."""
    head = "| budget | most | said beyond it | why so much |\n|---|---|---|---|\n"
    before, after = text.split(head)
    rows = [
        f"| `{name}` | {amount(name, one.most)} | {said(one)} | {one.why} |"
        for name, one in budgets().items()
    ]
    return f"{before}{head}" + "\n".join(rows) + f"\n\n{after.partition(chr(10) * 2)[2]}"


def said(budget: Budget) -> str:
    """The sentence of a budget, with three dots for what was given."""
    return budget.says.format(given="…", most=amount(budget.name, budget.most)) or "–"


CLASS_HEAD = (
    "| class | $e_F$ | $e_W$ | $\\lambda$ µs | $k$ | P10 to P90 | learnt on | tested on |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def with_new_classes(text: str) -> str:
    """docs/models.md with the table of hardware classes made anew."""
    before, after = text.split(CLASS_HEAD)
    rows = "".join(f"{class_row(one)}\n" for one in time_classes().values())
    return f"{before}{CLASS_HEAD}{rows}\n{after.partition(chr(10) * 2)[2]}"


def class_row(one: TimeClass) -> str:
    """One class as a row: its constants, its band, and what they rest on."""
    starts = f"{in_prefix(one.launch_s, 'µ'):.3g}" if not one.flop_per_launch else "–"
    cells = (
        f"`{one.name}`",
        f"{one.flop_ratio:g}",
        f"{one.bandwidth_ratio:g}" if one.bandwidth_ratio else "–",
        starts,
        f"{one.backward_ratio:g}",
        f"{one.band_low_ratio:g} to {one.band_high_ratio:g}",
        one.learnt_on,
        one.tested_on,
    )
    return f"| {' | '.join(cells)} |"


def with_new_rooms(text: str) -> str:
    """docs/architecture.md with the flowchart of the rooms drawn anew."""
    before, after = text.split("```mermaid\n")
    return f"{before}```mermaid\n{drawn_rooms()}\n```{after.partition('```')[2]}"


if __name__ == "__main__":
    for page, renewed in (
        (FORMATS_PAGE, with_new_tables),
        (FORMATS_PAGE, with_new_budgets),
        (ARCHITECTURE_PAGE, with_new_rooms),
        (LICENCES_PAGE, with_new_licences),
        (MODELS_PAGE, with_new_classes),
    ):
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
