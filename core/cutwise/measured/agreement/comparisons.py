"""`COMPARISONS`: every set of measured rows that the library holds itself against. A new set is one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cutwise.frozen import Frozen
from cutwise.measured.agreement.held_rows import Agreement, HeldRow, agreement_of
from cutwise.registry import Registry
from cutwise.units import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementBounds(Frozen):
    """What rows have to keep; None asks for nothing."""

    most_mean_error_ratio: float | None = None
    least_wide_ratio: float | None = None
    least_covered_ratio: float | None = None
    most_covered_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldComparison(Frozen):
    """Rows of one source, predicted at one level of what is known.

    `quantity` and `unit` say what was measured, `level` what a prediction starts from; `rows` predicts them
    now. Of rows that may not be shipped it is `stated` what they said on a `date`, and whether constants were
    fitted on them (`stated_learnt`). `bounds` are kept by the
    rows that nothing was fitted on, or by all where there are no others.
    """

    title: str
    quantity: str
    unit: str
    source: str
    licence: str
    level: str
    rows: Callable[[], tuple[HeldRow, ...]] = tuple
    bounds: AgreementBounds = AgreementBounds()
    stated: Agreement | None = None
    date: str = ""
    stated_learnt: bool = False

    def fresh(self) -> tuple[HeldRow, ...]:
        """Rows that nothing was fitted on."""
        return tuple(row for row in self.rows() if not row.is_learnt)

    def judged(self) -> Agreement:
        """The rows that count for the bounds, together."""
        return self.stated or agreement_of(self.fresh() or self.rows())

    def broken(self) -> tuple[str, ...]:
        """A sentence for each bound that is not kept."""
        return tuple(_broken(self.bounds, self.judged()))


COMPARISONS: Registry[HeldComparison] = Registry("comparison with measured rows")


def _broken(bounds: AgreementBounds, found: Agreement) -> Iterator[str]:
    said = (
        ("mean error", found.mean_error_ratio, None, bounds.most_mean_error_ratio),
        ("rows within 50 %", found.wide_ratio, bounds.least_wide_ratio, None),
        (
            "rows within their bands",
            found.covered_ratio,
            bounds.least_covered_ratio,
            bounds.most_covered_ratio,
        ),
    )
    for what, value, least, most in said:
        if value is not None and least is not None and value < least:
            yield f"{what}: {percent(value):.1f} %, at least {percent(least):.0f} % is asked for"
        if value is not None and most is not None and value > most:
            yield f"{what}: {percent(value):.1f} %, at most {percent(most):.0f} % is asked for"
