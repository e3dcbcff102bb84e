"""The report of several schemes on one scenario."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.analyses.comparison import Outcome, best_of, cuts_text, is_valid, optimality
from cutwise.cli.listings import first_line
from cutwise.graph.blocks import blocks
from cutwise.plans.inference_words import said
from cutwise.plans.plan import OWNERS, Plan
from cutwise.plans.serving import Inference
from cutwise.schemes import SCHEMES
from cutwise_dashboard.format import figures as number_text
from cutwise_dashboard.format import quantity_text, rounds_text, seconds_text, sentence_case
from cutwise_dashboard.reports import figures
from cutwise_dashboard.reports.inputs import Origin, input_sections, readable
from cutwise_dashboard.reports.markup import Child, Markup, element, section, table
from cutwise_dashboard.reports.plan_report import cut_pictures
from cutwise_dashboard.reports.report_page import document
from cutwise_dashboard.reports.round_timeline import HOW_TO_READ, round_timeline
from cutwise_dashboard.reports.scheme_bars_of_report import delays_of, energies_of
from cutwise_dashboard.side_by_side.round_rows import RoundShown, round_shown


def comparison_report(
    plans: Sequence[Plan],
    unsolved: Sequence[tuple[str, str]],
    origin: Origin,
    beside: Sequence[RoundShown] = (),
) -> str:
    """The HTML page of a comparison: `plans` in the order to show, `unsolved` schemes with reasons.

    `beside` are the rounds of the questions that were kept.
    """
    named = blocks(origin.problem.cost.graph)
    best = best_of(plans)
    first = best.scheme if best else ""
    training = origin.problem.workload.training
    return document(
        "Schemes side by side",
        origin,
        element("p", _sentence(best, plans)),
        section(said("Delay of a pass over all data", training=training), delays_of(plans, first)),
        section("All schemes", _table(plans), _without_plan(unsolved)),
        _timeline("Where the seconds of a round go", _scheme_rounds(plans), training=training),
        _timeline("The kept questions on one time axis", beside, training=training) if beside else None,
        section(said("Energy of a pass over all data", training=training), energies_of(plans)),
        section(f"Cuts of {readable(first)}", *cut_pictures(best, origin, named)) if best else None,
        *(_scheme(plan, ops=len(origin.problem.cost.graph)) for plan in plans),
        *input_sections(origin, named),
    )


def _scheme_rounds(plans: Sequence[Plan]) -> list[RoundShown]:
    return [round_shown(sentence_case(readable(plan.scheme)), plan) for plan in plans]


def _timeline(title: str, rounds: Sequence[RoundShown], *, training: bool) -> Markup:
    named = said(title, training=training)
    read = element("p", said(HOW_TO_READ, training=training), class_="note")
    return section(named, round_timeline(rounds, alt=named), read)


def _sentence(best: Plan | None, plans: Sequence[Plan]) -> str:
    valid = sum(is_valid(plan) for plan in plans)
    if best is None:
        return "Every scheme breaks a rule in this scenario."
    first = f"{sentence_case(readable(best.scheme))} passes over all data first, in "
    ranked = "by the delay of a pass over all data"
    why = ", because rounds may train on different numbers of samples" if best.inference is None else ""
    return said(
        f"{first}{seconds_text(best.delay_per_data_pass_s)}. {valid} of {len(plans)} plans keep every rule; "
        f"only those are ranked, {ranked}{why}.",
        training=best.inference is None,
    )


def _table(plans: Sequence[Plan]) -> Markup:
    training = all(plan.inference is None for plan in plans)
    trained = ("All data", "One round", "To target", "Rounds to target")
    head = (
        "Scheme", "Standing", "Cut", *(trained if training else SERVED),
        *(sentence_case(readable(owner)) for owner in OWNERS), "Traffic",
        "Device memory", "Server memory", "Memory",
    )  # fmt: skip
    rows = [
        (
            readable(plan.scheme),
            optimality(plan),
            cuts_text(plan),
            *(_trained(plan) if plan.inference is None else _served(plan, plan.inference)),
            *(quantity_text(plan.energy_by_owner_j[owner], "J") for owner in OWNERS),
            quantity_text(sum(stage.traffic_bytes for stage in plan.stages), "B"),
            quantity_text(max(stage.device_memory.total_bytes for stage in plan.stages), "B"),
            quantity_text(plan.server_memory_bytes, "B"),
            plan.memory_verdict,
        )
        for plan in plans
    ]
    told = said("Energy and traffic are those of one round.", training=training)
    note = element("p", told, class_="note")
    return Markup(table(head, rows, words=3) + note)


SERVED = ("All requests", "A batch", "Requests a second", "First token", "A token")


def _trained(plan: Plan) -> tuple[str, ...]:
    return (
        seconds_text(plan.delay_per_data_pass_s),
        seconds_text(plan.delay_s),
        seconds_text(plan.time_to_target_s) if plan.time_to_target_s is not None else "–",
        _rounds(plan) or "–",
    )


def _served(plan: Plan, served: Inference) -> tuple[str, ...]:
    """What requests take, and their tokens where text is generated."""
    slowest = max(served.devices, key=lambda one: one.request_delay_s)
    tokens = slowest.tokens
    return (
        seconds_text(plan.delay_s),
        seconds_text(slowest.request_delay_s),
        number_text(served.sequential_requests_per_s),
        seconds_text(tokens.time_to_first_token_s) if tokens else "–",
        seconds_text(tokens.token_s) if tokens and tokens.token_s is not None else "–",
    )


def _rounds(plan: Plan) -> str:
    return rounds_text(plan.rounds_to_target, plan.rounds_to_target_least, plan.rounds_to_target_most)


def _without_plan(unsolved: Sequence[tuple[str, str]]) -> Child:
    return [
        element("p", f"{sentence_case(readable(name))} gives no plan: {reason}") for name, reason in unsolved
    ]


def _scheme(plan: Plan, *, ops: int) -> Markup:
    """One scheme's decisions."""
    return section(
        sentence_case(readable(plan.scheme)),
        element(
            "p",
            said(first_line(SCHEMES[plan.scheme]), training=plan.inference is None),
            " ",
            plan.round_rule,
        ),
        figures.standing(plan),
        figures.broken_rules(plan),
        *figures.decisions(plan, ops=ops),
    )


def split(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The schemes without a plan, and why."""
    return [(found.scheme, found.reason) for found in outcomes if not isinstance(found, Plan)]
