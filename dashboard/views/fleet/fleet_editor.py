"""The devices as an editable table, and a box to paste a whole fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from cutwise.errors import ScenarioError
from cutwise.hardware.profiles import hardware
from cutwise.scenario.fleet_columns import COLUMNS, column_title
from cutwise.scenario.fleet_csv import devices_of, parse_fleet
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.units import PREFIXES, facts_of, in_prefix
from cutwise_dashboard.format import as_written

IN_GIGA = ("flops_per_s", "memory_bytes")
EXAMPLE = "name,profile,samples,distance_m\ncamera-1,jetson_nano,1200,40\ncamera-2,raspberry_pi_4,800,90"


def show(scenario: Scenario) -> Scenario:
    """The scenario with the fleet as the reader has edited or pasted it."""
    scenario = _pasted(scenario)
    key = _frozen(scenario)
    start: pd.DataFrame = st.session_state["fleet.start"]
    st.caption("Empty cells come from the profile. Add rows at the bottom; changes count at once.")
    edited = st.data_editor(
        start,
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config=_columns(),
        placeholder="from profile",
        alt="The devices",
    )
    rows = [_row(record) for record in edited.to_dict("records")]
    try:
        devices = _kept(scenario.devices, devices_of(rows))
        changed = replace(scenario, devices=devices)
    except ScenarioError as error:
        st.error("\n\n".join(map(as_written, error.mistakes)))
        return scenario
    st.session_state["fleet.devices"] = changed.devices
    return changed


def _pasted(scenario: Scenario) -> Scenario:
    with st.expander("Paste a fleet"):
        text = st.text_area(
            "Rows of a table, the first with column names", key="fleet.text", placeholder=EXAMPLE, height=140,
            help=f"Columns: {', '.join(map(column_title, COLUMNS))}; separated by commas, semicolons or tabs",
        )  # fmt: skip
        left, right = st.columns(2)
        replaced = left.button("Replace the fleet", width="stretch")
        added = right.button("Add to the fleet", width="stretch")
        if not (replaced or added):
            return scenario
        try:
            devices = parse_fleet(text)
            return replace(scenario, devices=devices if replaced else (*scenario.devices, *devices))
        except ScenarioError as error:
            st.error("\n\n".join(map(as_written, error.mistakes)))
            return scenario


def _frozen(scenario: Scenario) -> str:
    """The editor's key: its input stays as it was while it is edited, and starts anew when the fleet
    changes elsewhere.
    """
    if st.session_state.get("fleet.devices") != scenario.devices or "fleet.start" not in st.session_state:
        st.session_state["fleet.devices"] = scenario.devices
        st.session_state["fleet.version"] = st.session_state.get("fleet.version", 0) + 1
        st.session_state["fleet.start"] = _frame(scenario)
    return f"fleet.editor.{st.session_state['fleet.version']}"


def _frame(scenario: Scenario) -> pd.DataFrame:
    rows = []
    for name, device in zip(scenario.device_names, scenario.devices, strict=True):
        row = {column: getattr(device, column) for column in COLUMNS}
        rows.append(
            {**row, "name": name}
            | {c: in_prefix(row[c], "G") if _is_given(row[c]) else None for c in IN_GIGA}
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {c: "float64" for c in COLUMNS if c not in {"name", "profile", "samples"}}
    )


def _row(record: dict[str, Any]) -> dict[str, Any]:
    giga = PREFIXES["G"]
    return record | {c: giga * record[c] if _is_given(record.get(c)) else None for c in IN_GIGA}


def _is_given(value: Any) -> bool:
    return isinstance(value, int | float) and value == value


def _kept(before: tuple[Device, ...], after: tuple[Device, ...]) -> tuple[Device, ...]:
    """Fields that the table does not show stay as they were, device by device."""
    hidden = [name for name in Device.__dataclass_fields__ if name not in COLUMNS]
    by_name = {device.name or f"device-{i}": device for i, device in enumerate(before, start=1)}
    return tuple(
        replace(device, **{name: getattr(by_name[device.name], name) for name in hidden})
        if device.name in by_name
        else device
        for device in after
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        name: number(column_title(name), help=facts_of(Device, name)["help"], min_value=0) for name in COLUMNS
    }
    columns["name"] = st.column_config.TextColumn("Name", required=True)
    columns["profile"] = st.column_config.SelectboxColumn("Profile", options=list(hardware()))
    help_ = facts_of(Device, "samples")["help"]
    columns["samples"] = number(column_title("samples"), help=help_, min_value=1, step=1)
    return columns
