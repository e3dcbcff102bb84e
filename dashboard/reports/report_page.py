"""The page around a report: head, style, title; no script, and nothing that is fetched."""

from __future__ import annotations

from importlib.resources import files

from cutwise_dashboard.reports.bars import PATTERNS
from cutwise_dashboard.reports.inputs import Origin
from cutwise_dashboard.reports.markup import Child, Markup, element

STYLES = ("style.css", "timeline.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, origin: Origin, *parts: Child) -> str:
    """The whole file, ready to be saved."""
    folder = files("cutwise_dashboard.reports")
    style = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in STYLES)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · Cutwise"),
        Markup(f"<style>{style}</style>"),
    )
    scenario = origin.problem.scenario.name or "unnamed scenario"
    top = element(
        "header",
        element("p", "Cutwise report", class_="kicker"),
        element("h1", title),
        element("p", f"{origin.name} · {scenario} · {origin.made:%d %B %Y}", class_="about"),
    )
    body = element("body", PATTERNS, element("main", top, *parts))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"
