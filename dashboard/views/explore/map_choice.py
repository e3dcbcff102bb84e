"""What the reader chooses to see on the map: both quantities, and whose cuts."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.axes.usual_quantities import offered_quantities
from cutwise_dashboard import session
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.map_of_rounds import CUT, WORDS, offered_maps

WHAT, ACROSS, UP = "view.explore.what", "view.explore.across", "view.explore.up"
OWNERS = {"devices": "of {device}", "server": "of the server", "channel": "of the cell"}


def chosen_map(question: AnsweredQuestion, device: int) -> tuple[str, tuple[str, str]]:
    """What is compared, and the paths of the quantity across and of that up, as lists to choose from."""
    offered = {axis.path: axis for axis in offered_quantities(question.problem, device)}
    name = question.best.decisions[device].device
    paths = list(offered)
    speed = f"devices.{device}.flops_per_s"
    found: list[str] = []
    first, *places = st.columns(3)
    offered_here = offered_maps(question)
    if st.session_state.get(session.begin(WHAT, CUT)) not in offered_here:
        st.session_state[WHAT] = CUT
    count = len(question.scenario.devices)
    words = {what: text.format(device=name, count=count) for what, text in WORDS.items()}
    what = first.selectbox("What is best where", offered_here, key=WHAT, format_func=words.__getitem__)
    for place, (key, title, usual) in zip(
        places, ((ACROSS, "From left to right", paths[0]), (UP, "From bottom to top", speed)), strict=True
    ):
        _begin(key, usual, paths, device)
        others = [path for path in paths if path not in found]
        if st.session_state[key] not in others:
            st.session_state[key] = others[0]
        found.append(
            place.selectbox(
                title, others, key=key, format_func=lambda path: quantity_title(offered[path], name)
            )
        )
    return str(what), (found[0], found[1])


def _begin(key: str, first: str, paths: list[str], device: int) -> None:
    """The choice as it was; a device's quantity becomes that of the device looked at now."""
    kept = str(st.session_state.get(session.begin(key, first)))
    head, _, rest = kept.partition(".")
    if head == "devices":
        kept = f"devices.{device}.{rest.partition('.')[2]}"
    st.session_state[key] = kept if kept in paths else first


def quantity_title(axis: QuantityAxis, device: str) -> str:
    """A quantity with whose it is.

    >>> axis = QuantityAxis(path="server.flops_per_s", title="Speed", unit="FLOP/s", whole=False, log=True,
    ...                     here=1e12, low=1e10, high=1e14)
    >>> quantity_title(axis, "phone")
    'Speed of the server'
    """
    owners: Mapping[str, str] = OWNERS
    owner = owners.get(axis.path.partition(".")[0], "").format(device=device)
    return f"{axis.title} {owner}".strip()
