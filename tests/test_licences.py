"""docs/licences.md lists what Cutwise runs with, and nothing of it binds whoever uses it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.licences import TABLE_HEAD, licence, runs_with

PAGE = Path(__file__).parents[1] / "docs" / "licences.md"
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-CMU", "MPL-2.0",
    "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip
OURS = {"streamlit", "uvicorn", "ortools", "numpy", "requests", "jinja2"}
"""Some of what is installed with us, directly and by others."""


def listed() -> dict[str, str]:
    table = PAGE.read_text("utf-8").partition(TABLE_HEAD)[2].partition("\n\n")[0]
    return dict(line.strip("| ").split(" | ") for line in table.splitlines())


def test_every_package_it_runs_with_is_listed_with_its_licence() -> None:
    found = {package: licence(package) for package in runs_with()}
    assert found.keys() >= OURS
    wrong = {package: stated for package, stated in found.items() if listed().get(package) != stated}
    assert not wrong, "write the licences anew with: make docs"


def test_no_licence_asks_for_more_than_that_its_text_is_kept() -> None:
    strict = {
        package: stated
        for package, stated in listed().items()
        if not set(re.split(r" (?:AND|OR) ", stated)) <= PERMISSIVE
    }
    assert not strict
