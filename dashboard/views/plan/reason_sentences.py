"""The sentences of each rule that decides a cut, from the rows of the curve that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cutwise.analyses.cut_reason import PRIVACY, Reason, Rule
from cutwise.analyses.cut_trades import Trade
from cutwise.planning.one_device.device_limits import ACCURACY
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.tolerances import LEAST_SEARCHED_SHARE
from cutwise_dashboard.format import quantity_text, readable, seconds_text
from cutwise_dashboard.views.plan.cut_places import cut_at, cutting, with_cut

TELLING = 1e-9
"""An amount below this part of the other is rounding."""
NOUNS = MappingProxyType({"delay": "time"})
"""Amounts that people call otherwise."""


def amount_text(value: float, unit: str) -> str:
    """Seconds or joules as people read them."""
    return seconds_text(value) if unit == "s" else quantity_text(value, unit)


def _changes(trade: Trade, *, saves: bool) -> str:
    """What a cut would save, or cost, in words; empty for nothing."""
    least = TELLING * max(abs(amount) for amount in trade.amounts)
    return " and ".join(
        f"{amount_text(abs(amount), unit)} {'of' if saves else 'more'} {NOUNS.get(of, of)}"
        for of, unit, amount in zip(trade.of, trade.units, trade.amounts, strict=True)
        if abs(amount) > least and (amount < 0) == saves
    )


def _weighed(trade: Trade, *, only: bool) -> str:
    """What a cut would save and cost against the plan's; `only` where the saving comes second."""
    saved, paid = _changes(trade, saves=True), _changes(trade, saves=False)
    if not (saved and paid):
        return (
            f"costs **{paid}** and saves nothing" if paid else f"saves {saved or 'nothing'} and costs nothing"
        )
    if only:
        return (
            f"costs {paid} and saves {'' if trade.is_equal or _looks_equal(saved, paid) else 'only '}{saved}"
        )
    return f"saves {saved} and costs **{paid}**"


def _looks_equal(saved: str, paid: str) -> bool:
    """True where both read the same to three figures, so that "only" would contradict the numbers."""
    return saved.partition(" of ")[0] == paid.partition(" more ")[0]


def _rival(trade: Trade, *, only: bool = False, edge: bool = False) -> str:
    done = f"{cutting(trade.label, edge=edge)}{'' if only else ' instead'}"
    return (
        f"{done} is as good: it {_weighed(trade, only=only)}"
        if trade.is_equal
        else (f"{done} {_weighed(trade, only=only)}")
    )


def _between(reason: Reason, subject: str, plan: Plan) -> list[str]:
    edge, before, after = reason.moved == "edge", reason.before, reason.after
    told = [f"{subject}{_worth(reason)}: {_rival(before, edge=edge)}."] if before else []
    if after:
        start = _beyond(before, after) if before else f"{subject}{_worth(reason)}, and no further: "
        told.append(f"{start}{_rival(after, only=True, edge=edge)}.")
    here = cut_at(reason.label, edge=edge)
    return _with_limit(
        reason, told or [f"{subject}no cut other than {here} changes a hundredth of its turn."]
    )


def _beyond(before: Trade, after: Trade) -> str:
    """The balance turns where each neighbour saves one amount and costs the other."""
    turns = all(_changes(trade, saves=True) for trade in (before, after))
    return "beyond it the balance turns: " if turns else "further on nothing is won: "


def _worth(reason: Reason) -> str:
    here = cut_at(reason.label, edge=reason.moved == "edge")
    behind = here.removeprefix("after ")
    return f"{here} pays" if behind == here else f"it pays to compute up to {behind}"


def _smallest(reason: Reason, subject: str, plan: Plan) -> list[str]:
    edge = reason.moved == "edge"
    if reason.after is None:
        return _with_limit(reason, [f"{subject}no later cut changes a hundredth of its turn."])
    here = cut_at(reason.label, edge=edge)
    least = f"{here}, the least that privacy allows" if reason.private and not edge else here
    rival = _rival(reason.after, only=True, edge=edge)
    return _with_limit(reason, [f"{subject}computing no more than needed pays ({least}): {rival}."])


def _all_on_device(reason: Reason, subject: str, plan: Plan) -> list[str]:
    edge = reason.moved == "edge"
    worth = "nothing is worth sending on to the cloud" if edge else "nothing is worth sending"
    shown = f": {_rival(reason.before, edge=edge)}" if reason.before else ""
    share = next(one.bandwidth_share for one in plan.decisions if one.device == reason.device)
    if share <= LEAST_SEARCHED_SHARE:
        shown = ", and the band is left to the others"
    return _with_limit(reason, [f"{subject}{worth}{shown}."])


