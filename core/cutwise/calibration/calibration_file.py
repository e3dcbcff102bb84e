"""`cutwise-calibration/1`: the constants of one machine as a file that people share, and back."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from os import PathLike
from typing import get_args

import tomli_w

from cutwise.budgets import beyond, bounded, most
from cutwise.calibration.rate_fit import RateFit
from cutwise.calibration.timed_rows import MachineRates
from cutwise.costs.workload import Dtype
from cutwise.disk.bounded_files import bytes_in
from cutwise.errors import ScenarioError, UnknownNameError, close_names, key_shown, shown
from cutwise.fields.readable_names import readable_text
from cutwise.frozen import FrozenDict
from cutwise.guarded.documents import document_in
from cutwise.hardware.profiles import hardware
from cutwise.hardware.time_classes import time_classes
from cutwise.scenario.parties import Device
from cutwise.scenario.vocabulary.part_names import unknown_profile
from cutwise.units import facts_of

FORMAT = "cutwise-calibration/1"
FAMILY = "cutwise-calibration/"
LONGEST_TEXT = 300
SAME_RATIO = 1e-3
"""Ratios of a file with four digits that are as near are one."""
SAYS_SO = re.compile(rb"""["']?format["']?\s*[=:]\s*["']cutwise-calibration/""")
LONGEST_HEAD = 4096
MAY_BE_ABSENT = frozenset(
    {"backward_rows", "left_out_error_ratio", "profile", "software", "source", "licence"}
)
FORMATS = get_args(Dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The fitted constants of one machine with what they rest on; what a calibration file holds.

    `machine` and `software` say what ran, `number_format` in which format; `profile` is the row of the
    hardware catalogue with its memory and powers. `source` and `licence` say where rows of somebody else are
    from. The errors and the band are those of `RateFit`, and so is `backward_rows`; of a file that does not
    say it, None.
    """

    name: str
    machine: str
    hardware_class: str
    number_format: str
    date: str
    rows: int
    flops_per_s: float
    moved_bytes_per_s: float
    launch_s: float
    backward_ratio: float
    band_low_ratio: float
    band_high_ratio: float
    backward_rows: int | None = None
    left_out_error_ratio: float | None = None
    profile: str = ""
    software: str = ""
    source: str = ""
    licence: str = ""

    @property
    def rates(self) -> MachineRates:
        """The four constants."""
        return MachineRates(
            flops_per_s=self.flops_per_s,
            moved_bytes_per_s=self.moved_bytes_per_s,
            launch_s=self.launch_s,
            backward_ratio=self.backward_ratio,
        )

    @property
    def has_backward(self) -> bool:
        """True where the backward pass was measured; else its ratio is that of the class.

        A file that does not say so measured it where its ratio is another one than the class's.
        """
        if self.backward_rows is not None:
            return self.backward_rows > 0
        of_class = time_classes()[self.hardware_class].backward_ratio
        return not math.isclose(self.backward_ratio, of_class, rel_tol=SAME_RATIO)


def calibration_of(
    fit: RateFit,
    *,
    name: str,
    machine: str,
    date: str,
    profile: str = "",
    software: str = "",
    number_format: str = "fp32",
    source: str = "",
    licence: str = "",
) -> Calibration:
    """A fit with what was measured, ready to be kept."""
    return Calibration(
        name=name,
        machine=machine,
        profile=profile,
        software=software,
        number_format=number_format,
        date=date,
        source=source,
        licence=licence,
        hardware_class=fit.hardware_class,
        rows=fit.rows,
        flops_per_s=fit.rates.flops_per_s,
        moved_bytes_per_s=fit.rates.moved_bytes_per_s,
        launch_s=fit.rates.launch_s,
        backward_ratio=fit.rates.backward_ratio,
        band_low_ratio=fit.band_low_ratio,
        band_high_ratio=fit.band_high_ratio,
        backward_rows=fit.backward_rows,
        left_out_error_ratio=fit.left_out_error_ratio,
    )


def dump_calibration(calibration: Calibration) -> str:
    """A calibration file in TOML that reads back to an equal value."""
    return tomli_w.dumps({"format": FORMAT, **calibration_table(calibration)})


def calibration_table(calibration: Calibration) -> dict[str, object]:
    """The keys of a calibration file but its format, without those that say nothing."""
    given = {f.name: getattr(calibration, f.name) for f in fields(Calibration)}
    return {name: value for name, value in given.items() if value not in (None, "")}


def load_calibration(path: str | PathLike[str]) -> Calibration:
    """The calibration in a TOML or JSON file; raises `CutwiseError` as `parse_calibration` does."""
    longest = most("calibration_bytes")
    says = beyond("calibration_bytes")
    return parse_calibration(bytes_in(path, most_bytes=longest, says=says), name=str(path))


