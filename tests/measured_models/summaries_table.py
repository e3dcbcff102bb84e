"""Writes `assets/measured/stated_agreements.csv`: what rows say that may not be shipped."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cutwise.measured.agreement.held_choices import Regrets, regrets_of
from cutwise.measured.agreement.held_rows import Agreement, HeldRow, agreement_of
from cutwise.measured.energies.capped_trainings import LAWS
from tests.measured_models.kept_rows import clock_powers, clock_regrets, lambda_rows, phone_powers

REGRETS: Mapping[str, Callable[[], list[float]]] = {
    f"clock.{law}": partial(clock_regrets, law) for law in LAWS
}
KEPT: Mapping[str, Callable[[], tuple[HeldRow, ...]]] = (
    {f"lambda_training.{level}": partial(lambda_rows, level) for level in ("datasheet", "former")}
    | {f"clock_power.{law}": partial(clock_powers, law) for law in LAWS}
    | {f"phone_5g.{radio}": partial(phone_powers, radio) for radio in ("connected", "amplifier")}
)
ABOUT = """\
# What measured rows say whose licence does not let them be shipped, as on the date; the tests hold it against
# the rows where they are there. Made by: python -m tests.measured_models summaries
"""


def write_summaries(target: Path) -> int:
    """One line a comparison; answers how many there are."""
    return _write(target, Agreement, {name: astuple(agreement_of(rows())) for name, rows in KEPT.items()})


def write_regrets(target: Path) -> int:
    """One line a set of choices; answers how many there are."""
    return _write(target, Regrets, {name: astuple(regrets_of(ratios())) for name, ratios in REGRETS.items()})


def _write(target: Path, columns: type, lines: Mapping[str, tuple[object, ...]]) -> int:
    today = datetime.now(UTC).date().isoformat()
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "date", *(field.name for field in fields(columns))])
        for name, line in lines.items():
            said = [f"{one:.4g}" if isinstance(one, float) else one for one in line]
            writer.writerow([name, today, *said])
    return len(lines)