def _with_limit(reason: Reason, told: list[str]) -> list[str]:
    """The sentences; the second names a better cut that a limit rules out, if one is."""
    if reason.ruled_out is None:
        return told
    place = cut_at(reason.ruled_out.label, edge=reason.moved == "edge")
    return [told[0], f"a better cut, {place}, is ruled out by {_limits(reason.limits)}."]


def _limits(rules: Sequence[str]) -> str:
    named = " and ".join(f"**{rule}**" if rule == PRIVACY else f"the limit on **{rule}**" for rule in rules)
    return named or "a limit"


def _against_best(best: Trade) -> str:
    """What the best cut takes less or more than the chosen one, in the quantity that is minimised."""
    if best.of[0] == "delay":
        told = zip((best.delay_s, best.energy_j), best.units, strict=True)
    else:
        told = zip((best.delay_s if best.units[0] == "s" else best.energy_j,), best.units, strict=False)
    return " and ".join(
        f"{amount_text(abs(change), unit)} {'less' if change < 0 else 'more'}" for change, unit in told
    )


def _pinned(reason: Reason, subject: str, plan: Plan) -> list[str]:
    edge, best = reason.moved == "edge", reason.best
    everybody = " for every device" if len(plan.decisions) > 1 else ""
    start = f"you pinned **{cut_at(reason.label, edge=edge)}**{everybody}"
    if best is None or best.is_equal:
        return [f"{start}: {subject}no other cut is better."]
    told = [f"{start}: {subject}the best, {cut_at(best.label, edge=edge)}, takes {_against_best(best)}."]
    if reason.grown is None or best.worse_ratio > 0:
        return told
    part = said(reason.grown.part, training=plan.inference is None)
    more = amount_text(reason.grown.change, reason.grown.unit)
    return [*told, f"what grows most by your cut is {part}, by **{more}**."]


def _given(reason: Reason, subject: str, plan: Plan) -> list[str]:
    """A scheme that fixes its cut, or weighs the round as a whole."""
    edge, best, training = reason.moved == "edge", reason.best, plan.inference is None
    whole = said("the plan weighs the round as a whole", training=training)
    by = f"{readable(plan.scheme)} fixes the cut" if reason.rule == "scheme" else whole
    if best is None:
        return [f"{subject}{by}."]
    there, change = with_cut(best.label, edge=edge), _against_best(best)
    no_sooner = reason.same_round and plan.active > 1
    same = said(", but the round would end no sooner", training=training) if no_sooner else ""
    return [f"{subject}{by}: {there} its turn would take {change}{same}."]


def _breaks(reason: Reason, subject: str, plan: Plan) -> list[str]:
    edge, best = reason.moved == "edge", reason.best
    told = [f"{subject}the cut {cut_at(reason.label, edge=edge)} breaks {_limits(reason.limits)}."]
    if best is not None:
        there = cut_at(best.label, edge=edge)
        told.append(f"the best that breaks none, {there}, takes {_against_best(best)}.")
    return told


def _only_one(reason: Reason, subject: str, plan: Plan) -> list[str]:
    here = cut_at(reason.label, edge=reason.moved == "edge")
    known = {
        (): "the model has no other place to cut",
        (PRIVACY,): f"**{PRIVACY}** leaves one cut, {here}",
        (ACCURACY,): f"the limit on **{ACCURACY}** allows no compressed tensor to be sent, so it is {here}",
    }
    others = f"one cut is left, {here}: any other breaks {_limits(reason.limits)}"
    return [f"{subject}{known.get(reason.limits, others)}."]


def _none_fits(reason: Reason, subject: str, plan: Plan) -> list[str]:
    here = cut_at(reason.label, edge=reason.moved == "edge")
    return [f"{subject}no cut keeps every limit: {here} breaks {_limits(reason.limits)}."]


def _overlap(reason: Reason, subject: str, plan: Plan) -> list[str]:
    return [f"{subject}micro-batches overlap: stages share the time, so no single stage decides the cut."]


def _one_piece(reason: Reason, subject: str, plan: Plan) -> list[str]:
    return [
        f"{subject}there is nothing to choose: layers share a weight, so the model stays in one piece.",
        "untied, each side keeps a copy and the model can be cut.",
    ]


def _no_cut(reason: Reason, subject: str, plan: Plan) -> list[str]:
    return [f"{subject}nothing is cut: in {readable(plan.scheme)} the samples go to the server."]


TOLD: Mapping[Rule, Callable[[Reason, str, Plan], list[str]]] = MappingProxyType(
    {
        "no_cut": _no_cut,
        "pinned": _pinned,
        "none_fits": _none_fits,
        "overlap": _overlap,
        "one_piece": _one_piece,
        "only_one": _only_one,
        "breaks": _breaks,
        "scheme": _given,
        "round": _given,
        "all_on_device": _all_on_device,
        "smallest": _smallest,
        "between": _between,
    }
)
"""What is told by each rule: sentences that begin with the subject, the most telling first."""
