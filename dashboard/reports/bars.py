"""Bars as inline SVG whose texts are HTML, so that they stay readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutwise_dashboard.reports.markup import Markup, element

BAR_HEIGHT = 18
PATTERNS = Markup(
    '<svg width="0" height="0" aria-hidden="true" class="patterns"><defs><pattern id="hatch" width="7" '
    'height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="2.4" height="7" class="stripe"/>'
    "</pattern></defs></svg>"
)
"""What hatched bars refer to; stands once in a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One row: name, lengths of its parts in order, text at its end; hatched if it breaks a rule."""

    name: str
    parts: tuple[float, ...]
    text: str
    hatched: bool = False
    classes: tuple[str, ...] = ()


def bars(rows: Sequence[BarRow], *, legend: Sequence[tuple[str, str]], alt: str) -> Markup:
    """A figure of stacked bars on one scale; `legend` has a name and a class for every part."""
    longest = max((sum(row.parts) for row in rows), default=0.0) or 1.0
    keys = [
        element("span", element("i", class_=f"key {kind}"), name, class_="entry") for name, kind in legend
    ]
    classes = tuple(kind for _, kind in legend)
    return element(
        "figure",
        element("div", keys, class_="legend"),
        element("div", (_row(row, row.classes or classes, longest) for row in rows), class_="bars"),
        role="group",
        aria_label=alt,
    )


def _row(row: BarRow, classes: Sequence[str], longest: float) -> list[Markup]:
    left, drawn = 0.0, []
    for length, kind in zip(row.parts, classes, strict=True):
        width = 100 * length / longest
        if width > 0:
            drawn.append(_rect(left, width, kind))
        left += width
    if row.hatched:
        drawn.append(_rect(0.0, left, "hatched"))
    picture = element("svg", drawn, height=BAR_HEIGHT, width="100%", aria_hidden="true")
    return [
        element("span", row.name, class_="name"),
        element("span", picture, class_="track"),
        element("span", row.text, class_="end"),
    ]


def _rect(left: float, width: float, kind: str) -> Markup:
    return element("rect", x=f"{left:.3f}%", width=f"{width:.3f}%", height=BAR_HEIGHT, class_=kind)
