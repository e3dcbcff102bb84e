"""What the reader measured: a pasted table of splits, fitted; and machines that others measured."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from cutwise.budgets import shown_mistakes
from cutwise.calibration.calibration_file import dump_calibration
from cutwise.calibration.rate_fit import RateFit
from cutwise.calibration.shipped_calibrations import shipped_calibrations
from cutwise.calibration.splits.split_fit import SIDES, SplitFit, calibration_of_side, fit_splits, with_splits
from cutwise.calibration.splits.split_table import read_splits
from cutwise.errors import CutwiseError
from cutwise.problem.split_problem import SplitProblem
from cutwise.stated.stated_question import StatedQuestion
from cutwise.units import in_prefix, percent
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written, quantity_text
from cutwise_dashboard.views import calibrated_parties

TABLE = "view.measured.table"
EXAMPLE = "Split point\tDevice (ms)\tServer (ms)\tNetwork (ms)\nlayer1\t892\t14.2\t29\nlayer2\t1152\t8.8\t15"
TOLD = (
    "Paste a table of splits that ran: a cut a row, and seconds of a mini-batch on the device, the server "
    "and the way. Both machines and the link are fitted to it. Cuts are named by ops or blocks of the model; "
    "the first row names the columns, with their units."
)
SHIPPED, OWN = "Machines that others measured", "Measure a machine or a model yourself"
COMMANDS = """cutwise calibrate --out machine.toml       # this machine, some ten seconds; open the file here
cutwise profile MODEL --out measured.json  # every op of a model on this machine; open it as the model"""


def show(stated: StatedQuestion, problem: SplitProblem) -> None:
    """The panel: a table to paste with its fit, and shipped calibrations by name."""
    with st.container(border=True):
        st.subheader("Measured here", anchor=False)
        st.caption(TOLD)
        pasted = st.text_area(
            "Measured splits", key=session.begin(TABLE, ""), placeholder=EXAMPLE, height=120,
            help="Commas, semicolons or tabs, as a spreadsheet gives them",
        )  # fmt: skip
        if pasted.strip():
            _fit(stated, problem, pasted)
        with st.expander(SHIPPED):
            _shipped(stated)
        with st.expander(OWN):
            st.caption("On the machine itself, with PyTorch installed; nothing of a model's file is run.")
            st.code(COMMANDS, language=None)


def _fit(stated: StatedQuestion, problem: SplitProblem, pasted: str) -> None:
    try:
        found = fit_splits(problem, read_splits(pasted))
    except CutwiseError as error:
        st.error(as_written("\n\n".join(shown_mistakes(error))))
        return
    st.caption(taken_as(stated))
    grid = st.grid(min_column_width=170)
    for title, text in fit_figures(found).items():
        grid.metric(title, text)
    st.dataframe(
        fit_table(found), hide_index=True, column_config=_columns(), key="measured.rows",
        alt="Measured and fitted seconds of every split",
    )  # fmt: skip
    today = datetime.date.today().isoformat()
    with st.container(horizontal=True):
        if st.button("Use these numbers", key="measured.use", type="primary"):
            scenario = with_splits(stated.scenario, found, date=today)
            said = "The fitted constants stand in the question now; Undo takes them back."
            session.ask(replace(stated, scenario=scenario), "measured splits", said=said)
        for side in SIDES:
            if (fit := getattr(found, side)) is not None:
                _download(fit, side, today, stated.scenario.workload.compute)


def taken_as(stated: StatedQuestion) -> str:
    """What the seconds of the table are of, as the question has it."""
    workload = stated.scenario.workload
    passes = "both passes" if workload.training else "the forward pass"
    by_class = "" if workload.training else " A backward pass then takes what its class of hardware says."
    return (
        f"Taken as seconds of {passes} of {workload.batch_size} samples in {workload.compute}, as the "
        "question has it; where they are others, change mode, batch size or number format first. Off by: "
        f"fitted over measured.{by_class}"
    )


def _download(fit: RateFit, side: str, date: str, dtype: str) -> None:
    def written() -> str:
        return dump_calibration(calibration_of_side(fit, side, date=date, dtype=dtype))

    st.download_button(
        f"Save the {side}", written, f"{side}.toml", "application/toml",
        on_click="ignore", key=f"measured.save.{side}",
        help="A calibration file, which others open here too",
    )  # fmt: skip


def fit_figures(found: SplitFit) -> Mapping[str, str]:
    """The constants and how far the rows are off, in words by what is said."""
    figures: dict[str, str] = {}
    for side in SIDES:
        fit: RateFit | None = getattr(found, side)
        if fit is not None:
            figures[f"{side.capitalize()} speed"] = quantity_text(fit.rates.flops_per_s, "FLOP/s")
            figures[f"{side.capitalize()} bandwidth"] = quantity_text(fit.rates.moved_bytes_per_s, "B/s")
            figures[f"{side.capitalize()} rows off by"] = f"{percent(found.error_ratio(side) or 0.0):.0f} %"
    if found.rate_bps is not None:
        figures["Link"] = quantity_text(found.rate_bps, "bit/s")
        figures["Link rows off by"] = f"{percent(found.error_ratio('network') or 0.0):.0f} %"
    return figures


def fit_table(found: SplitFit) -> pd.DataFrame:
    """One row a split: measured beside fitted, in milliseconds, and how far the fit is off."""
    table: dict[str, list[Any]] = {"place": [row.place for row in found.rows]}
    for name in (*SIDES, "network"):
        pairs = [(getattr(row, f"{name}_s"), getattr(row, f"fitted_{name}_s")) for row in found.rows]
        if all(measured is None for measured, _ in pairs):
            continue
        table[name] = [None if one is None else in_prefix(one, "m") for one, _ in pairs]
        table[f"{name} fitted"] = [None if fitted is None else in_prefix(fitted, "m") for _, fitted in pairs]
        table[f"{name} off"] = [
            percent(fitted / one - 1) if one and fitted is not None else None for one, fitted in pairs
        ]
    return pd.DataFrame(table)


def _columns() -> dict[str, object]:
    number = st.column_config.NumberColumn
    named: dict[str, object] = {"place": st.column_config.TextColumn("Cut", width="medium")}
    for name in (*SIDES, "network"):
        title = name.capitalize()
        named[name] = number(f"{title} (ms)", format="%.4g")
        named[f"{name} fitted"] = number(f"{title}, fitted (ms)", format="%.4g")
        named[f"{name} off"] = number(f"{title} off by (%)", format="%+.0f")
    return named


def _shipped(stated: StatedQuestion) -> None:
    known = shipped_calibrations()
    name = st.selectbox(
        "Machine", list(known), format_func=lambda one: f"{known[one].machine}, {known[one].software}",
        key=session.begin("view.measured.shipped", next(iter(known))),
    )  # fmt: skip
    found = known[name]
    st.markdown(calibrated_parties.summary(found))
    st.caption(as_written(f"Fitted to rows of {found.source}, {found.licence}."))
    calibrated_parties.choose(stated, found, key="measured.shipped")
