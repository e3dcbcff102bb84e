"""Taking the plan away: a link, files, and the command that reproduces it."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import streamlit as st

from cutwise.plain import csv_text, plain
from cutwise.question import shown_plan
from cutwise.scenario.versions import saved_scenario
from cutwise_dashboard import session
from cutwise_dashboard.commands import plan_command
from cutwise_dashboard.format import file_name
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.reports import Origin, plan_report


def show(question: AnsweredQuestion) -> None:
    with st.container(border=True):
        st.subheader("Take it away", anchor=False)
        st.caption("This command gives the same numbers:")
        st.code(command(question), language="bash", wrap_lines=True)
        name = f"{question.name}-{question.shown_scheme}"
        row = st.container(horizontal=True)
        row.download_button(
            "Plan (JSON)", lambda: plan_json(question), file_name(name, ".json"), "application/json",
            on_click="ignore", key="download.json",
        )  # fmt: skip
        row.download_button(
            "Plan (CSV)", lambda: plan_csv(question), file_name(name, ".csv"), "text/csv",
            on_click="ignore", key="download.csv",
        )  # fmt: skip
        row.download_button(
            "Scenario (TOML)", lambda: saved_scenario(question.scenario), "scenario.toml", "application/toml",
            on_click="ignore", key="download.toml",
        )  # fmt: skip
        row.download_button(
            "Report (HTML)", lambda: report(question), file_name(name, ".html"), "text/html",
            on_click="ignore", key="download.html",
        )  # fmt: skip
        with row.popover("Share link"):
            st.caption("Opens this model, scenario and scheme in another browser.")
            st.code(link(), language=None, wrap_lines=True)
            if session.stated().model.digest:
                st.caption(
                    "An uploaded model is not part of the link: whoever opens it is asked for the file."
                )


def report(question: AnsweredQuestion) -> str:
    """One HTML page with everything about the plan; it opens offline and prints."""
    origin = Origin(
        name=question.name,
        problem=question.problem,
        command=command(question),
        made=datetime.now().astimezone(),
    )
    return plan_report(shown_plan(question.asked), origin, baseline=question.baseline, asked=question.asked)


def link() -> str:
    """The address that restores everything."""
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{session.LINK_KEY}={session.desk().address(session.stated())}"


def command(question: AnsweredQuestion) -> str:
    """The command line that prints the same plan."""
    return plan_command(question.stated.model, question.shown_scheme, question.shown_options)


def plan_json(question: AnsweredQuestion) -> str:
    """Every field of the plan."""
    return json.dumps(plain(shown_plan(question.asked)), indent=2)


def plan_csv(question: AnsweredQuestion) -> str:
    """One row a device: decisions and stage times."""
    rows = []
    for decision, stage in zip(question.plan.decisions, question.plan.stages, strict=True):
        row = {key: value for key, value in plain(decision).items() if key != "cut"}
        row |= {"cut": decision.cut.label, "crossing": " ".join(decision.cut.crossing)}
        for key, value in plain(stage).items():
            if isinstance(value, dict):
                row |= {f"{key}_{kind}": part for kind, part in value.items()}
            else:
                row[key] = value
        rows.append(row)
    return csv_text(pd.DataFrame(rows))
