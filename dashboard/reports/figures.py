"""What a plan decides and costs, as tables and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cutwise.analyses.comparison import optimality
from cutwise.costs.memory.by_kind import KINDS, MemoryByKind
from cutwise.plans.inference_words import said
from cutwise.plans.plan import OWNERS, DeviceDecision, Plan
from cutwise.plans.serving import Inference
from cutwise_dashboard.charts.turn_parts import PARTS, seconds_by_part, stage_titles
from cutwise_dashboard.format import (
    change_text,
    edge_cut_text,
    figures,
    ops_text,
    quantity_text,
    rounds_text,
    seconds_text,
    share_text,
)
from cutwise_dashboard.reports.bars import BarRow, bars
from cutwise_dashboard.reports.inputs import first_rows, readable
from cutwise_dashboard.reports.markup import Child, Markup, badge, element, table

MOST_BARS = 40
PART_KEYS = tuple((part, f"part-{at}") for at, part in enumerate(PARTS))
OWNER_KEYS = tuple((readable(owner).capitalize(), f"owner-{at}") for at, owner in enumerate(OWNERS))
MEMORY_KEYS = tuple((title, f"part-{at}") for at, title in enumerate(KINDS.values()))


def standing(plan: Plan) -> Markup:
    """The plan's badges: how good it is, and what is known of its training."""
    kinds = {"optimal": "good", "feasible": "plain", "infeasible": "bad"}
    return element(
        "p",
        badge(optimality(plan), kinds[plan.status]),
        " ",
        badge(plan.evidence, "plain"),
        " ",
        plan.report.method + _proof(plan),
    )


def _proof(plan: Plan) -> str:
    proof = plan.report.certificate
    gap = f", gap {share_text(plan.report.gap)}" if plan.report.gap else ""
    if proof is None or plan.status == "infeasible":
        return gap
    return f"; {proof.method}: value {figures(proof.value, 6)}, bound {figures(proof.bound, 6)}{gap}"


def broken_rules(plan: Plan) -> Child:
    """Every rule that the plan breaks, in a frame; nothing where it keeps them all."""
    if not plan.violations:
        return None
    rows, note = first_rows(plan.violations)
    told = element("ul", (element("li", violation.sentence) for violation in rows))
    return element("div", element("strong", "This plan breaks a rule."), told, note, class_="alarm")


def pinned(plan: Plan) -> Child:
    """The power modes that were decided, the rules that the cuts stand at, what becomes of shared weights."""
    told = [f"Power mode: {sentence}." for sentence in plan.mode_sentences]
    told += [f"Pinned: {sentence}." for sentence in plan.pinned_by]
    told += [f"Shared weights: {plan.shared_weights}."] if plan.shared_weights else []
    return element("div", (element("p", sentence) for sentence in told)) if told else None


def headline(plan: Plan) -> Markup:
    """The figures people ask for first."""
    rounds = rounds_text(plan.rounds_to_target, plan.rounds_to_target_least, plan.rounds_to_target_most)
    known_s = "" if plan.time_to_target_s is None else f"{seconds_text(plan.time_to_target_s)}, "
    target = f"{known_s}{rounds} rounds" if rounds else "not known"
    fullest = max(float(stage.device_memory.total_bytes) for stage in plan.stages)
    training = plan.inference is None
    trained = (
        ("A pass over all data", seconds_text(plan.delay_per_data_pass_s)),
        ("One round", seconds_text(plan.delay_s)),
        ("To the target", target),
    )
    served = (("All requests", seconds_text(plan.delay_s)), *_served(plan.inference))
    known = (
        *(trained if training else served),
        (said("Energy of one round", training=training), quantity_text(plan.energy_j, "J")),
        (
            said("Traffic of one round", training=training),
            quantity_text(sum(stage.traffic_bytes for stage in plan.stages), "B"),
        ),
        ("Device memory, peak", quantity_text(fullest, "B")),
        ("Server memory, peak", quantity_text(plan.server_memory_bytes, "B")),
    )
    cards = (
        element("div", element("span", name), element("strong", value), class_="card")
        for name, value in known
    )
    return element("div", cards, class_="cards")


def _served(served: Inference | None) -> list[tuple[str, str]]:
    """A request and requests a second, and of text a token, where they take longest."""
    if served is None:
        return []
    slowest = max(served.devices, key=lambda one: one.request_delay_s)
    found = [
        ("A batch", seconds_text(slowest.request_delay_s)),
        ("Requests a second", figures(served.sequential_requests_per_s)),
        ("Pipelined", f"{figures(served.pipelined_requests_per_s)} a second"),
    ]
    if (tokens := slowest.tokens) is None:
        return found
    found.append(("First token", seconds_text(tokens.time_to_first_token_s)))
    if tokens.token_s is not None:
        found += [
            ("Tokens a second", figures(tokens.tokens_per_s or 0.0)),
            ("Energy a token", quantity_text(tokens.energy_per_token_j or 0.0, "J")),
        ]
    caches = (tokens.device_cache_bytes, tokens.server_cache_bytes)
    held = " and ".join(quantity_text(size, "B") for size in caches)
    return [*found, ("Keys and values, device and server", held)]


def inference_notes(plan: Plan) -> Child:
    """What has to be known to read the figures of inference."""
    says = plan.inference.says if plan.inference else ()
    return element("p", ". ".join(says) + ".", class_="note") if says else None


