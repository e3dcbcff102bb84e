"""Answers for people, a few lines each, and as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

FINE, BAD_INPUT, INFEASIBLE = 0, 2, 3


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
        *(f"  pinned: {sentence}" for sentence in found.pinned_by),
        *([f"  weights: {found.shared_weights}"] if found.shared_weights else []),
    ]
    proof = found.report.certificate
    if proof and found.status != "infeasible":
        lines.append(f"  {proof.method}: value {proof.value:.6g}, bound {proof.bound:.6g}")
    lines.append(f"  answered by cutwise {found.product_version}, data {found.data_version}")
    return "\n".join(lines)


def _rounds(found: Any) -> str:
    """The rounds to the target and their time, where they are known."""
    if found.time_to_target_s is None:
        return ""
    return f"{found.time_to_target_s:.6g} s in {found.rounds_to_target:g} rounds; "


def tell(known: argparse.Namespace, record: Any) -> int:
    """Prints the record of an analysis, as JSON or for people."""
    from cutwise.plain import plain

    if known.json:
        return show(known, plain(record))
    print(record.text())
    return FINE
