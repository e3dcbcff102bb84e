"""A machine's calibration that was opened: what it says, and whose it is to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cutwise.analyses.bands.band_basis import format_text
from cutwise.calibration.calibrated_party import with_calibration
from cutwise.calibration.calibration_file import Calibration, parse_calibration, says_calibration
from cutwise.errors import CutwiseError
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise.units import percent
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written, quantity_text, sentence_case

KEPT = "open.calibration"


def take(files: Sequence[tuple[str, bytes]]) -> bool:
    """Keeps the calibration that was opened; False where what was opened is none.

    Raises `CutwiseError` with what is wrong in it, and where other files came with it.
    """
    if not any(says_calibration(content) for _, content in files):
        return False
    if len(files) > 1:
        raise CutwiseError("a calibration stands for itself; open it without other files")
    name, content = files[0]
    st.session_state[KEPT] = parse_calibration(content, name=name)
    return True


def offer(stated: StatedQuestion) -> None:
    """What was opened, with a button for each party that it may be."""
    found: Calibration | None = st.session_state.get(KEPT)
    if found is not None:
        ran = as_written(", ".join(filter(None, (found.name, found.machine, found.software))))
        st.markdown(f"**{ran}**  \n{summary(found)}")
        choose(stated, found, key="open.calibration")


def choose(stated: StatedQuestion, found: Calibration, *, key: str) -> None:
    """A button for each party of the scenario; a press puts the constants into the question."""
    places = parties_of(stated.scenario)
    for column, (party, label) in zip(st.columns(len(places)), places.items(), strict=True):
        if column.button(label, key=f"{key}.{party}", width="stretch"):
            st.session_state.pop(KEPT, None)
            put(stated, found, party=party)


def put(stated: StatedQuestion, found: Calibration, *, party: str) -> None:
    """Asks the question with these constants at that party."""
    scenario = with_calibration(stated.scenario, found, party=party)
    said = f"{found.name}: its constants are those of the {party} now.{_in_format(scenario, party)}"
    session.ask(replace(stated, scenario=scenario), f"calibration of the {party}", said=said)


def _in_format(scenario: Scenario, name: str) -> str:
    """A sentence where the machine was measured in another number format than the workload computes in."""
    party = {"device": scenario.devices, "server": (scenario.server,), "edge": scenario.edges}[name][0]
    told = format_text(party, party.catalogue_row(), scenario.workload.compute)
    return f" {sentence_case(told)}." if told else ""


def parties_of(scenario: Scenario) -> dict[str, str]:
    """Whose a calibration may be in this scenario, each with the words of its button."""
    devices = "For the device" if len(scenario.devices) == 1 else f"For all {len(scenario.devices)} devices"
    return {
        "device": devices,
        "server": "For the server",
        **({"edge": "For the edges"} if scenario.edges else {}),
    }


def summary(found: Calibration) -> str:
    """The constants of a calibration, what was measured, and what they are worth, in a line."""
    constants = (
        f"{quantity_text(found.flops_per_s, 'FLOP/s')}, {quantity_text(found.moved_bytes_per_s, 'B/s')}, "
        f"{quantity_text(found.launch_s, 's')} a start"
    )
    off = found.left_out_error_ratio
    error = "" if off is None else f", {percent(off):.0f} % off where a row is left out"
    passes = "" if found.has_backward else ", forward passes alone: backward by class"
    return f"{constants}; {found.rows} rows in {found.number_format}{error}{passes}."
