"""Every comparison and every set of choices with what it says now, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutwise.frozen import Frozen
from cutwise.measured.agreement.comparisons import COMPARISONS, HeldComparison
from cutwise.measured.agreement.held_choices import CHOICES, Regrets
from cutwise.measured.agreement.held_rows import Agreement, HeldRow, agreement_of
from cutwise.units import percent

WORST_ROWS = 3
DATASHEET = ".datasheet"
COVERED_RATIOS = (0.75, 0.90)
"""Parts of a class's rows that are to lie within its band: fewer is too sure, more says too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonStanding(Frozen):
    """One comparison now: what the rows that count say, how many there are beside them, the worst by name."""

    name: str
    title: str
    level: str
    source: str
    licence: str
    date: str
    judged: Agreement
    learnt_rows: int
    worst: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStanding(Frozen):
    """One class of hardware at the level of the data sheet."""

    name: str
    judged: Agreement
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceStanding(Frozen):
    """One set of choices now."""

    name: str
    title: str
    level: str
    source: str
    licence: str
    regrets: Regrets
    is_learnt: bool
    broken: tuple[str, ...]


def standings(names: Sequence[str] = ()) -> tuple[ComparisonStanding, ...]:
    """What every comparison says now, or those that are named; an unknown name raises `UnknownNameError`."""
    return tuple(_standing(name, COMPARISONS[name]) for name in names or COMPARISONS)


def class_standings() -> tuple[ClassStanding, ...]:
    """How the data sheet's level does on every class of hardware, all its rows with bands together."""
    by_class: dict[str, list[HeldRow]] = {}
    for name in filter(lambda known: known.endswith(DATASHEET), COMPARISONS):
        for row in COMPARISONS[name].rows():
            if row.is_covered is not None:
                by_class.setdefault(row.hardware_class, []).append(row)
    return tuple(_class_standing(name, rows) for name, rows in sorted(by_class.items()))


def _class_standing(name: str, rows: Sequence[HeldRow]) -> ClassStanding:
    found = agreement_of(rows)
    least, most = COVERED_RATIOS
    covered = found.covered_ratio or 0.0
    meant = f"{percent(least):.0f} to {percent(most):.0f} % is meant"
    said = f"rows within the band: {percent(covered):.0f} %, {meant}"
    return ClassStanding(name=name, judged=found, broken=() if least <= covered <= most else (said,))


def choice_standings() -> tuple[ChoiceStanding, ...]:
    """What every set of choices says now."""
    return tuple(
        ChoiceStanding(
            name=name, title=one.title, level=one.level, source=one.source, licence=one.licence,
            regrets=one.regrets(), is_learnt=one.is_learnt, broken=one.broken(),
        )
        for name, one in CHOICES.items()
    )  # fmt: skip


def worst_rows(rows: Sequence[HeldRow], count: int = WORST_ROWS) -> tuple[HeldRow, ...]:
    """Rows whose prediction is furthest off, too much or too little, the furthest first."""
    return tuple(sorted(rows, key=lambda row: -row.factor_ratio)[:count])


def _standing(name: str, one: HeldComparison) -> ComparisonStanding:
    rows, fresh = one.rows(), one.fresh()
    return ComparisonStanding(
        name=name,
        title=one.title,
        level=one.level,
        source=one.source,
        licence=one.licence,
        date=one.date,
        judged=one.judged(),
        learnt_rows=one.stated.rows if one.stated and one.stated_learnt else len(rows) - len(fresh),
        worst=tuple(_told(row) for row in worst_rows(fresh or rows)),
        broken=one.broken(),
    )


def _told(row: HeldRow) -> str:
    return f"{row.name} on {row.hardware}: × {row.predicted_ratio:.2f}"
