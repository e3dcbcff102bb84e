"""Answers for people, a few lines each, and as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

FINE, BAD_INPUT, INFEASIBLE = 0, 2, 3
LONGEST_CELL = 72


def show(known: argparse.Namespace, value: Any) -> int:
    """Prints a value as JSON, or a line a field."""
    if known.json:
        print(json.dumps(value, indent=2, allow_nan=False))
    else:
        for name, part in value.items():
            print(f"{name:22s}{part}")
    return FINE


def plan_text(found: Any) -> str:
    """A plan in a few lines for people."""
    lines = [
        f"{found.scheme}: {found.status}",
        f"  one round   {found.delay_s:.6g} s, {found.energy_j:.6g} J",
        f"  data pass   {found.delay_per_data_pass_s:.6g} s",
        f"  to target   {_rounds(found)}{found.evidence}",
        *(f"  {decision.device}: {decision.cut.label}" for decision in found.decisions),
        *(f"  broken: {violation.sentence}" for violation in found.violations),
    ]
    proof = found.report.certificate
    if proof and found.status != "infeasible":
        lines.append(f"  {proof.method}: value {proof.value:.6g}, bound {proof.bound:.6g}")
    return "\n".join(lines)


def _rounds(found: Any) -> str:
    """The rounds to the target and their time, where they are known."""
    if found.time_to_target_s is None:
        return ""
    return f"{found.time_to_target_s:.6g} s in {found.rounds_to_target:g} rounds; "


def comparison_text(table: Any) -> str:
    """A comparison's first columns for people: absent figures as -, long texts cut short."""
    from cutwise.analyses.comparison import HEADLINES

    known = table[[name for name in HEADLINES if table[name].notna().any()]]
    return known.to_string(
        index=False,
        na_rep="-",
        float_format="{:.6g}".format,
        formatters={name: _short for name in ("place", "cut", "violations") if name in known},
    )


def _short(value: Any) -> str:
    """The first words of a text; - for an absent one."""
    text = "-" if value in (None, "") else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
