"""The comparison: which schemes, what comes first and why, bars, and one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.schemes import SCHEMES
from cutwise_dashboard import session
from cutwise_dashboard.charts.scheme_bars import bars_height, delay_figure, energy_figure
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.comparison import ShownComparison, first_schemes, own_options
from cutwise_dashboard.format import (
    as_written,
    change_text,
    duration_scale,
    readable,
    rounded,
    rounds_text,
    scale_of,
    seconds_text,
    sentence_case,
)
from cutwise_dashboard.published import schemes_compared
from cutwise_dashboard.views import drawn

CHOSEN, SHOWN, CLICKED = "view.schemes.chosen", "view.schemes.shown", "schemes.clicked"
NO_PLAN = "–"
DURATIONS = {
    "delay_per_data_pass_s": "All data",
    "delay_s": "One round",
    "time_to_target_s": "To target",
}
ENERGIES = {
    "energy_per_data_pass_j": "Energy of a pass",
    "energy_j": "Energy of a round",
    "energy_device_compute_j": "Device computing",
    "energy_device_radio_j": "Device radio",
    "energy_server_j": "Server energy",
    "energy_network_j": "Network energy",
}
SERVED_DURATIONS = {
    "delay_s": "All requests",
    "request_delay_s": "A batch",
    "time_to_first_token_s": "First token",
    "token_s": "A token",
}
SERVED_RATES = {
    "sequential_requests_per_s": "Requests a second",
    "pipelined_requests_per_s": "Pipelined, a second",
}
SERVED_ENERGIES = {"energy_per_token_j": "Energy a token"} | {
    name: title for name, title in ENERGIES.items() if name != "energy_per_data_pass_j"
}
WORDS = {"rounds": "Rounds to target", "optimality": "Optimality"}
TEXTS = {"cut": "Cut", "memory": "Memory", "method": "Method", "violations": "Broken rules"}
SIZES = {
    "traffic_bytes": "Traffic of a round",
    "device_memory_bytes": "Device memory, peak",
    "server_memory_bytes": "Server memory, peak",
}


def picked(graph: ModelGraph | None) -> Sequence[str]:
    """The schemes to compare, in the order of the registry; at first those of the paper's figure, if any."""
    stated = session.stated()
    key = f"{CHOSEN}.{graph.digest if graph else ''}.{stated.figure}"
    if key not in st.session_state:
        st.session_state[key] = list(schemes_compared(stated) or (first_schemes(graph) if graph else ()))
    with st.expander("Which schemes"):
        chosen = st.multiselect(
            "Schemes compared", list(SCHEMES), key=key, format_func=readable,
            help="Each with its default options, the one planned with its own, in the scenario above",
        )  # fmt: skip
        st.caption("Baselines are grey. Brute force tries every split, so it is left out of large models.")
    return [name for name in SCHEMES if name in chosen]


def headline(comparison: ShownComparison) -> None:
    """What passes over all data first, and by how much."""
    best, baseline = comparison.best, _compared_with(comparison)
    if best is None:
        st.error("Every scheme breaks a rule here; the table says which.")
        return
    training = best.inference is None
    first = said("passes over all data first", training=training)
    text = f"**{sentence_case(readable(best.scheme))}** {first}, in "
    text += f"{seconds_text(best.delay_per_data_pass_s)}"
    if best.decisions[0].compression:
        text += ", with compressed tensors, which may cost accuracy"
    if baseline and baseline.scheme != best.scheme:
        change = change_text(
            best.delay_per_data_pass_s, baseline.delay_per_data_pass_s, less="faster", more="slower"
        )
        than = "as" if change == "the same" else "than"
        best_one = "the best valid baseline, " if baseline is comparison.best_baseline else ""
        text += f": {change} {than} {best_one}{readable(baseline.scheme)}"
    st.markdown(f"{text}.")
    valid = int(comparison.table["place"].notna().sum())
    why = ", because rounds may train on different numbers of samples" if training else ""
    ranked = said("by the delay of a pass over all data", training=training)
    st.caption(
        f"{valid} of {len(comparison.outcomes)} schemes keep every rule; only those are ranked, "
        f"{ranked}{why}. How far each figure may be off stands beside its plan."
    )
    own = [f"{readable(name)} {as_written(str(value))}" for name, value in own_options(comparison.stated)]
    if own and comparison.stated.scheme in comparison.plans:
        st.caption(
            f"{sentence_case(readable(comparison.stated.scheme))} has options of its own: {', '.join(own)}."
        )


def _compared_with(comparison: ShownComparison) -> Plan | None:
    """The baseline that the reader chose, where it is among the schemes; else the best valid one."""
    return comparison.plans.get(comparison.stated.baseline) or comparison.best_baseline


