"""Which product and which data gave an answer, and what to say where others gave it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

import tomli_w

from cutwise.caches import kept
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import spelled_document

TABLES = ("hardware.toml", "convergence/learning_rates.csv", "convergence/digits.csv")
"""The shipped tables that answers are made of."""
DIGITS = 12
WRITTEN = re.compile(r"cutwise (?P<product>\S+), data (?P<data>[0-9a-f]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """A version of the product and one of its data: shipped tables, and what is taken where nobody says."""

    product: str
    data: str

    @property
    def text(self) -> str:
        """Both in words.

        >>> Versions(product="0.1.0", data="0123abcd").text
        'cutwise 0.1.0, data 0123abcd'
        """
        return f"cutwise {self.product}, data {self.data}"


@kept
def versions() -> Versions:
    """Those that answer here."""
    return Versions(product=product_version(), data=data_version())


def product_version() -> str:
    """The version of the installed product."""
    try:
        return version("cutwise")
    except PackageNotFoundError:
        return "uninstalled"


@kept
def data_version() -> str:
    """A digest of the shipped tables and of every default of a scenario; it moves where these do.

    >>> len(data_version())
    12
    """
    digest = hashlib.sha256()
    for part in _parts():
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:DIGITS]


def _parts() -> Iterator[bytes]:
    for name in TABLES:
        yield files("cutwise.assets").joinpath(name).read_bytes()
    yield repr(Scenario()).encode()
    for kinds in KINDS.values():
        for kind in kinds.values():
            yield repr(kind()).encode()


def versions_in(text: str) -> Versions | None:
    """The versions that a text says wrote it, None where it says nothing.

    >>> versions_in("# written by cutwise 0.0.9, data 00ff")
    Versions(product='0.0.9', data='00ff')
    """
    found = WRITTEN.search(text)
    return Versions(product=found["product"], data=found["data"]) if found else None


def notice(what: str, written: Versions | None) -> str:
    """One sentence where something was written by other versions than these; empty where it was not.

    >>> notice("this link", versions())
    ''
    >>> notice("this link", Versions(product="0.0.9", data="00ff")).partition(";")[0]
    'This link was written by cutwise 0.0.9, data 00ff'
    """
    if written == versions():
        return ""
    who = written.text if written else "a version that did not say which it was"
    start = what[:1].upper() + what[1:]
    return f"{start} was written by {who}; here answers {versions().text}, so that figures may have moved."


def saved_scenario(scenario: Scenario) -> str:
    """A scenario file whose first line says which versions wrote it; what it leaves out is their default.

    Number format and tuning stand in it, so that those that a model's own file states do not replace them.

    >>> saved_scenario(Scenario()).startswith(f"# written by {versions().text}")
    True
    """
    return f"{written_line()}\n{tomli_w.dumps(saved_document(scenario))}"


def saved_document(scenario: Scenario) -> dict[str, object]:
    """What `saved_scenario` writes, as nested plain values."""
    workload = scenario.workload
    spelled = {"weights_dtype": workload.weights_dtype, "tuning": {"kind": workload.tuning.kind}}
    return spelled_document(scenario, workload=spelled)


def written_line() -> str:
    """The first line of a saved file: which versions wrote it.

    >>> versions_in(written_line()) == versions()
    True
    """
    return f"# written by {versions().text}"


def file_notice(content: bytes, *, name: str) -> str:
    """The notice of a saved scenario file, empty where its first line names no versions."""
    found = versions_in(content.partition(b"\n")[0].decode(errors="replace"))
    return notice(name, found) if found else ""
