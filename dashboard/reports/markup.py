"""HTML from values: every text is escaped unless it is markup made here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TypeAlias

VOID = frozenset({"meta", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"


def element(tag: str, *children: Child, **attributes: object) -> Markup:
    """An element with its children; `class_` is class, other underscores in names are hyphens.

    >>> element("p", "1 < 2 ", element("b", "yes"), class_="note")
    '<p class="note">1 &lt; 2 <b>yes</b></p>'
    """
    words = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    start = f"<{tag}{words}>"
    return Markup(start if tag in VOID and not children else f"{start}{joined(children)}</{tag}>")


def joined(children: Child) -> Markup:
    """Children one after another; plain texts escaped, None left out."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return escaped(children)
    return Markup("".join(joined(child) for child in children))


def escaped(text: str) -> Markup:
    """A text as HTML; what UTF-8 cannot hold becomes a question mark."""
    return Markup(html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True))


def section(title: str, *children: Child, id: str | None = None) -> Markup:
    """A part of the page under its heading."""
    return element("section", element("h2", title), *children, id=id)


def table(head: Sequence[str], rows: Iterable[Sequence[Child]], *, words: int = 1) -> Markup:
    """A table whose first `words` columns are texts and the others numbers, set to the right."""

    def cells(tag: str, row: Sequence[Child]) -> Markup:
        return element(
            "tr",
            (
                element(
                    tag, cell, class_=None if at < words else "number", scope="col" if tag == "th" else None
                )
                for at, cell in enumerate(row)
            ),
        )

    body = element("tbody", (cells("td", row) for row in rows))
    return element("div", element("table", element("thead", cells("th", head)), body), class_="wide")


def facts(rows: Iterable[tuple[str, Child]]) -> Markup:
    """Names and what they are, two columns."""
    return element("dl", ((element("dt", name), element("dd", value)) for name, value in rows))


def badge(text: str, kind: str) -> Markup:
    """A short standing in a coloured frame: `kind` is good, plain or bad."""
    return element("span", text, class_=f"badge {kind}")
