"""Writes `assets/measured/stated_agreements.csv`: what rows say that may not be shipped."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cutwise.measured.agreement.held_rows import Agreement, HeldRow, agreement_of
from tests.measured_models.kept_rows import lambda_rows

KEPT: Mapping[str, Callable[[], tuple[HeldRow, ...]]] = {
    f"lambda_training.{level}": partial(lambda_rows, level) for level in ("datasheet", "former")
}
ABOUT = """\
# What measured rows say whose licence does not let them be shipped, as on the date; the tests hold it against
# the rows where they are there. Made by: python -m tests.measured_models summaries
"""


def write_summaries(target: Path) -> int:
    """One line a comparison; answers how many there are."""
    today = datetime.now(UTC).date().isoformat()
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "date", *(field.name for field in fields(Agreement))])
        for name, rows in KEPT.items():
            said = [f"{one:.4g}" if isinstance(one, float) else one for one in astuple(agreement_of(rows()))]
            writer.writerow([name, today, *said])
    return len(KEPT)
