"""Rounds by the number of groups, in words."""

from __future__ import annotations

from cutwise.analyses.divisions.group_counts import DividedRound, DividedRounds
from cutwise.plans.inference_words import said
from cutwise.scenario.parts import Objective
from cutwise_dashboard.format import change_text, quantity_text, seconds_text, sentence_case

GOALS = {"delay": "", "energy": " for the energy", "weighted": " for delay and energy together"}
BROKEN = "breaks a limit"


def group_title(found: DividedRounds, objective: Objective) -> str:
    """Which number is best, and how long its round takes."""
    best = found.rounds[found.best]
    takes = said(f"one round takes {seconds_text(best.delay_s)}", training=found.training)
    if len(found.rounds) == 1:
        return f"One device is not divided: {takes}"
    verb = "are" if best.count > 1 else "is"
    goal = GOALS[objective.kind]
    return f"{sentence_case(found.named(best))} {verb} best{goal}: {takes}"


def group_words(found: DividedRounds) -> str:
    """What the ends cost beside the best number, and what is not compared."""
    best = found.rounds[found.best]
    told = [_beside(found, end, best) for end in (found.rounds[0], found.rounds[-1]) if end is not best]
    if found.equal_between:
        told.append("Between the two ends the band is shared equally.")
    if not found.complete:
        told.append(f"{len(found.rounds)} of {found.rounds[-1].count} numbers were tried.")
    return " ".join(told)


def _beside(found: DividedRounds, end: DividedRound, best: DividedRound) -> str:
    change = change_text(end.delay_s, best.delay_s, more="as much")
    return f"With {found.named(end)} it takes {change}."


def bar_words(found: DividedRounds, one: DividedRound, *, now: bool) -> str:
    """One number with everything that is known of its round."""
    is_best = one is found.rounds[found.best]
    marks = [mark for mark, holds in (("best", is_best), ("asked now", now)) if holds]
    named = f"{found.named(one)}{', ' if marks else ''}{', '.join(marks)}"
    broken = "" if one.keeps_limits else f", {BROKEN}"
    return f"{named}: {seconds_text(one.delay_s)}, {quantity_text(one.energy_j, 'J')}{broken}; {one.cut}"