def charts(comparison: ShownComparison) -> str:
    """The bars, and the scheme that is opened below them: the best one until another is picked."""
    plans = comparison.ordered
    best = comparison.best.scheme if comparison.best else ""
    shown = _shown(comparison)
    height = bars_height(plans)
    training = comparison.problem.workload.training
    whole = said("a pass over all data", training=training)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        st.subheader(f"Delay of {whole}", anchor=False)
        event = drawn.echarts(
            spoken(
                delay_figure(plans, best=best, shown=shown, theme=session.theme()), training=training
            ),
            key="schemes.delay", height=height, on_select="rerun",
            alt=f"Delay of {whole} by scheme; {readable(best)} is first",
        )  # fmt: skip
        st.caption("Hatched plans break a rule and are never the best. Click a bar to open its scheme.")
    with right, st.container(border=True):
        st.subheader(f"Energy of {whole}", anchor=False)
        drawn.echarts(
            spoken(energy_figure(plans, shown=shown, theme=session.theme()), training=training),
            key="schemes.energy", height=height,
            alt=f"Energy of {whole} by scheme and owner",
        )  # fmt: skip
        st.caption(f"By who spends it: {comparison.problem.scenario.energy.evidence}.")
    _take_click(event, [plan.scheme for plan in plans])
    return shown


def table(comparison: ShownComparison, shown: str) -> None:
    """One row a scheme, best first; a row that is picked is opened below."""
    frame, columns = shown_table(comparison.sorted_table)
    names = frame["scheme"].tolist()
    with st.container(border=True):
        st.subheader("All figures", anchor=False)
        event = st.dataframe(
            frame.assign(scheme=[readable(name) for name in names]),
            hide_index=True,
            key=f"schemes.table.{shown}",
            on_select="rerun",
            selection_mode="single-row",
            selection_default={"selection": {"rows": [names.index(shown)]}} if shown in names else None,
            column_config=columns,
            placeholder=NO_PLAN,
            height="content",
            alt="One row a scheme with delay, energy, traffic, memory, optimality and broken rules",
        )
        about = _about_targets(comparison) if comparison.problem.workload.training else ""
        st.caption(f"{about} Pick a row to open its decisions.".strip())
    rows = event.selection.rows
    if rows and names[rows[0]] != shown and names[rows[0]] in comparison.plans:
        open_scheme(names[rows[0]])


def shown_table(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table in units that suit its columns, and their titles."""
    table = table.assign(rounds=[_rounds(row) for row in table.to_dict("records")])
    frame = pd.DataFrame({"scheme": table["scheme"]})
    columns: dict[str, Any] = {"scheme": st.column_config.TextColumn("Scheme", pinned=True)}
    training = "request_delay_s" not in table
    for names, unit in (
        (DURATIONS if training else SERVED_DURATIONS, "s"),
        ({} if training else SERVED_RATES, ""),
        (WORDS if training else {"optimality": WORDS["optimality"]}, None),
        (ENERGIES if training else SERVED_ENERGIES, "J"),
        (SIZES, "B"),
        (TEXTS, None),
    ):
        for name, title in names.items():
            if unit is None:
                frame[name] = table[name]
                columns[name] = st.column_config.TextColumn(title, width="medium")
            else:
                frame[name], text = _scaled(pd.to_numeric(table[name]), unit)
                title = said(title, training=training)
                title = f"{title} ({text})" if text else title
                columns[name] = st.column_config.NumberColumn(title, format="localized")
    return frame, columns


def _rounds(row: dict[str, Any]) -> str:
    names = ("rounds_to_target", "rounds_to_target_least", "rounds_to_target_most")
    return rounds_text(*(None if pd.isna(row[name]) else row[name] for name in names))


def open_scheme(name: str) -> None:
    """Opens the decisions of a scheme."""
    st.session_state[_shown_key()] = name
    st.rerun()


def _shown(comparison: ShownComparison) -> str:
    """The scheme that is open: the one picked last, else the paper's whose figure is asked, else the best."""
    names = [plan.scheme for plan in comparison.ordered]
    wanted = (st.session_state.get(_shown_key()), *schemes_compared(session.stated())[:1], *names)
    return next((name for name in wanted if name in names), "")


def _shown_key() -> str:
    """What was picked is of one published figure, or of none."""
    return f"{SHOWN}.{session.stated().figure}"


def _take_click(event: Any, names: Sequence[str]) -> None:
    groups = event.selection.selected if event and event.selection else []
    found = [place for group in groups for place in group["data_indices"]]
    clicked = found[0] if found else None
    if clicked == st.session_state.get(CLICKED):
        return
    st.session_state[CLICKED] = clicked
    if clicked is not None and clicked < len(names):
        open_scheme(names[clicked])


def _scaled(values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """A column in the unit that suits its largest value, to four figures, and that unit."""
    largest = float(values.max()) if values.notna().any() else 0.0
    if not unit:
        return values, ""
    factor, prefix = duration_scale(largest) if unit == "s" else scale_of(largest)
    scaled = (values / factor).map(lambda value: rounded(value) if pd.notna(value) else value)
    return scaled, prefix if unit == "s" else f"{prefix}{unit}"


def _about_targets(comparison: ShownComparison) -> str:
    if comparison.table["time_to_target_s"].notna().any():
        return (
            "To target is the median of rounds times the delay of a round; rounds are those of a small CNN "
            "on handwritten digits, least to most of five seeds: they order schemes and forecast no other."
        )
    if comparison.problem.scenario.convergence.kind == "table":
        return "No scheme here has convergence evidence; opened, each says why."
    return "Rounds to a target accuracy are absent: this scenario asks for no convergence evidence."
