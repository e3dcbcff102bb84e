"""The commands that measure: this machine, and a model on it."""

from __future__ import annotations

import argparse
import os
from typing import Any

from cutwise.cli.asked import question_asked
from cutwise.cli.inputs import model_of
from cutwise.cli.printing import show, tell
from cutwise.disk.bounded_files import text_in
from cutwise.disk.written_files import write_file

PASSIVE = ("OMP_WAIT_POLICY", "PASSIVE")
"""Helper threads that wait leave the processor: what is waited for is then not counted as computed."""


def calibrate_machine(known: argparse.Namespace) -> int:
    """Measures this machine, writes the file, and prints what is in it."""
    os.environ.setdefault(*PASSIVE)  # read once, when PyTorch is loaded
    from cutwise.calibration.calibration_file import dump_calibration
    from cutwise.calibration.runs.calibrate import calibrate_here
    from cutwise.plain import plain

    found = calibrate_here(name=known.name, device=known.device, profile=known.profile or "")
    write_file(known.out, dump_calibration(found).encode())
    return show(known, {"out": known.out, **plain(found)})


def profile_model(known: argparse.Namespace) -> int:
    """Runs every op of a model here, writes the file with its seconds, and prints what was run."""
    os.environ.setdefault(*PASSIVE)
    from cutwise.calibration.runs.profiled_graph import profile_here
    from cutwise.plain import plain

    party = known.measured_as
    found = profile_here(model_of(known), party=party, other=_other_party(known), device=known.device)
    write_file(known.out, found.text.encode())
    return show(known, {"out": known.out, "measured": party, **plain(found, without=frozenset({"text"}))})


def _other_party(known: argparse.Namespace) -> Any:
    """Whose seconds are not measured here: a graph file that has them, a calibration file, or a profile."""
    from cutwise.calibration.class_priors import profile_prior
    from cutwise.calibration.shipped_calibrations import calibration_named, shipped_calibrations
    from cutwise.hardware.profiles import hardware
    from cutwise.importers.base import load_model
    from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER

    usual = {"device": DEFAULT_SERVER, "server": DEFAULT_DEVICE}[known.measured_as]
    given = known.other or usual
    if given.lower().endswith(".json"):
        return load_model(given)
    if given.lower().endswith(".toml") or given in shipped_calibrations():
        return calibration_named(given).rates
    return profile_prior(hardware()[given]).rates


def fit_table(known: argparse.Namespace) -> int:
    """Prints what a table of measured splits says of both machines and the link, and writes their files."""
    import datetime

    from cutwise.budgets import beyond, most
    from cutwise.calibration.calibration_file import dump_calibration
    from cutwise.calibration.splits.split_fit import calibration_of_side, fit_splits
    from cutwise.calibration.splits.split_table import read_splits
    from cutwise.problem.split_problem import build_problem

    longest, says = most("splits_characters"), beyond("splits_characters")
    rows = read_splits(text_in(known.table, most_bytes=longest, says=says))
    asked = question_asked(known)
    found = fit_splits(build_problem(asked.graph, asked.scenario), rows)
    date, dtype = datetime.date.today().isoformat(), asked.scenario.workload.compute
    for side, path in (("device", known.device_out), ("server", known.server_out)):
        if path and (fit := getattr(found, side)) is not None:
            kept = calibration_of_side(fit, side, date=date, dtype=dtype)
            write_file(path, dump_calibration(kept).encode())
    return tell(known, found)


def put_into_scenario(known: argparse.Namespace) -> int:
    """Writes a scenario file whose device, server or edges have a calibration's constants."""
    from cutwise.calibration.calibrated_party import with_calibration
    from cutwise.calibration.shipped_calibrations import calibration_named
    from cutwise.plain import plain
    from cutwise.scenario.parts import Scenario
    from cutwise.scenario.scenario_file import dump_scenario, load_scenario

    given = load_scenario(known.scenario) if known.scenario else Scenario()
    found = calibration_named(known.calibration)
    write_file(known.out, dump_scenario(with_calibration(given, found, party=known.party)).encode())
    return show(known, {"out": known.out, "party": known.party, **plain(found)})
