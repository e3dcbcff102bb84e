"""What is asked beyond the plan, as sections of its report: every registered analysis that stands in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from cutwise.analyses import ANALYSES, Record
from cutwise.analyses.base import MOST_DEVICES
from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.cli.inputs import spelled
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.plans.inference_words import said
from cutwise.question import Question
from cutwise.schemes.base import divided_into
from cutwise.units import UNITS
from cutwise_dashboard.format import figures, quantity_text, seconds_text, sentence_case
from cutwise_dashboard.reports.group_pictures import group_picture
from cutwise_dashboard.reports.inputs import readable
from cutwise_dashboard.reports.markup import Child, Markup, element, section, table

MOST_ROWS = 40
SCHEME_COLUMNS = frozenset({"scheme", "like"})
ONLY: Mapping[str, Callable[[Question], bool]] = FrozenDict(
    {"groups": lambda asked: bool(divided_into(asked.scheme))}
)
"""Analyses that the report of only some questions answers."""
QUICK_DEVICES = 12
OF_MANY_ROWS = frozenset({"dimensioning", "shadow_prices", "targets", "tornado", "uncertainty"})
"""Questions of hundreds of scenarios, which take seconds each where there are more devices, or no columns."""
PICTURES: Mapping[str, Callable[[Any], Markup]] = FrozenDict({"groups": group_picture})
"""Records that are drawn beside their table."""


def analysis_sections(asked: Question) -> list[Markup]:
    """A section for each analysis, with its default options."""
    training = asked.scenario.workload.training
    return [
        section(
            said(analysis.title, training=training),
            element("p", said(analysis.asks, training=training)),
            *_found(analysis, asked),
        )
        for analysis in ANALYSES.values()
        if analysis.in_report and ONLY.get(analysis.name, _always)(asked)
    ]


def _always(asked: Question) -> bool:
    return True


def _found(analysis: type[Any], asked: Question) -> list[Child]:
    """The record, or why there is none."""
    if why := _too_long(analysis.name, asked):
        told = f"{why}; `cutwise {spelled(analysis.name)}` answers it for this model and scenario."
        return [element("p", told, class_="note")]
    try:
        found = analysis().run(asked)
    except CutwiseError as error:
        return [element("p", str(error))]
    drawn = PICTURES[analysis.name](found) if analysis.name in PICTURES else None
    told, *table_parts = record_parts(found, analysis.name, training=asked.scenario.workload.training)
    return [told, drawn, *table_parts]


def _too_long(name: str, asked: Question) -> str:
    """Why a report does not wait for an analysis; empty where it does."""
    most = QUICK_DEVICES if name in OF_MANY_ROWS else MOST_DEVICES
    if len(asked.scenario.devices) > most:
        return f"Answered here for at most {most} devices"
    if name in OF_MANY_ROWS and not AskedRows.of(asked).quick:
        return f"{readable(asked.scheme)} plans every scenario anew, which would take long here"
    return ""


def record_parts(record: Record, command: str, *, training: bool = True) -> list[Child]:
    """A record's summary and the first rows of its table, in the words of training or of inference."""
    frame = record.to_frame()
    words = frame.select_dtypes(include=["object", "string"]).columns
    frame = frame.assign(**{name: [_said(one, training) for one in frame[name]] for name in words})
    more = len(frame) - MOST_ROWS
    note = (
        f"And {more:,} more, which `cutwise {spelled(command)}` prints for the same model and scenario."
        if more > 0
        else None
    )
    summary = said(record.summary(), training=training)
    return [
        element("p", f"{sentence_case(summary)}.") if summary else None,
        _table(frame.head(MOST_ROWS)) if len(frame) else None,
        element("p", note, class_="note") if note else None,
    ]


def _said(value: Any, training: bool) -> Any:
    return said(value, training=training) if isinstance(value, str) else value


def _table(frame: pd.DataFrame) -> Markup:
    """The columns of texts first, then the numbers, each with its unit."""
    is_number = {name: pd.api.types.is_numeric_dtype(frame[name].dtype) for name in frame}
    texts = [name for name in frame if not is_number[name] or frame[name].dtype == bool]
    names = [*texts, *(name for name in frame if name not in texts)]
    rows = ([cell_text(name, row[name]) for name in names] for row in frame.to_dict("records"))
    return table([readable(_without_unit(name)).capitalize() for name in names], rows, words=len(texts))


def cell_text(name: str, value: Any) -> str:
    """One figure as people read it: with the unit that its name ends with.

    >>> cell_text("energy_j", 2500.0), cell_text("fits", True), cell_text("rate_ratio", 0.5)
    ('2.5 kJ', 'yes', '0.5')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return readable(value) if name in SCHEME_COLUMNS else str(value)
    unit = _unit(name)
    if unit == "s":
        return seconds_text(value)
    return quantity_text(value, UNITS[unit]) if UNITS.get(unit) else figures(value)


def _unit(name: str) -> str:
    """The longest unit that a name ends with; empty for none."""
    return max((unit for unit in UNITS if name.endswith(f"_{unit}")), key=len, default="")


def _without_unit(name: str) -> str:
    return name.removesuffix(f"_{_unit(name)}")