def parse_calibration(content: bytes, *, name: str = "calibration") -> Calibration:
    """The calibration written in `content`; raises `ScenarioError` with every mistake.

    >>> parse_calibration(b'format = "cutwise-calibration/1"').rows
    Traceback (most recent call last):
    cutwise.errors.ScenarioError: calibration: the keys name, machine, hardware_class, number_format, date, \
rows, flops_per_s, moved_bytes_per_s, launch_s, backward_ratio, band_low_ratio, band_high_ratio are missing
    """
    if len(content) > most("calibration_bytes"):
        raise ScenarioError([f"{name}: {beyond('calibration_bytes', len(content))}"])
    return calibration_from_dict(document_in(content, name=name), name=name)


def calibration_from_dict(document: Mapping[str, object], *, name: str) -> Calibration:
    """The calibration of a document; raises `ScenarioError` with every mistake, `name` before each."""
    if mistakes := [f"{name}: {mistake}" for mistake in _mistakes(document)]:
        raise bounded(mistakes)
    given = {key: _settled(key, value) for key, value in document.items() if key != "format"}
    return Calibration(**given)  # type: ignore[arg-type]  # each was checked


def is_calibration(document: Mapping[str, object]) -> bool:
    """True for what says that it is a calibration file, of this version or another.

    >>> is_calibration({"format": "cutwise-question/1"})
    False
    """
    return str(document.get("format", "")).startswith(FAMILY)


def says_calibration(content: bytes) -> bool:
    """True for the content of a file whose beginning says that it is a calibration.

    >>> says_calibration(b'# of mine\\nformat = "cutwise-calibration/1"'), says_calibration(b"rounds = 3")
    (True, False)
    """
    return bool(SAYS_SO.search(content[:LONGEST_HEAD]))


def _settled(key: str, value: object) -> object:
    if isinstance(value, str):
        return readable_text(value, longest=LONGEST_TEXT)
    return value if key in WHOLE else float(value)  # type: ignore[arg-type]  # a number, as was checked


def _mistakes(document: Mapping[str, object]) -> Iterator[str]:
    if document.get("format") != FORMAT:
        yield f"format is {shown(document.get('format', ''))}; the format read here is {FORMAT!r}"
        return
    needed = {f.name for f in fields(Calibration)} - MAY_BE_ABSENT
    missing = [f.name for f in fields(Calibration) if f.name in needed - document.keys()]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        yield f"the key{'s' * (len(missing) > 1)} {', '.join(missing)} {verb} missing"
    for key, value in document.items():
        if key == "format":
            continue
        if key not in CHECKS:
            close = close_names(key, CHECKS)
            yield f"{key_shown(key)}: unknown key; {f'did you mean {close[0]}?' if close else 'leave it out'}"
        elif mistake := CHECKS[key](key, value):
            yield f"{key}: {mistake}"


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        return f"is {shown(value)}; give a text"
    return (
        f"has {len(value)} characters, at most {LONGEST_TEXT} are kept" if len(value) > LONGEST_TEXT else ""
    )


def _class(key: str, value: object) -> str:
    if isinstance(value, str) and value in time_classes():
        return ""
    return str(UnknownNameError("class of hardware", str(value), time_classes()))


def _profile(key: str, value: object) -> str:
    if isinstance(value, str) and value in hardware():
        return ""
    return unknown_profile(str(value))


def _date(key: str, value: object) -> str:
    try:
        datetime.date.fromisoformat(str(value))
    except ValueError:
        return f"is {shown(value)}; give a date such as 2026-12-01, in quotation marks"
    return "" if isinstance(value, str) else "is a bare date; write it in quotation marks"


def _format(key: str, value: object) -> str:
    if isinstance(value, str) and value in FORMATS:
        return ""
    return f"is {shown(value)}; give what was computed in: {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"


def _rows(key: str, value: object) -> str:
    least = WHOLE[key]
    whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= 10**9
    return "" if whole else f"is {shown(value)}; give a whole number of at least {least}"


def _number(key: str, value: object) -> str:
    low, high = BOUNDS[key]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(float(value)) and low <= float(value) <= high:  # type: ignore[arg-type]
        return ""
    return f"is {shown(value)}; give a number from {low:g} to {high:g}"


def _bounds_at(name: str) -> tuple[float, float]:
    facts = facts_of(Device, name)
    return facts["ge"], facts["le"]


BOUNDS: Mapping[str, tuple[float, float]] = FrozenDict(
    {
        **{
            name: _bounds_at(name)
            for name in ("flops_per_s", "moved_bytes_per_s", "launch_s", "backward_ratio")
        },
        "band_low_ratio": _bounds_at("time_low_ratio"),
        "band_high_ratio": _bounds_at("time_high_ratio"),
        "left_out_error_ratio": (0.0, 1e6),
    }
)
"""What a party takes, a file may hold."""
WHOLE: Mapping[str, int] = FrozenDict({"rows": 1, "backward_rows": 0})
"""Counts, and the least that each may be."""
CHECKS: Mapping[str, Callable[[str, object], str]] = FrozenDict(
    {
        **dict.fromkeys(("name", "machine", "software", "source", "licence"), _text),
        "number_format": _format,
        "hardware_class": _class,
        "profile": _profile,
        "date": _date,
        **dict.fromkeys(WHOLE, _rows),
        **dict.fromkeys(BOUNDS, _number),
    }
)
"""What is wrong with the value of each key, as a sentence, empty where nothing is."""
