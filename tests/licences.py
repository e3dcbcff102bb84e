"""Under which licences the packages are that Cutwise runs with, as each of them states it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
TABLE_HEAD = "\n| package | licence |\n|---|---|\n"
CLASSIFIED = "License :: OSI Approved :: "
ONE_LINE = 60
"""Some write the whole text of the licence where its name belongs."""
SPELLED: Mapping[str, str] = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What packages write → the name of the licence in SPDX."""


def runs_with() -> set[str]:
    """Every package that is needed to run, by one of ours or by another that is; optional parts are not."""
    found: set[str] = set()
    waiting = list(_named(tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"]))
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            waiting += _named(_stated_by(package))
    return found


def _stated_by(package: str) -> list[str]:
    try:
        return requires(package) or []
    except PackageNotFoundError:
        return []


def _named(requirements: list[str]) -> Iterator[str]:
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def licence(package: str) -> str:
    """The licence as the installed package states it."""
    stated = metadata(package)
    classes = [word for word in stated.get_all("Classifier") or () if word.startswith(CLASSIFIED)]
    given = (stated.get("License-Expression"), stated.get("License"))
    short = [text for text in given if text and len(text) < ONE_LINE]
    named = short[0] if short else ", ".join(word.removeprefix(CLASSIFIED) for word in classes)
    return SPELLED.get(named, named)


def with_new_licences(text: str) -> str:
    """docs/licences.md with its table of packages made anew."""
    before, _, after = text.partition(TABLE_HEAD)
    rows = "".join(f"| {package} | {licence(package)} |\n" for package in sorted(runs_with()))
    return f"{before}{TABLE_HEAD}{rows}\n{after.partition(chr(10) * 2)[2]}"
