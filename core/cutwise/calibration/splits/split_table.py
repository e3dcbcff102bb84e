"""A pasted table of splits: where the model was cut, and the seconds of device, server and network."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cutwise.budgets import beyond, bounded, most
from cutwise.errors import QuantityError, ScenarioError, shown
from cutwise.fields.column_units import time_unit, titled
from cutwise.fields.readable_names import readable_text
from cutwise.fields.typed_number import typed_number
from cutwise.frozen import FrozenDict

LONGEST_CUT = 200
WORDS: Mapping[str, str] = FrozenDict(
    {
        "model": r"model( name)?",
        "network": r".*\b(network|transfer|transmission|communication|comm|upload|uplink|link|tx)\b.*",
        "share": r".*\bshare\b.*",
        "device": r".*\b(partition 1|device|client|local|head|mobile|phone)\b.*",
        "server": r".*\b(partition 2|server|cloud|remote|tail|edge)\b.*",
        "cut": r".*\b(split|cut|layer|point|partition|after|position|op)\b.*",
    }
)
"""What a column's name says, in the order in which it is asked."""
SHARES = frozenset({"%", "percent", "ratio", "0-1", "0 to 1", "1", "-"})
"""What a column of shares may have in the place of its unit."""
TIMES = ("device", "server", "network")
NO_COLUMNS = (
    "splits: name the columns in the first row: a cut, and seconds of device, server or network, for example "
    "cut, device (s), server (s), network (s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    """One measured split; None where nothing was measured.

    `cut` is what the table says of the place: names of ops or blocks, or the number of a cut position;
    `share_ratio` the device's share of the forward FLOPs, where the table says so.
    """

    cut: str
    device_s: float | None = None
    server_s: float | None = None
    network_s: float | None = None
    share_ratio: float | None = None


def read_splits(text: str) -> tuple[SplitRow, ...]:
    """The rows of a pasted table; commas, semicolons or tabs, as a spreadsheet gives them.

    The first row names the columns in words of the field, with the unit of the numbers below; a cell may have
    a unit of its own. Columns that mean nothing here are passed over. Raises `ScenarioError` with every
    mistake and its row, a unit that is none of a time among them.

    >>> read_splits("Split point,Device (ms),Server (ms),Network (s)\\nlayer1,520,18.8,0.057")[0].device_s
    0.52
    """
    header, *rows = _rows(text)
    columns = _columns(header)
    if repeated := sorted({one for one, _ in columns if one and [c for c, _ in columns].count(one) > 1}):
        raise ScenarioError([f"splits: two columns name the {repeated[0]}; leave one out"])
    known = {name for name, _ in columns}
    if not known & {"cut", "share"} or not known & set(TIMES):
        raise ScenarioError([NO_COLUMNS])
    read, mistakes = [], []
    for number, row in enumerate(rows, start=1):
        found, wrong = _row(row, columns, len(header))
        mistakes += [f"splits, row {number}: {mistake}" for mistake in wrong]
        read.append(found)
    models = {str(found.get("model", "")) for found in read}
    if not mistakes and len(models) > 1:
        mistakes = [f"splits: rows are of {len(models)} models; paste those of one"]
    if mistakes:
        raise bounded(mistakes)
    return tuple(_split_row(found) for found in read)


def _split_row(found: Mapping[str, str | float]) -> SplitRow:
    seconds = {f"{name}_s": float(found[name]) for name in TIMES if name in found}
    share = float(found["share"]) if "share" in found else None
    return SplitRow(cut=str(found.get("cut", "")), share_ratio=share, **seconds)


def _columns(header: Sequence[str]) -> list[tuple[str, str]]:
    """What each column is, empty where it is nothing, and the unit of its numbers."""
    found, mistakes = [], []
    for name in header:
        try:
            found.append(_column(name))
        except QuantityError as error:
            mistakes.append(f"splits: column {shown(name.strip())}: {error}")
    if mistakes:
        raise bounded(mistakes)
    return found


def _column(name: str) -> tuple[str, str]:
    title, places = titled(name)
    meant = _meant(title) or _meant(name)
    if meant == "share":
        return meant, _unit_of_shares(name, places)
    return meant, time_unit(name, is_word=lambda text: bool(_meant(text)))[1] if meant in TIMES else ""


def _meant(name: str) -> str:
    words = " ".join(re.findall(r"[a-z]+|\d+", name.lower()))
    return next((key for key, pattern in WORDS.items() if re.fullmatch(pattern, words)), "")


def _unit_of_shares(name: str, places: Sequence[str]) -> str:
    """Raises `QuantityError` for what is no unit of a share."""
    if wrong := next((one for one in places if one.lower() not in SHARES), None):
        raise QuantityError(f"{shown(wrong)} is no unit of a share; write % in its place, or nothing")
    return "%" if re.search(r"%|\bpercent\b", name.lower()) else ""


def _row(
    row: Sequence[str], columns: Sequence[tuple[str, str]], width: int
) -> tuple[dict[str, str | float], list[str]]:
    if len(row) != width:
        return {}, [f"cells: {len(row)}, column names: {width}; give one cell under each name"]
    found: dict[str, str | float] = {}
    mistakes: list[str] = []
    for (meant, unit), cell in zip(columns, row, strict=True):
        text = cell.strip()
        if not meant or not text:
            continue
        if meant in ("cut", "model"):
            found[meant] = readable_text(text, longest=LONGEST_CUT)
            continue
        try:
            found[meant] = _number(text, unit, meant)
        except QuantityError as error:
            mistakes.append(f"{meant}: {error}")
    if not mistakes and not found.keys() & {"cut", "share"}:
        mistakes.append(
            "says of no cut what was measured; name the op or block behind which the model was cut"
        )
    return found, mistakes


def _number(text: str, unit: str, meant: str) -> float:
    bare = bool(re.fullmatch(r"[\d.,eE+\-−' ]+", text))
    number = typed_number(f"{text} {unit}" if bare and unit else text, "ratio" if meant == "share" else "s")
    if number < 0 or (meant == "share" and number > 1):
        raise QuantityError(f"{shown(text)} is {'below 0' if number < 0 else 'above 1'}; correct it")
    return number


def _rows(text: str) -> list[list[str]]:
    """The rows that hold anything, the column names first."""
    if len(text) > most("splits_characters"):
        raise ScenarioError([f"splits: {beyond('splits_characters', len(text))}"])
    lines = text.strip("\r\n\ufeff")
    first = lines.partition("\n")[0]
    try:
        delimiter = max("\t;,", key=first.count)
        rows = [row for row in csv.reader(io.StringIO(lines), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise ScenarioError([f"splits: is no table ({error}); close or leave out quotation marks"]) from None
    if len(rows) < 2:
        raise ScenarioError([NO_COLUMNS])
    if len(rows) - 1 > most("splits_rows"):
        raise ScenarioError([f"splits: {beyond('splits_rows', len(rows) - 1)}"])
    return rows
