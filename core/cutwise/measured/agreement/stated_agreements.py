"""What rows said that may not be shipped: their figures, with the day on which they were worked out."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files

from cutwise.caches import kept
from cutwise.frozen import Frozen, FrozenDict
from cutwise.measured.agreement.held_choices import Regrets
from cutwise.measured.agreement.held_rows import Agreement

SUMMARIES, REGRETS = "measured/stated_agreements.csv", "measured/stated_regrets.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAgreement(Frozen):
    """What rows said together on a `date`."""

    date: str
    agreement: Agreement


@kept
def stated_agreements() -> Mapping[str, StatedAgreement]:
    """Every summary that is shipped, by the name of its comparison."""
    return FrozenDict(
        {
            row["name"]: StatedAgreement(date=row["date"], agreement=_agreement(row))
            for row in _rows(SUMMARIES)
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRegrets(Frozen):
    """What choices cost on a `date`."""

    date: str
    regrets: Regrets


@kept
def stated_regrets() -> Mapping[str, StatedRegrets]:
    """Every summary of choices that is shipped, by the name of its set."""
    return FrozenDict(
        {row["name"]: StatedRegrets(date=row["date"], regrets=_regrets(row)) for row in _rows(REGRETS)}
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = files("cutwise.assets").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _regrets(row: Mapping[str, str]) -> Regrets:
    ratios = {field.name: float(row[field.name]) for field in fields(Regrets) if field.name != "cases"}
    return Regrets(cases=int(row["cases"]), **ratios)


def _agreement(row: Mapping[str, str]) -> Agreement:
    ratios = {
        field.name: float(row[field.name]) if row[field.name] else None
        for field in fields(Agreement)
        if field.name != "rows"
    }
    return Agreement(rows=int(row["rows"]), **ratios)  # type: ignore[arg-type]  # one of them may be absent
