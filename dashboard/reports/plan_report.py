"""The report of one plan."""

from __future__ import annotations

from cutwise.analyses.comparison import cuts_text
from cutwise.graph.blocks import Block, blocks
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.question import Question
from cutwise_dashboard.format import change_text, seconds_text
from cutwise_dashboard.reports import figures
from cutwise_dashboard.reports.analysis_sections import analysis_sections
from cutwise_dashboard.reports.graph_picture import graph_picture
from cutwise_dashboard.reports.inputs import Origin, input_sections, readable
from cutwise_dashboard.reports.markup import Child, element, section
from cutwise_dashboard.reports.report_page import document

MOST_PICTURES = 4


def plan_report(
    plan: Plan, origin: Origin, *, baseline: Plan | None = None, asked: Question | None = None
) -> str:
    """The HTML page of a plan: what was decided, what it costs, what proves it, and all that went in.

    `baseline` is the best valid plan to compare with, if there is one; `asked` the question that the plan
    answers, of which the analyses tell more, None for a plan alone.
    """
    named = blocks(origin.problem.cost.graph)
    return document(
        f"Plan: {readable(plan.scheme)}",
        origin,
        figures.standing(plan),
        figures.broken_rules(plan),
        figures.pinned(plan),
        figures.headline(plan),
        figures.inference_notes(plan),
        element("p", _against(plan, baseline)),
        section("Decisions for every device", *figures.decisions(plan, ops=len(origin.problem.cost.graph))),
        section("Model graph and cuts", *cut_pictures(plan, origin, named)),
        section("Delay by stage", *figures.delay_breakdown(plan)),
        section("Energy by owner", *figures.energy_breakdown(plan)),
        section("Memory by kind", *figures.memory_breakdown(plan)),
        section("Next-best cuts", *figures.next_best(plan)),
        *(analysis_sections(asked) if asked else ()),
        *input_sections(origin, named),
    )


def cut_pictures(plan: Plan, origin: Origin, named: tuple[Block, ...]) -> list[Child]:
    """The graph with every distinct cut, the most used ones first, and whose it is."""
    users: dict[tuple[str, ...], list[int]] = {}
    for at, decision in enumerate(plan.decisions):
        users.setdefault(decision.cut.device_ops, []).append(at)
    ranked = sorted(users.items(), key=lambda item: -len(item[1]))
    batch_size = origin.problem.workload.batch_size
    drawn: list[Child] = [element("p", f"All devices together: {cuts_text(plan)}.")]
    for kept, members in ranked[:MOST_PICTURES]:
        label = plan.decisions[members[0]].cut.label
        drawn += [
            element("h3", f"{label}: {_named([plan.decisions[i].device for i in members])}"),
            graph_picture(origin.problem.cost, named, kept, batch_size=batch_size),
        ]
    if more := len(ranked) - MOST_PICTURES:
        drawn.append(element("p", f"{more} more cuts are in the table above.") if more > 0 else None)
    key = [
        element("span", element("i", class_=f"key side-{at}"), name, class_="entry")
        for at, name in enumerate(("Device", "Server"))
    ]
    crossing = element(
        "span", element("i", class_="key crossing"), "crosses the cut, one batch", class_="entry"
    )
    return [element("div", key, crossing, class_="legend"), *drawn]


def _named(devices: list[str], most: int = 6) -> str:
    shown = ", ".join(devices[:most])
    return shown if len(devices) <= most else f"{shown} and {len(devices) - most} more"


def _against(plan: Plan, baseline: Plan | None) -> str:
    if baseline is None:
        return "No baseline keeps every rule in this scenario."
    took_s, rival_s = plan.delay_per_data_pass_s, baseline.delay_per_data_pass_s
    change = change_text(took_s, rival_s, less="faster", more="slower")
    rival = f"{readable(baseline.scheme)}, {seconds_text(baseline.delay_per_data_pass_s)}"
    against = f"A pass over all data against the best valid baseline ({rival}): {change}."
    return said(against, training=plan.inference is None)