def decisions(plan: Plan, *, ops: int) -> list[Child]:
    """One row a device: its cut, its turn in the round and its shares."""
    head = (
        "Device",
        "Cut",
        "Phase",
        "Group",
        "Band",
        "Uplink",
        "Downlink",
        "Server share",
        "Turn",
        "Energy",
        "Memory",
    )
    rows, note = first_rows(
        (
            decision.device,
            _cut_text(decision, ops),
            str(decision.phase + 1),
            str(decision.group + 1),
            share_text(decision.bandwidth_share),
            quantity_text(decision.uplink_bps, "bit/s"),
            quantity_text(decision.downlink_bps, "bit/s"),
            _server_text(decision),
            seconds_text(stage.delay_s),
            quantity_text(stage.device_energy_j + stage.radio_energy_j, "J"),
            quantity_text(stage.device_memory.total_bytes, "B"),
        )
        for decision, stage in zip(plan.decisions, plan.stages, strict=True)
    )  # fmt: skip
    return [table(head, rows, words=2), note]


def _cut_text(decision: DeviceDecision, ops: int) -> str:
    """The cut, the edge and its own, and what comes back to the device after the server."""
    back = f", back for {ops_text(decision.returned_ops)}" if decision.returned_ops else ""
    edge = (
        f", {decision.edge} {edge_cut_text(decision.edge_cut, ops=ops)}"
        if decision.edge and decision.edge_cut
        else ""
    )
    return decision.cut.label + edge + back


def _server_text(decision: DeviceDecision) -> str:
    """The part of the server, and its clock where that is lowered."""
    clock = decision.server_frequency_ratio
    return share_text(decision.server_share) + (f" at {share_text(clock)} clock" if clock < 1 else "")


def delay_breakdown(plan: Plan) -> list[Child]:
    """Every device's turn by part, as bars and as numbers."""
    titles = stage_titles(plan)
    return [
        element("p", plan.round_rule),
        bars(
            _by_device(plan, [tuple(seconds_by_part(stage).values()) for stage in plan.stages], seconds_text),
            legend=PART_KEYS,
            alt="Seconds of every device's turn by part",
        ),
        *_numbers(
            plan,
            tuple(titles.values()),
            [[getattr(stage, name) for name in titles] for stage in plan.stages],
            "s",
            "Seconds",
        ),
    ]


def energy_breakdown(plan: Plan) -> list[Child]:
    """The round's energy by owner, and every device's part of it."""
    names = ("device_energy_j", "radio_energy_j", "server_energy_j", "network_energy_j")
    joules = [tuple(getattr(stage, name) for name in names) for stage in plan.stages]
    total = tuple(plan.energy_by_owner_j[owner] for owner in OWNERS)
    head = tuple(name for name, _ in OWNER_KEYS)
    training = plan.inference is None
    name = said("One round", training=training)
    whole = BarRow(name=name, parts=total, text=quantity_text(plan.energy_j, "J"))
    return [
        bars([whole], legend=OWNER_KEYS, alt=said("Joules of one round by owner", training=training)),
        *_numbers(plan, head, joules, "J", "Joules"),
    ]


def memory_breakdown(plan: Plan) -> list[Child]:
    """What fills the devices' memory, and the server's part for each."""
    parties, note = first_rows(
        (
            one.party,
            quantity_text(one.process_bytes, "B"),
            quantity_text(one.limit_bytes, "B") if math.isfinite(one.limit_bytes) else "no limit given",
            one.verdict,
        )
        for one in plan.memory
    )
    held = [_kinds(stage.device_memory) for stage in plan.stages]
    at_server = [_kinds(stage.server_memory) for stage in plan.stages]
    head = tuple(name for name, _ in MEMORY_KEYS)
    return [
        table(("Party", "Its process takes", "Of", "Verdict"), parties, words=1),
        note,
        *(element("p", f"{one.decided_by}.", class_="note") for one in plan.memory if one.decided_by),
        bars(
            _by_device(plan, held, lambda size: quantity_text(size, "B")),
            legend=MEMORY_KEYS,
            alt="Bytes each device holds by kind",
        ),
        *_numbers(plan, head, held, "B", "On the device"),
        element(
            "p", f"The server holds {quantity_text(plan.server_memory_bytes, 'B')} at once; for each device:"
        ),
        *_numbers(plan, head, at_server, "B", "At the server"),
    ]


def next_best(plan: Plan) -> list[Child]:
    """The cuts that were not chosen, and how much worse they are."""
    if not plan.alternatives:
        return [element("p", "No other cut was weighed.")]
    rows, note = first_rows(
        (
            *(other.device, other.cut, seconds_text(other.delay_s)),
            *(quantity_text(other.energy_j, "J"), change_text(1 + other.worse_ratio, 1.0)),
        )
        for other in plan.alternatives
    )  # fmt: skip
    unsure = any(not other.proven for other in plan.alternatives)
    said = (
        element("p", "For some devices: the best of the cuts looked at.", class_="note") if unsure else None
    )
    return [table(("Device", "Cut", "Turn", "Energy", "Worse by"), rows, words=2), note, said]


def _kinds(memory: MemoryByKind) -> tuple[float, ...]:
    return tuple(float(getattr(memory, kind)) for kind in KINDS)


def _by_device(plan: Plan, parts: Sequence[tuple[float, ...]], text) -> list[BarRow]:
    """A bar a device, the longest `MOST_BARS` only."""
    longest = sorted(range(len(parts)), key=lambda i: -sum(parts[i]))[:MOST_BARS]
    return [
        BarRow(name=plan.decisions[i].device, parts=parts[i], text=text(sum(parts[i])))
        for i in sorted(longest)
    ]


def _numbers(
    plan: Plan, head: Sequence[str], values: Sequence[Sequence[float]], unit: str, title: str
) -> list[Child]:
    """The numbers behind bars, one row a device, with their sum."""
    rows, note = first_rows(
        (decision.device, *(quantity_text(value, unit) for value in row), quantity_text(sum(row), unit))
        for decision, row in zip(plan.decisions, values, strict=True)
    )
    return [table((title, *head, "Together"), rows), note]
