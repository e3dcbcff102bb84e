"""The mistakes of a scenario's document, each with its path, taken out of it one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cutwise.budgets import bounded, most
from cutwise.scenario.file_checker import KeyPath, file_checker
from cutwise.scenario.file_problems import Problem, part_at, problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from cutwise.plain import Json

ROWS = ("devices", "edges")
KEYS_AT_ONCE = 100_000
"""Of many rows so many keys are checked at once: each mistake takes a kilobyte until it is worded."""


def mistakes_taken_out(rest: dict[str, Json], mistakes: list[str]) -> list[str]:
    """`mistakes` and those of the document, which are taken out of it; typed quantities become numbers.

    Raises `ScenarioError` once there are more than are shown; the rest is only counted.
    """
    found = list(mistakes)
    while _noted(rest, found):
        pass
    return found


def _noted(rest: dict[str, Json], mistakes: list[str]) -> bool:
    """Adds the mistakes of a document and takes them out of it; False where there is nothing more to find.

    Raises `ScenarioError` once there are more than are shown; the findings behind them are only counted.
    """
    put_right: list[bool] = []
    unworded = 0
    for part, is_whole in _windows(rest):
        error = _refusal(part)
        if error and unworded:
            unworded += error.error_count()
        elif error:
            problems, unworded = _problems(error.errors(include_url=False), part, is_whole)
            sentences = dict.fromkeys(sentence for one in problems for sentence in one.sentences)
            mistakes += [sentence for sentence in sentences if sentence not in mistakes]
            put_right += [_put_right(rest, one) for one in problems]
    if unworded:
        raise bounded(mistakes, unworded=unworded)
    return bool(put_right) and all(put_right)


def _refusal(document: dict[str, Json]) -> ValidationError | None:
    try:
        file_checker().validate_json(json.dumps(document))
    except ValidationError as error:
        return error
    return None


def _problems(
    rows: Sequence[ErrorDetails], document: dict[str, Json], is_whole: bool
) -> tuple[list[Problem], int]:
    """What the findings mean, each place once, and how many are left without words, as there are so many.

    Of some rows alone nothing is said of the document as such.
    """
    met: dict[Problem, None] = {}
    worded = 0
    for number, row in enumerate(rows):
        if worded > most("mistakes_worded"):
            return list(met), len(rows) - number
        one = problem(row, document)
        worded += bool(one.sentences) and one not in met
        if is_whole or one.path:
            met[one] = None
    return list(met), 0


def _windows(rest: dict[str, Json]) -> Iterator[tuple[dict[str, Json], bool]]:
    """The document, whole or with some of its rows at a time, as each finding takes memory of its own."""
    lists: dict[str, list[Json]] = {name: rows for name in ROWS if isinstance(rows := rest.get(name), list)}
    wide = {name: rows for name, rows in lists.items() if sum(map(_width, rows)) > KEYS_AT_ONCE}
    none: dict[str, list[Json]] = {name: [] for name in wide}
    for name, rows in wide.items():
        first, width = 0, 0
        for number, row in enumerate(rows, start=1):
            width += _width(row)
            if width > KEYS_AT_ONCE or number == len(rows):
                before: list[Json] = [{}] * first
                yield {**rest, **none, name: before + rows[first:number]}, False
                first, width = number, 0
    yield rest, True


def _width(row: Json) -> int:
    return len(row) if isinstance(row, dict) else 1


def _put_right(document: Json, mistake: Problem) -> bool:
    """Takes a mistake out so that the rest can be checked too; False where nothing could be done.

    A typed quantity becomes the number it means.
    """
    if not (mistake.kind or mistake.meant is not None):
        return _removed(document, mistake.path)
    *above, last = mistake.path
    where = part_at(document, mistake.path if mistake.kind else tuple(above))
    if isinstance(where, dict):
        where["kind" if mistake.kind else str(last)] = mistake.kind or mistake.meant
    elif isinstance(where, list) and isinstance(last, int):
        where[last] = mistake.meant
    return True


def _removed(document: Json, path: KeyPath) -> bool:
    """Takes a mistaken value out so that the rest can be checked too; False where there is none.

    A table in a list becomes an empty one; of a list of plain values nothing is kept.
    """
    for number, part in enumerate(path):
        last = number == len(path) - 1
        if isinstance(document, dict) and isinstance(part, str) and part in document:
            held = document[part]
            if last or (isinstance(held, list) and not _is_tables(held)):
                del document[part]
                return True
            document = held
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            if last:
                found, document[part] = document[part], {}
                return bool(found)
            document = document[part]
        else:
            return False
    return False


def _is_tables(values: list[Json]) -> bool:
    return all(isinstance(value, dict) for value in values)
