"""What people measured: tables of splits, and the calibration files that they share, mutated."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Sequence

from cutwise.calibration.calibration_file import (
    Calibration,
    dump_calibration,
    parse_calibration,
)
from cutwise.calibration.shipped_calibrations import shipped_calibrations
from cutwise.calibration.splits.split_table import SplitRow, read_splits
from tests.fuzz.contract import InputKind
from tests.fuzz.mutations import mutated_text
from tests.fuzz.nasty import TOKENS
from tests.fuzz.truths import check_same

TABLES = (
    "Split point,Device (ms),Server (ms),Network (s)\nmaxpool,525,18.8,0.057\nlayer1,892,14.2,0.029\n",
    "cut;client;cloud;FLOP share (%)\na;0,5 s;18 ms;25\nb;;20 ms;50\n",
    "Model name\tSplit point\tPartition 1 exec time (s)\tTransfer Time (s)\nvgg\t3\t1.8\t0.2\nvgg\t4\t2\t\n",
    'layer,device,total\n"conv1, bn1",1e-3,2\n7,2 min,1\n',
)
VALUES = ("1", "0", "-1", "1e400", "nan", "true", "[]", "2026-12-01", '"x"', "1.5", '"cpu_x86"')
CELLS = ("1", "-1", "0", "1e400", "nan", "2 GB", "50 %", "1,5", "1.000", "3 ms", "", "layer1", "9999999")


def drawn_table(draw: random.Random) -> str:
    """A table of which a cell, a column, rows or letters were changed."""
    text = draw.choice(TABLES)
    if draw.random() < 0.4:
        return mutated_text(draw, text, TABLES)
    mark = max("\t;,", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=mark))
    row = draw.choice(rows)
    row[draw.randrange(len(row))] = draw.choice((*CELLS, draw.choice(TOKENS)))
    if draw.random() < 0.3:
        rows += rows[1:] * draw.choice((1, 20, 300))
    written = io.StringIO()
    csv.writer(written, delimiter=mark, lineterminator=draw.choice(("\n", "\r\n"))).writerows(rows)
    return written.getvalue()


def checked_table(text: str, rows: Sequence[SplitRow], _: random.Random) -> None:
    """Every row is a line, and every number one that can be computed with."""
    assert len(rows) <= len(text.splitlines()) - 1
    for row in rows:
        numbers = (row.device_s, row.server_s, row.network_s, row.share_ratio)
        assert all(number is None or (math.isfinite(number) and number >= 0) for number in numbers)
        assert row.cut or row.share_ratio is not None


def drawn_calibration(draw: random.Random) -> bytes:
    """A shipped calibration's file of which letters or a line were changed."""
    seeds = [dump_calibration(one) for one in shipped_calibrations().values()]
    lines = draw.choice(seeds).splitlines()
    if draw.random() < 0.5:
        return mutated_text(draw, "\n".join(lines), seeds).encode("utf-8", errors="surrogatepass")
    at = draw.randrange(len(lines))
    key = lines[at].partition(" = ")[0]
    lines[at] = f"{key} = {draw.choice(VALUES)}"
    return "\n".join(lines).encode()


def checked_calibration(_: bytes, found: Calibration, __: random.Random) -> None:
    """It comes back from its file, and its constants can be computed with."""
    check_same(parse_calibration(dump_calibration(found).encode()), found)
    assert all(math.isfinite(value) for value in found.rates.inverse)


SPLIT_TABLES = InputKind(name="split tables", drawn=drawn_table, read=read_splits, checked=checked_table)
CALIBRATION_FILES = InputKind(
    name="calibration files", drawn=drawn_calibration, read=parse_calibration, checked=checked_calibration
)
