"""Everything that the strip shows, as plain values made from the desk."""

from __future__ import annotations

from typing import Any

from cutwise.graph.model_graph import ModelGraph
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.strip.context import Context
from cutwise_dashboard.strip.groups import shown_groups

MOST_TRAIL = 200_000
"""Characters of links that a browser's tab is asked to keep for undo over a reload."""
PAGES = {
    "model": [["model", "Look into the model"]],
    "devices": [["network", "All devices as a table"]],
    "link": [["network", "Rates of every device"]],
    "goal": [["compare", "Compare schemes"]],
}


def strip_data(desk: Desk, graph: ModelGraph | None, *, page: str) -> dict[str, Any]:
    """The strip of the question on the desk, on the page of this address."""
    stated = desk.stated
    last = len(desk.history) - 1
    return {
        "groups": shown_groups(Context(stated=stated, graph=graph)),
        "taken": dict(desk.taken),
        "refused": {path: {"text": one.text, "reason": one.reason} for path, one in desk.refused.items()},
        "notes": dict(desk.notes),
        "link": desk.address(stated),
        "undo": step_text(desk.names[desk.at]) if desk.at else "",
        "redo": step_text(desk.names[desk.at + 1]) if desk.at < last else "",
        "canReset": stated != StatedQuestion(),
        "kept": len(stated.kept),
        "trail": trail(desk),
        "page": page,
        "pages": PAGES,
        "step": f"{desk.at}/{last + 1}",
    }


def trail(desk: Desk) -> dict[str, Any]:
    """The links of the steps, for the browser's tab to keep; only today's where they are too long."""
    links = [desk.address(stated) for stated in desk.history]
    if sum(map(len, links)) > MOST_TRAIL:
        return {"links": [links[desk.at]], "names": [""], "at": 0}
    return {"links": links, "names": list(desk.names), "at": desk.at}


def step_text(name: str) -> str:
    """What made a step, in words.

    >>> step_text("channel.uplink_bps"), step_text("limits.deadline_s"), step_text("option.groups")
    ('uplink', 'deadline', 'groups')
    """
    last = name.rsplit(".", 1)[-1]
    for unit in ("_bps", "_s", "_hz", "_bytes", "_per_s", "_j", "_w", "_m", "_ratio"):
        last = last.removesuffix(unit)
    return last.replace("_", " ")
