"""Why the cut is there: every number that is told is the difference of two rows of the curve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.analyses.cut_reason import Reason, cut_reasons
from cutwise.errors import CutwiseError
from cutwise.fields.typed_number import typed_number
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, can_pin, problem_of, shown_options, shown_scheme
from cutwise.scenario.parties import Edge
from cutwise.scenario.parts import Limits, Objective, Scenario
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.views.plan.reason import html_of, rates_text, why_text

FAST = [name for name, scheme in SCHEMES.items() if not scheme.exhaustive]
HALL = shipped_scenario("lecture_hall")
VARIANTS: dict[str, Scenario] = {
    "hall": HALL,
    "energy": replace(HALL, objective=Objective(kind="energy")),
    "energy of devices": replace(HALL, objective=Objective(kind="energy", energy_of=("device",))),
    "weighted": replace(HALL, objective=Objective(kind="weighted")),
    "little traffic": replace(HALL, limits=Limits(traffic_bytes=2e8)),
    "edges": replace(HALL, edges=(Edge(name="room", flops_per_s=2e12),)),
    "inference": replace(HALL, workload=replace(HALL.workload, mode="inference")),
    "slow": replace(HALL, channel=replace(HALL.channel, uplink_bps=1e6)),
    "micro-batches": replace(HALL, workload=replace(HALL.workload, micro_batches=4)),
}
NUMBER = r"(?<![\w./-])\d[\d.,]*(?: (?:million|billion|trillion))?"
QUANTITY = re.compile(rf"({NUMBER} (?:days|h \d+ min|min \d+ s|[nµmkMGTP]?[sJ]))(?![\w/])")


def test_all_samples_tell_differences_of_rows() -> None:
    counted = sum(
        check(cutwise.load_model(f"sample:{sample}"), shipped_scenario(name), "fast_split", last_only=True)
        for sample in cutwise.samples()
        for name in ("lecture_hall", "phone_on_lte")
    )
    assert counted >= 15


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_scheme_tells_differences_of_rows_pinned_and_not(variant: str) -> None:
    graph = cutwise.load_model("sample:resnet18")
    counted = sum(check(graph, VARIANTS[variant], scheme) for scheme in FAST)
    assert counted > 10 or variant == "micro-batches"


def check(graph: Any, scenario: Scenario, scheme: str, *, last_only: bool = False) -> int:
    """How many numbers were told of the scheme's plan, and of one with a pinned cut; each was checked."""
    return sum(
        checked(asked, plan, device)
        for asked, plan in asked_plans(graph, scenario, scheme, pin=not last_only)
        for device in {slowest(plan), *((0,) if not last_only else ())}
    )


def asked_plans(graph: Any, scenario: Scenario, scheme: str, *, pin: bool) -> Iterator[tuple[Question, Plan]]:
    asked = Question(graph=graph, scenario=scenario, scheme=scheme)
    for cut in ("", middle(graph)) if pin and can_pin(scheme) else ("",):
        try:
            question = replace(asked, cut=cut)
            chosen = scheme_with(shown_scheme(question), shown_options(question))
            yield question, chosen.solve(problem_of(question))
        except CutwiseError:
            continue


def middle(graph: Any) -> str:
    return str(graph.ops[len(graph) // 2].id)


def slowest(plan: Plan) -> int:
    return max(range(len(plan.stages)), key=lambda i: plan.stages[i].delay_s)


def checked(asked: Question, plan: Plan, device: int) -> int:
    problem, pinned = problem_of(asked), bool(asked.cut)
    text = html_of(why_text(problem, plan, device, pinned=pinned))
    assert text.count("<b>") == text.count("</b>")
    assert "**" not in text
    assert not re.search(r"\d[eE][+-]?\d", text), text
    reasons = cut_reasons(problem, plan, device, pinned=pinned)
    if reasons[0].rule == "no_cut":
        return 0
    known = [amount for reason in reasons for amount in amounts(problem, plan, device, reason)]
    told = QUANTITY.findall(re.sub(r"<[^>]+>", "", text))
    for quantity in told:
        assert any(agrees(quantity, amount) for amount in known), (quantity, text)
    name = plan.decisions[device].device
    assert name in text
    assert rates_text(asked, plan, device)
    return len(told)


def agrees(quantity: str, amount: float) -> bool:
    """To three figures, or to the last unit that is written."""
    unit = "j" if quantity.endswith("J") else "s"
    value = typed_number(quantity.replace(",", ""), unit)
    last = 30.0 if quantity.endswith("min") else 0.5 if " min " in quantity else 0.0
    return abs(value - amount) <= max(0.0051 * value, last)


def amounts(problem: SplitProblem, plan: Plan, device: int, reason: Reason) -> list[float]:
    """What each row that the reason names changes against the chosen row, worked out from the stages here."""
    curve = cut_curve(problem, plan, device, moved=reason.moved)
    assert (reason.chosen, reason.device) == (curve.chosen, curve.device)
    found = []
    for trade in (reason.best, reason.before, reason.after, reason.ruled_out):
        if trade is None:
            continue
        assert trade.against == curve.chosen
        assert trade.label.removeprefix("after ") == curve.names[trade.row]
        changes = {name: column[trade.row] - column[curve.chosen] for name, column in parts(curve).items()}
        for of, unit, amount in zip(trade.of, trade.units, trade.amounts, strict=True):
            own = {name: change for name, change in changes.items() if name.startswith(f"{of} {unit}")}
            assert any(amount == pytest.approx(one, rel=1e-6, abs=1e-9) for one in own.values()), (of, own)
        found += [abs(change) for change in changes.values()]
    return found


def parts(curve: CutCurve) -> dict[str, Any]:
    """Seconds and joules of every row by what they are of, from the curve's stages."""
    one = {
        name: np.broadcast_to(np.asarray(getattr(curve.stages, name), float), len(curve.names))
        for name in type(curve.stages).__dataclass_fields__
        if not name.endswith("memory")
    }
    sending = one["uplink_s"] + one["downlink_s"] + one["model_sync_s"] + one["backhaul_s"]
    computing = (
        one["device_forward_s"] + one["device_backward_s"] + one["edge_compute_s"] + one["server_compute_s"]
        + one["waiting_s"] - one["overlap_s"]
    )  # fmt: skip
    device, radio = one["device_energy_j"], one["radio_energy_j"]
    server, network = one["server_energy_j"], one["network_energy_j"]
    return {
        "computing s": computing,
        "sending s": sending,
        "delay s": computing + sending,
        "computing J": device + server,
        "computing J of devices": device,
        "sending J": radio + network,
        "sending J of devices": radio,
        "energy J": device + radio + server + network,
        "energy J of devices": device + radio,
        "device computing": one["device_forward_s"] + one["device_backward_s"],
        **one,
    }


def test_names_from_files_are_text_in_the_sentence() -> None:
    assert html_of(r"For **a\*\*b\<script\>**") == "For <b>a**b&lt;script&gt;</b>"
