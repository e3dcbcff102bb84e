"""The questions that stand side by side: those that were kept and the one asked now, each with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cutwise.errors import CutwiseError
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.stated.changed_inputs import changed_inputs
from cutwise.stated.stated_question import StatedQuestion, question_about
from cutwise_dashboard.charts.palette import PALETTES
from cutwise_dashboard.executor import shown
from cutwise_dashboard.format import readable, sentence_case
from cutwise_dashboard.models import model_of
from cutwise_dashboard.side_by_side.input_words import NO_INPUT, InputRow, input_rows
from cutwise_dashboard.side_by_side.outcomes import outcome_rows
from cutwise_dashboard.stores.link_store import address_of, stated_at

MOST_NAMED = 2
NOT_HERE = "“{name}” is not on this server: a link does not carry the file. Open that file above."
NOT_OPENED = "This kept question could not be opened: {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Frozen):
    """One question: `address` where it is kept, `now` where it is the one asked; why there is no plan."""

    stated: StatedQuestion | None
    address: str = ""
    now: bool = False
    plan: Plan | None = None
    refused: str = ""


def columns_of(stated: StatedQuestion) -> tuple[Column, ...]:
    """The kept questions in their order, and last the one that is asked where it is none of them."""
    found = [_kept(address, stated) for address in stated.kept]
    if not any(column.now for column in found):
        found.append(Column(stated=stated, now=True))
    return tuple(_answered(column) for column in found)


def _kept(address: str, now: StatedQuestion) -> Column:
    try:
        stated, _ = stated_at(address)
    except CutwiseError as error:
        return Column(stated=None, address=address, refused=NOT_OPENED.format(reason=error))
    return Column(stated=stated, address=address, now=not changed_inputs((stated, now)))


def _answered(column: Column) -> Column:
    if column.stated is None:
        return column
    try:
        graph = model_of(column.stated.model)
        if graph is None:
            return replace(column, refused=NOT_HERE.format(name=column.stated.model.name))
        return replace(column, plan=shown.shown_plan(question_about(graph, column.stated)))
    except CutwiseError as error:
        return replace(column, refused=str(error))


def table_of(columns: Sequence[Column], stated: StatedQuestion, *, theme: str) -> dict[str, Any]:
    """What the table shows, as plain values: columns, the inputs that differ, and all figures."""
    known = [column for column in columns if column.stated is not None]
    rows = input_rows([column.stated for column in known if column.stated])
    palette = PALETTES[theme]
    return {
        "colors": {"bar": palette.primary, "good": palette.good, "bad": palette.bad},
        "columns": [_head(column, known, rows, stated) for column in columns],
        "inputs": [
            {"label": row.title, "cells": [{"text": text, "words": True} for text in _spread(row, columns)]}
            for row in rows
        ],
        "outcomes": outcome_rows([column.plan for column in columns]),
    }


def column_names(columns: Sequence[Column]) -> list[str]:
    """What tells each column from the others, as its head says it."""
    known = [column for column in columns if column.stated is not None]
    rows = input_rows([column.stated for column in known if column.stated])
    return [_name_of(column, known, rows)[0] for column in columns]


def _name_of(column: Column, known: Sequence[Column], rows: Sequence[InputRow]) -> tuple[str, str]:
    place = next((i for i, other in enumerate(known) if other is column), None)
    return ("A kept question", "") if place is None else _named(rows, place)


def _spread(row: InputRow, columns: Sequence[Column]) -> list[str]:
    """The texts of a row over all columns; those that could not be opened have none."""
    texts = iter(row.texts)
    return [NO_INPUT if column.stated is None else next(texts) for column in columns]


def _head(
    column: Column, known: Sequence[Column], rows: Sequence[InputRow], stated: StatedQuestion
) -> dict[str, Any]:
    """Name and actions of a column; opening it takes the kept questions along."""
    place = next((i for i, other in enumerate(known) if other is column), None)
    name, more = _name_of(column, known, rows)
    link = ""
    if column.stated is not None and not column.now:
        link = address_of(replace(column.stated, kept=stated.kept))
    return {
        "name": name,
        "more": more,
        "full": "" if place is None else ", ".join(row.named(place) for row in rows),
        "now": column.now,
        "refused": column.refused or _broken(column.plan),
        "open": link,
        "drop": column.address,
        "model": "" if column.stated is None else readable(column.stated.model.label),
    }


def _broken(plan: Plan | None) -> str:
    count = len(plan.violations) if plan else 0
    return f"Breaks {count} rule{'s' * (count > 1)}" if count else ""


def _named(rows: Sequence[InputRow], place: int) -> tuple[str, str]:
    """What tells a column from the others, and how much more of it differs from the first."""
    known = [row for row in rows if row.texts[place] != NO_INPUT]
    told = [row for row in known if not place or row.texts[place] != row.texts[0]]
    if not told:
        return ("Like the first" if rows and place else "The question asked"), ""
    picked = _telling([*told, *(row for row in known if row not in told)], place) if place else []
    picked = [*picked, *(row for row in told if row not in picked)][:MOST_NAMED]
    chosen = [row for row in rows if row in picked]
    name = ", ".join(row.named(place) for row in chosen)
    more = sum(row not in picked for row in told) if place else 0
    return name if chosen[0].path == "model" else sentence_case(name), f"and {more} more" if more else ""


def _telling(rows: Sequence[InputRow], place: int) -> list[InputRow]:
    """The few rows that tell a column from most others, whichever tells it from most first."""
    alike = [other for other in range(len(rows[0].texts)) if other != place]
    picked: list[InputRow] = []
    while alike and len(picked) < MOST_NAMED:
        row = max(rows, key=lambda row: sum(row.texts[other] != row.texts[place] for other in alike))
        left = [other for other in alike if row.texts[other] == row.texts[place]]
        if left == alike:
            break
        picked, alike = [*picked, row], left
    return picked
