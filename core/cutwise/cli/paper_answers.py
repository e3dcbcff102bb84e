"""What the command `papers` prints: published figures, or one of them beside ours."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cutwise.cli.outcome import FINE
from cutwise.cli.printing import show
from cutwise.cli.streams import say

if TYPE_CHECKING:
    from cutwise.papers import Headline, Recomputed

APART = ("beside", "deviations")


def print_papers(known: argparse.Namespace) -> int:
    """Prints the published figures, or how one of ours comes about and is distributed."""
    from cutwise.papers import headline, paper
    from cutwise.plain import plain

    if known.key is None:
        return _all_figures(known)
    one = paper(known.key)
    found = headline(one, known.figure or one.figures[0].name, draws=known.draws, seed=known.seed)
    answer = {"paper": one.key, **_of_figure(found), "draws": known.draws, "seed": known.seed}
    if known.json:
        return show(known, plain(answer))
    show(known, {name: part for name, part in answer.items() if name not in APART})
    for line in (*_beside(found.recomputed), *_differing(found.recomputed)):
        say(line)
    return FINE


def _all_figures(known: argparse.Namespace) -> int:
    from cutwise.papers import papers
    from cutwise.plain import plain
    from cutwise.units import percent

    rows = [
        {"paper": one.key, "title": one.title, "arxiv": one.arxiv, **figure.model_dump()}
        for one in papers().values()
        for figure in one.figures
    ]
    if known.json:
        return show(known, plain(rows))
    for row in rows:
        share = f"{percent(row['value_ratio']):6.2f} %"
        say(f"{row['paper']}  {share}  {row['provenance']:20s}  {row['claim']}")
    return FINE


def _of_figure(found: Headline) -> dict[str, Any]:
    figure, ours = found.figure, found.recomputed
    return {
        "figure": figure.name, "claim": figure.claim, "published_ratio": figure.value_ratio,
        "provenance": figure.provenance, "definition": figure.definition, "quantity": figure.quantity,
        "counted": figure.counted, "reading": figure.reading, "note": figure.note,
        "preset_ratio": ours.ratio, "met": ours.met, "sentence": ours.sentence,
        "scheme": ours.scheme, "options": ours.options, "value": ours.value,
        "beside": ours.rivals, "deviations": ours.deviations,
        "quantiles": {f"{q:g}": value for q, value in found.quantiles.items()},
        "published_rank_ratio": found.published_rank_ratio, "influence": found.influence,
    }  # fmt: skip


def _beside(ours: Recomputed) -> list[str]:
    """A line a scheme that ran beside the paper's."""
    from cutwise.units import percent

    standings = {"infeasible": "breaks a rule", "no plan": "no plan"}
    return [
        f"  beside {rival.scheme:20s}"
        + ("" if rival.saved_ratio is None else f"{percent(rival.saved_ratio):.2f} %").rjust(12)
        + ("  counts" if rival.counted else f"  {standings.get(rival.status, '')}".rstrip())
        for rival in ours.rivals
    ]


def _differing(ours: Recomputed) -> list[str]:
    """A line a setting that is not the default."""
    told = [(one, f"; paper: {one.stated}" if one.stated else "") for one in ours.deviations]
    return [f"  differs {one.path}: {one.preset} (default {one.default}{paper})" for one, paper in told]
