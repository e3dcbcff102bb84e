"""What an analysis is, what its record can do, and the table of all analyses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from cutwise.caches import kept
from cutwise.frozen import Frozen
from cutwise.options import with_options
from cutwise.plain import plain
from cutwise.plans.plan import Plan
from cutwise.question import Question, shown_plan
from cutwise.registry import Registry

if TYPE_CHECKING:
    import pandas

MOST_DEVICES = 200
"""Up to so many devices an analysis is drawn for a reader who did not ask for it by name."""


class Record(Protocol):
    """What an analysis found: a frozen value with one form for each reader."""

    def to_frame(self) -> pandas.DataFrame:
        """The record as a table."""
        ...

    def plain(self) -> Any:
        """The record as nested plain values: what `--json` prints."""
        ...

    def summary(self) -> str:
        """What the table comes to in one sentence; empty where it says all."""
        ...

    def text(self) -> str:
        """The record for people: the table and its summary."""
        ...


class Analysis(Protocol):
    """A question beyond one plan.

    An analysis is a frozen dataclass; its fields are its options, which become arguments of its command.
    `name` is that of the command, `title` what people read, `asks` says in one sentence what is asked,
    `of_plan` that the scheme's plan
    is part of the question, so that the command takes a scheme, and `in_report` that the report of a plan
    answers it with its default options.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    asks: ClassVar[str]
    of_plan: ClassVar[bool]
    in_report: ClassVar[bool]

    def run(self, question: Question) -> Record:
        """What is found; raises `CutwiseError` where there is no answer."""
        ...


ANALYSES: Registry[type[Any]] = Registry("analysis")

Kind = TypeVar("Kind", bound=type[Any])


def registered(analysis: Kind) -> Kind:
    """Registers an analysis under its own name."""
    ANALYSES.add(analysis.name, analysis)
    return analysis


def analysis_with(name: str, options: Mapping[str, Any]) -> Analysis:
    """The analysis called `name` with these options; text is turned into the option's type.

    Raises `UnknownNameError` for an analysis or option that does not exist, `ScenarioError` for a value that
    does not fit.
    """
    built: Analysis = with_options(ANALYSES, name, options)
    return built


class EqualByContent(Frozen):
    """Equality by what a record tells, for records that hold arrays, made with `eq=False`."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and plain(self) == plain(other)

    def __hash__(self) -> int:
        return hash(str(plain(self)))


@kept
def asked_plan(question: Question) -> Plan:
    """The plan that is asked for, kept for the next analysis of the same question."""
    return shown_plan(question)


def rows_of(frame: pandas.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain dictionaries."""
    found = plain(frame.to_dict("records"))
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


def table_text(frame: pandas.DataFrame, **written: Any) -> str:
    """A table for people, numbers with six digits; `written` are pandas' own choices of how."""
    text: str = frame.to_string(index=False, float_format="{:.6g}".format, **written)
    return text
