"""Fleets as tables: pasted with tabs, commas and semicolons, under fields and titles, mutated."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from functools import cache

from cutwise.scenario.fleet_csv import fleet_text, parse_fleet
from cutwise.scenario.parties import Device
from tests.core.stated_questions import random_fleet
from tests.fuzz.contract import InputKind
from tests.fuzz.mutations import mutated_text
from tests.fuzz.nasty import TOKENS
from tests.fuzz.truths import check_bounds, check_same

RANDOM, MOST_DEVICES, MOST_ROWS = 12, 6, 400
TYPED = (
    "name,flops_per_s,samples\nphone,2e12,500\nboard,1e11,20\n",
    "Name;Memory (GB);Samples\nphone;1,5;100\nboard;512 MiB;2 k\n",
    "Name\tDistance (m)\tMemory (MB)\na\t10.25\t500\nb\t1 km\t2 GB\n",
    'profile,samples,transmit_power_w,name\njetson_tx2,500,23 dBm,\'=a\nrtx_4090,1200,0.2,"b, c"\n',
    'name\tsamples\r\n"a ""b"""\t5\r\n\'+1\t7\r\n',
)
CELLS = (
    "1",
    "-1",
    "0",
    "1e9",
    "1e400",
    "nan",
    "2 GB",
    "50 %",
    "23 dBm",
    "1,5",
    "1.5",
    "1.000",
    "1.000,5",
    "12.345.678",
    "",
)


@cache
def seeds() -> tuple[str, ...]:
    """Tables that can be read."""
    rng = random.Random(14)
    return (*TYPED, *(fleet_text(random_fleet(rng, rng.randint(1, MOST_DEVICES))) for _ in range(RANDOM)))


def drawn(draw: random.Random) -> str:
    """A table of which cells, columns, rows or letters were changed."""
    text = draw.choice(seeds())
    if draw.random() < 0.5:
        return mutated_text(draw, text, seeds())
    delimiter = draw.choice("\t\t,;")
    rows = list(
        csv.reader(io.StringIO(text, newline=""), delimiter=max("\t,;", key=text.partition("\n")[0].count))
    )
    for _ in range(draw.choice((0, 1, 1, 2, 5))):
        rows = _changed(draw, rows)
    written, ending = io.StringIO(), draw.choice(("\n", "\n", "\r\n"))
    csv.writer(written, delimiter=delimiter, lineterminator=ending).writerows(rows[:MOST_ROWS])
    return written.getvalue()


def _changed(draw: random.Random, rows: list[list[str]]) -> list[list[str]]:
    row, width = draw.randrange(len(rows)), max(1, min(map(len, rows)))
    at = draw.randrange(width)
    match draw.randrange(6):
        case 0 | 1 if at < len(rows[row]):
            rows[row][at] = draw.choice((*CELLS, draw.choice(TOKENS)))
        case 2:
            rows = [[cell for n, cell in enumerate(cells) if n != at] or [""] for cells in rows]
        case 3:
            rows = [[*cells, *cells[at : at + 1]] for cells in rows]
        case 4:
            rows = rows + rows[1:] * draw.choice((1, 3, 30))
        case _:
            rows = [rows[0], *draw.sample(rows[1:], len(rows) - 1)]
    return rows


def checked(text: str, devices: Sequence[Device], _: random.Random) -> None:
    """The fleet comes back from its table, every row is a device, and its name stands in it."""
    for device in devices:
        check_bounds(device)
    check_same(parse_fleet(fleet_text(devices)), tuple(devices))
    lines = [line for line in text.replace("\r", "\n").split("\n")[1:] if line.strip("\t,; '\"")]
    assert len(devices) <= len(lines), f"{len(lines)} lines became {len(devices)} devices"


FLEETS = InputKind(name="fleets", drawn=drawn, read=parse_fleet, checked=checked)
