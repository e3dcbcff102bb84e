"""Calibrations that are shipped: machines whose measured rows may be, by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from cutwise.caches import kept
from cutwise.calibration.calibration_file import FORMAT, Calibration, calibration_from_dict, load_calibration
from cutwise.registry import NamedTable

CALIBRATIONS = "calibrations.toml"


@kept
def shipped_calibrations() -> Mapping[str, Calibration]:
    """Every shipped calibration by name.

    >>> shipped_calibrations()["raspberry_pi_4_ncnn"].licence
    'BSD-3-Clause'
    """
    rows = tomllib.loads(files("cutwise.assets").joinpath(CALIBRATIONS).read_text(encoding="utf-8"))
    found = {
        name: calibration_from_dict({"format": FORMAT, **row}, name=f"{CALIBRATIONS}: {name}")
        for name, row in rows.items()
    }
    return NamedTable("calibration", found)


def calibration_named(given: str) -> Calibration:
    """The shipped calibration of that name, or that of the file (.toml, .json); raises `CutwiseError`."""
    if given.lower().endswith((".toml", ".json")):
        return load_calibration(given)
    return shipped_calibrations()[given]
