"""Answers for people, a few lines each, and as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cutwise.cli.outcome import FINE
from cutwise.cli.streams import say


def show(known: argparse.Namespace, value: Any) -> int:
    """Prints a value as JSON, or a line a field."""
    if known.json:
        say(json.dumps(value, indent=2, allow_nan=False))
    else:
        for name, part in value.items():
            say(f"{name:22s}{part}")
    return FINE


def plan_text(found: Any, certainty: Any = None) -> str:
    """A plan in a few lines for people, with its bands where these are known."""
    lines = [
        f"{found.scheme}: {found.status}",
        *(_training_lines(found) if found.inference is None else _inference_lines(found)),
        *([f"  certainty   {line}" for line in certainty.lines] if certainty else []),
        *(f"  {decision.device}: {decision.cut.label}" for decision in found.decisions),
        *(f"  power mode: {sentence}" for sentence in found.mode_sentences),
        *_memory_lines(found),
        *(f"  broken: {violation.sentence}" for violation in found.violations),
        *(f"  pinned: {sentence}" for sentence in found.pinned_by),
        *([f"  weights: {found.shared_weights}"] if found.shared_weights else []),
    ]
    lines += [f"  energy      {found.energy_evidence}"] if found.energy_evidence else []
    proof = found.report.certificate
    if proof and found.status != "infeasible":
        lines.append(f"  {proof.method}: value {proof.value:.6g}, bound {proof.bound:.6g}")
    lines.append(f"  answered by cutwise {found.product_version}, data {found.data_version}")
    return "\n".join(lines)


MOST_PARTIES = 8
"""Parties whose memory is printed, the fullest first."""


def _memory_lines(found: Any) -> list[str]:
    """What the fullest parties take, and what would decide a memory that is tight."""
    fullest = sorted(found.memory, key=lambda one: -one.process_bytes / one.limit_bytes)
    lines = [f"  memory      {one.says}" for one in fullest[:MOST_PARTIES]]
    lines += [f"  tight       {one.decided_by}" for one in fullest if one.decided_by]
    if len(fullest) > MOST_PARTIES:
        lines.append(f"  memory      {len(fullest) - MOST_PARTIES} more parties take less of theirs")
    return lines


def _training_lines(found: Any) -> list[str]:
    return [
        f"  one round   {found.delay_s:.6g} s, {found.energy_j:.6g} J",
        f"  data pass   {found.delay_per_data_pass_s:.6g} s",
        f"  to target   {_rounds(found)}{found.evidence}",
    ]


def _inference_lines(found: Any) -> list[str]:
    """What all requests take together, and one of each device."""
    served = found.inference
    return [
        f"  all requests  {found.delay_s:.6g} s, {found.energy_j:.6g} J",
        f"  throughput    {served.sequential_requests_per_s:.6g} requests/s one batch after another, "
        f"{served.pipelined_requests_per_s:.6g} pipelined",
        *(line for one in served.devices for line in _request_lines(one)),
        *(f"  {sentence}." for sentence in served.says),
    ]


def _request_lines(one: Any) -> list[str]:
    """A batch of one device, and its tokens where text is generated."""
    lines = [f"  {one.device}: a batch {one.request_delay_s:.6g} s, slowest: {one.slowest_part}"]
    if (tokens := one.tokens) is None:
        return lines
    lines.append(f"    first token {tokens.time_to_first_token_s:.6g} s")
    if tokens.token_s is not None:
        lines.append(
            f"    a token {tokens.token_s:.6g} s ({tokens.tokens_per_s:.6g} tokens/s), "
            f"{tokens.energy_per_token_j:.6g} J ({tokens.device_energy_per_token_j:.6g} J at the device), "
            f"{tokens.traffic_per_token_bytes:.6g} B sent"
        )
    from cutwise.units import in_prefix

    held = ((tokens.device_cache_bytes, "the device"), (tokens.server_cache_bytes, "the server"))
    kept = ", ".join(f"{in_prefix(size_bytes, 'G'):.3g} GB at {where}" for size_bytes, where in held)
    return [*lines, f"    keys and values {kept}"]


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
    say(record.text())
    return FINE
