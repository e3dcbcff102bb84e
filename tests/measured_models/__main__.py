from __future__ import annotations

import argparse
from pathlib import Path

from tests.measured_models import built_graphs, rows_table, summaries_table, totals_table

ASSETS = Path(__file__).parents[2] / "assets" / "measured"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.measured_models")
    commands = parser.add_subparsers(required=True)
    totals = commands.add_parser("totals", help="totals of every graph in a folder")
    totals.add_argument("graphs", type=Path)
    totals.add_argument("--build", action="store_true", help="first make the graphs that are missing")
    totals.set_defaults(run=_totals)
    rows = commands.add_parser("rows", help="measured rows of models that have totals")
    rows.set_defaults(run=_rows)
    summaries = commands.add_parser("summaries", help="what rows say that may not be shipped")
    summaries.set_defaults(run=_summaries)
    given = parser.parse_args()
    given.run(given)


def _totals(given: argparse.Namespace) -> None:
    if given.build:
        given.graphs.mkdir(parents=True, exist_ok=True)
        built_graphs.build(given.graphs, built_graphs.keys())
    target = ASSETS / "model_totals.csv"
    print(f"{target}: {totals_table.write_totals(given.graphs, target)} totals")


def _rows(given: argparse.Namespace) -> None:
    target = ASSETS / "timed_models.csv"
    print(f"{target}: {rows_table.write_rows(target)} rows")
    splits = ASSETS / "board_splits.csv"
    print(f"{splits}: {rows_table.write_splits(splits)} cuts")
    capped = ASSETS / "capped_trainings.csv"
    print(f"{capped}: {rows_table.write_capped(capped)} trainings under caps")


def _summaries(given: argparse.Namespace) -> None:
    target = ASSETS / "stated_agreements.csv"
    print(f"{target}: {summaries_table.write_summaries(target)} comparisons")
    regrets = ASSETS / "stated_regrets.csv"
    print(f"{regrets}: {summaries_table.write_regrets(regrets)} sets of choices")


if __name__ == "__main__":
    main()
