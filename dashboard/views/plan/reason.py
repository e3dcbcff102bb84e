"""Why a device is cut where it is, in two short sentences; every number is a difference of two cuts."""

from __future__ import annotations

import html
import re

from cutwise.analyses.cut_curve import CutCurve
from cutwise.analyses.cut_moves import moves
from cutwise.analyses.cut_reason import Reason, chooses_cuts, cut_reasons
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, unpinned
from cutwise_dashboard.format import as_written, quantity_text
from cutwise_dashboard.views.plan.cut_places import cut_at, shortened
from cutwise_dashboard.views.plan.reason_sentences import TOLD


def why_text(
    problem: SplitProblem, plan: Plan, device: int, *, pinned: bool = False, curve: CutCurve | None = None
) -> str:
    """Why the device's cut is where it is, in Markdown: two sentences at most."""
    reasons = cut_reasons(problem, plan, device, pinned=pinned, curve=curve)
    decision = plan.decisions[device]
    told = []
    for reason in reasons:
        place = f"at its edge **{_named(str(decision.edge))}**, " if reason.moved == "edge" else ""
        subject = place or _subject(reason, plan, bool(decision.returned_ops))
        sentences = TOLD[reason.rule](reason, subject, plan)
        told += sentences[: 1 if len(reasons) > 1 else 2]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in dict.fromkeys(told))


def rates_text(asked: Question, plan: Plan, device: int) -> str:
    """At which uplink rates the cut of the device moves, as far as that is known without planning anew."""
    decision = plan.decisions[device]
    share = "" if decision.bandwidth_share >= 1 else ", its share"
    now = f"{quantity_text(decision.uplink_bps, 'bit/s')}{share}"
    if asked.cut:
        return f"The pinned cut stays at every rate (now {now} up)."
    if not chooses_cuts(plan):
        return f"Now {now} up; the scheme weighs no cuts against each other, so no rate can be named."
    found = moves(unpinned(asked), plan, device, anew=False)
    if not found.exact:
        return f"Now {now} up; the cut hangs on more than this rate, so what moves it takes planning anew."
    if not found.found:
        return f"No uplink rate moves it (now {now} up)."
    told = [
        f"{'above' if move.faster else 'below'} **{quantity_text(move.uplink_bps, 'bit/s')}** "
        f"{'' if at else 'it moves '}to {cut_at(move.cut)}"
        for at, move in enumerate(found.found)
    ]
    return f"Now {now} up: {', '.join(told)}."


def html_of(marked: str) -> str:
    """Markdown with **bold** words and escaped names as HTML that holds no tag but `<b>`.

    >>> html_of("For **a\\\\*b<i>**, fine")
    'For <b>a*b&lt;i&gt;</b>, fine'
    """
    parts, bold = [], False
    for part in re.split(r"(\\.|\*\*)", marked, flags=re.DOTALL):
        if part == "**":
            bold = not bold
            parts.append("<b>" if bold else "</b>")
        else:
            escaped = part.startswith("\\") and len(part) > 1
            parts.append(html.escape(part[1:] if escaped else part))
    return "".join(parts) + ("</b>" if bold else "")


def _named(name: str) -> str:
    return as_written(shortened(name))


def _subject(reason: Reason, plan: Plan, comes_back: bool) -> str:
    last = "the last to finish" if plan.active > 1 else "whose turn is longest"
    told = [last] if reason.last else []
    told += ["which also runs the last layers"] if comes_back else []
    return f"for **{_named(reason.device)}**, {''.join(f'{one}, ' for one in told)}"
