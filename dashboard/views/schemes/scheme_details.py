"""One scheme of a comparison opened: what its round is, what it decides for each device, what that costs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.analyses.comparison import Unsolved, optimality
from cutwise.cli.listings import first_line
from cutwise.costs.memory.by_kind import KINDS
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.schemes import SCHEMES
from cutwise.units import in_prefix
from cutwise_dashboard import session
from cutwise_dashboard.charts.turn_parts import stage_titles
from cutwise_dashboard.comparison import ShownComparison
from cutwise_dashboard.format import (
    LEAST_WRITTEN,
    as_written,
    figures,
    readable,
    scale_of,
    seconds_text,
    sentence_case,
    share_text,
)
from cutwise_dashboard.views.plan import devices, tiers
from cutwise_dashboard.views.schemes import scheme_table

MOST_VIOLATIONS = 5
ENERGY_TITLES = {
    "device_energy_j": "Device computing",
    "radio_energy_j": "Device radio",
    "server_energy_j": "Server",
    "network_energy_j": "Network",
}


def show(comparison: ShownComparison, shown: str) -> None:
    """The scheme's decisions, stages and proof; and why some schemes have none."""
    for found in comparison.outcomes:
        if isinstance(found, Unsolved):
            st.info(as_written(f"{sentence_case(readable(found.scheme))} gives no plan: {found.reason}"))
    if shown not in comparison.plans:
        return
    plan = comparison.plans[shown]
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        _selector(comparison, shown)
    if right.button("Open on the Plan page", key="schemes.plan", width="stretch"):
        _plan_with(shown)
        st.switch_page("app_pages/plan.py")
    _standing(plan)
    devices.table(comparison.problem, plan)
    if plan.decisions[0].edge_cut:
        tiers.show(comparison.problem, plan)
    _stages(plan)


def _plan_with(scheme: str) -> None:
    """The scheme with the options that it has here; a cut that was pinned is none of a comparison's."""
    asked = session.stated()
    other = {"kind": "scheme", "value": scheme}
    session.desk().do({"kind": "pin", "path": "cut", "value": ""} if scheme == asked.scheme else other)


def _selector(comparison: ShownComparison, shown: str) -> None:
    names = [plan.scheme for plan in comparison.ordered]
    name = st.selectbox("Scheme opened", names, index=names.index(shown), format_func=readable)
    if name != shown:
        scheme_table.open_scheme(name)


def _standing(plan: Plan) -> None:
    """What the scheme is, what proves it, and what it breaks."""
    about = said(first_line(SCHEMES[plan.scheme]), training=plan.inference is None)
    st.caption(f"{about} {plan.round_rule}")
    if plan.violations:
        told = [violation.sentence for violation in plan.violations[:MOST_VIOLATIONS]]
        more = len(plan.violations) - len(told)
        st.error("Infeasible. " + as_written(" · ".join(told)) + "." + (f" And {more} more." if more else ""))
    colors = {"optimal": "green", "feasible": "gray", "infeasible": "red"}
    proof = plan.report.certificate
    reached = f"value {figures(proof.value, 6)}, bound {figures(proof.bound, 6)}" if proof else ""
    proven = f", {proof.method}: {reached}" if proof else ""
    gap = f", gap {share_text(plan.report.gap)}" if plan.report.gap else ""
    method = as_written(f"{plan.report.method}{proven}{gap}")
    st.markdown(
        f":{colors[plan.status]}-badge[{optimality(plan).capitalize()}] {method}. "
        f"{sentence_case(plan.evidence)}."
    )


def _stages(plan: Plan) -> None:
    """One row a device: seconds, joules and bytes of its turn."""
    number = st.column_config.NumberColumn
    energy, prefix = scale_of(max(float(stage.energy_j) for stage in plan.stages))
    frame = stage_table(plan)
    frame[list(ENERGY_TITLES)] /= energy
    numbers = frame.columns.drop("device")
    frame[numbers] = frame[numbers].where(frame[numbers] >= LEAST_WRITTEN, 0.0)
    titles = {name: f"{title} (s)" for name, title in stage_titles(plan).items()}
    titles |= {name: f"{title} ({prefix}J)" for name, title in ENERGY_TITLES.items()}
    titles |= {"traffic": "Traffic (MB)"} | {
        f"{side}.{kind}": f"{side.capitalize()} {title.lower()} (MB)"
        for side in ("device", "server")
        for kind, title in KINDS.items()
    }
    with st.container(border=True):
        st.subheader("Stages of every device's turn", anchor=False)
        st.dataframe(
            frame,
            hide_index=True,
            column_config={
                "device": st.column_config.TextColumn("Device", pinned=True),
                **{name: number(title, format="%.4g") for name, title in titles.items()},
            },
            alt="Seconds, joules and bytes of every device's turn",
        )
        took = f"The round takes {seconds_text(plan.delay_s)}."
        st.caption(said(took, training=plan.inference is None))


def stage_table(plan: Plan) -> pd.DataFrame:
    """Seconds, joules and megabytes of every device in one round."""
    columns: dict[str, list[object]] = {"device": [decision.device for decision in plan.decisions]}
    names = (*stage_titles(plan), *ENERGY_TITLES)
    columns |= {name: [getattr(stage, name) for stage in plan.stages] for name in names}
    columns["traffic"] = [in_prefix(stage.traffic_bytes, "M") for stage in plan.stages]
    for side in ("device", "server"):
        for kind in KINDS:
            held = [getattr(getattr(stage, f"{side}_memory"), kind) for stage in plan.stages]
            columns[f"{side}.{kind}"] = [in_prefix(size, "M") for size in held]
    return pd.DataFrame(columns)
