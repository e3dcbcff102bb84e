"""The commands that measure: this machine, and a model on it."""

from __future__ import annotations

import argparse
import os
from typing import Any

from cutwise.cli.inputs import model_of
from cutwise.cli.printing import show
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
    from cutwise.calibration.calibration_file import load_calibration
    from cutwise.calibration.class_priors import profile_prior
    from cutwise.hardware.profiles import hardware
    from cutwise.importers.base import load_model
    from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER

    usual = {"device": DEFAULT_SERVER, "server": DEFAULT_DEVICE}[known.measured_as]
    given = known.other or usual
    if given.lower().endswith(".json"):
        return load_model(given)
    if given.lower().endswith(".toml"):
        return load_calibration(given).rates
    return profile_prior(hardware()[given]).rates
