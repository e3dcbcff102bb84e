"""What the command `truth` prints: how near predictions come to everything that was measured."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cutwise.cli.outcome import FINE, INFEASIBLE
from cutwise.cli.printing import show
from cutwise.cli.streams import note, say

if TYPE_CHECKING:
    from cutwise.measured.agreement.held_rows import Agreement
    from cutwise.measured.agreement.truth_table import ChoiceStanding, ClassStanding, ComparisonStanding

HEADER = f"{'':34s}{'rows':>6s}{'error':>9s}{'±30 %':>8s}{'±50 %':>8s}{'in band':>9s}"
CHOICE_HEADER = f"{'':34s}{'cases':>6s}{'right':>9s}{'mean':>8s}{'90 %':>8s}{'worst':>9s}"


def print_truth(known: argparse.Namespace) -> int:
    """Predicts every measured row anew and prints what they say; 3 where a bound is not kept."""
    from cutwise import measured
    from cutwise.measured.agreement.truth_table import choice_standings, class_standings, standings
    from cutwise.plain import plain

    names = [known.name] if known.name else list(measured.COMPARISONS)
    found = standings(names)
    classes, choices = ((), ()) if known.name else (class_standings(), choice_standings())
    if known.json:
        show(known, {"comparisons": plain(found), "classes": plain(classes), "choices": plain(choices)})
    else:
        for line in (HEADER, *map(_line, found), *map(_class_line, classes)):
            say(line)
        for line in (CHOICE_HEADER, *map(_choice_line, choices)) if choices else ():
            say(line)
    broken = [(one.name, one.broken) for one in found]
    broken += [(one.name, one.broken) for one in classes] + [(one.name, one.broken) for one in choices]
    for name, sentences in broken:
        for sentence in sentences:
            note(f"{name}: {sentence}")
    return INFEASIBLE if any(sentences for _, sentences in broken) else FINE


def _line(one: ComparisonStanding) -> str:
    fitted = "fitted on" if one.date else f"and {one.learnt_rows} learnt"
    beside = "".join(f"  {said}" for said in (one.date, fitted * (one.learnt_rows > 0)) if said)
    return _figures(one.name, one.judged) + beside


def _class_line(one: ClassStanding) -> str:
    return _figures(f"class {one.name}", one.judged)


def _figures(name: str, said: Agreement) -> str:
    from cutwise.units import percent

    covered = "–" if said.covered_ratio is None else f"{percent(said.covered_ratio):.0f} %"
    shares = "".join(f"{percent(part):6.0f} %" for part in (said.near_ratio, said.wide_ratio))
    error = f"{percent(said.mean_error_ratio):7.1f} %"
    return f"{name:34s}{said.rows:6d}{error}{shares}{covered:>9s}"


def _choice_line(one: ChoiceStanding) -> str:
    from cutwise.units import percent

    said = one.regrets
    parts = (said.mean_ratio, said.p90_ratio, said.worst_ratio)
    return f"{one.name:34s}{said.cases:6d}{percent(said.right_ratio):7.0f} %" + "".join(
        f"{percent(part):6.1f} %" for part in parts
    )
