"""A fleet's table: what the page shows pastes back, every mistake has its row."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.budgets import most
from cutwise.errors import ScenarioError
from cutwise.fields.readable_names import readable_name
from cutwise.hardware.profiles import hardware
from cutwise.scenario.fleet_columns import column_fields, column_title
from cutwise.scenario.fleet_csv import devices_of, fleet_text, parse_fleet
from cutwise.scenario.parties import Device
from cutwise.units import facts_of, hints_of
from tests.marked_names import MARKERS


def numbers(name: str) -> st.SearchStrategy[Any]:
    """Any number that the field takes, and its default."""
    facts = facts_of(Device, name)
    low, high = facts.get("ge", facts.get("gt")), facts.get("le", 1e300)
    if int in (hints_of(Device)[name],):
        return st.integers(int(low), int(high))
    return st.floats(low, high, exclude_min="gt" in facts).map(float)


TEXTS = {"name", "profile", "decoding", "power_mode", "time_class", "fitted_dtype"}
NUMERIC = [name for name in column_fields() if name not in {*TEXTS, "efficiency_ratio"}]
NAMES = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="a'\"=,\t \u00a0\u2009", max_size=6),
    st.sampled_from(MARKERS),
    st.sampled_from(["'", "'=1", "''=1", '"', '"a', "a,b"]),
)
DEVICES = st.builds(
    Device,
    name=NAMES,
    profile=st.sampled_from([None, *hardware()]),
    decoding=st.sampled_from([None, "phone", "jetson"]),
    power_mode=st.sampled_from(["", "optimised"]),
    **{
        name: st.one_of(st.just(next(f.default for f in fields(Device) if f.name == name)), numbers(name))
        for name in NUMERIC
    },
)


@given(st.lists(DEVICES, min_size=1, max_size=5))
def test_a_table_pastes_back_to_the_identical_fleet(devices: list[Device]) -> None:
    assert parse_fleet(fleet_text(devices)) == tuple(devices)
    assert all(device.name == readable_name(device.name) for device in devices)


def test_titles_units_and_cells_with_units_of_their_own() -> None:
    table = (
        "Name\tSpeed (GFLOP/s)\tMemory (GiB)\tdistance_m\tTransmit power (dBm)\tSamples (k)\n"
        "a\t1,500.5\t2\t1.5 km\t30\t1.2\n"
        "b\t2 TFLOP/s\t512 MB\t80\t200 mW\t\n"
    )
    first, second = parse_fleet(table)
    assert (first.flops_per_s, first.memory_bytes, first.distance_m) == (1500.5e9, 2 * 2**30, 1500.0)
    assert (first.transmit_power_w, first.samples) == (1.0, 1200)
    assert (second.flops_per_s, second.memory_bytes, second.distance_m) == (2e12, 512e6, 80.0)
    assert (second.transmit_power_w, second.samples) == (0.2, 1000)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Memory [GB]", {"memory_bytes": 5e9}), ("Memory / GiB", {"memory_bytes": 5 * 2.0**30}),
        ("Distance / km", {"distance_m": 5000.0}), ("Speed / GFLOP/s", {"flops_per_s": 5e9}),
        ("Kernel start (us)", {"launch_s": 5e-6}), ("Bytes moved [GB/s]", {"moved_bytes_per_s": 5e9}),
    ],
)  # fmt: skip
def test_a_unit_stands_in_brackets_or_behind_a_stroke(header: str, value: dict[str, float]) -> None:
    (device,) = parse_fleet(f"{header}\n5")
    assert {name: getattr(device, name) for name in value} == value


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("Memory [Hz]", "column 'Memory [Hz]': “Hz” is no unit of a size (b is a bit, B is a byte); give"),
        ("Distance / h", "column 'Distance / h': “h” is no unit of a distance; give 120 m or 1.5 km"),
        ("Memory (GB) [MB]", "column 'Memory (GB) [MB]': has the units GB and MB; keep one of them"),
        ("Samples [min]", "column 'Samples [min]': “min” is no unit"),
        ("memory_gb", "column 'memory_gb': sizes are in bytes; write memory_bytes"),
    ],
)
def test_a_unit_of_something_else_is_refused_with_its_column(header: str, says: str) -> None:
    with pytest.raises(ScenarioError) as told:
        parse_fleet(f"{header}\n5")
    assert str(told.value).startswith(f"fleet: {says}")


def test_a_point_is_a_decimal_one() -> None:
    assert parse_fleet("distance_m,samples\n1.000,1")[0].distance_m == 1.0
    assert parse_fleet("distance_m\tmemory_bytes\n1.000\t0.5e9")[0].distance_m == 1.0
    assert parse_fleet("distance_m\tsamples\n1.000.000e-1\t1.000.000")[0].samples == 1_000_000


@pytest.mark.parametrize(
    "table",
    ["distance_m;samples\n1.000;5", "distance_m\tsamples\n5\t1.000", "samples\n1.000", "distance_m\n1.000",
     "distance_m,samples\n5,1.000", "distance_m;memory_bytes\n1.000;1,5e9"],
)  # fmt: skip
def test_a_point_that_may_be_a_thousands_is_refused(table: str) -> None:
    with pytest.raises(ScenarioError, match=r"“1\.000.*” can mean 1000 or 1\.000"):
        parse_fleet(table)


def test_an_open_quotation_mark_swallows_no_rows() -> None:
    rows = "\n".join(f"d{number},5" for number in range(30))
    with pytest.raises(ScenarioError, match="row 1: a cell in quotation marks goes over several lines"):
        parse_fleet(f'name,samples\n"{rows}\nlast",5')


@pytest.mark.parametrize("title", [column_title(name) for name in column_fields()])
def test_every_title_names_its_field(title: str) -> None:
    name = next(name for name in column_fields() if column_title(name) == title)
    texts = {"name": "a", "profile": "jetson_nano", "decoding": "phone", "power_mode": "5W", "samples": "5"}
    texts |= {"time_class": "cpu_x86", "time_high_ratio": "1.5", "fitted_dtype": "fp16"}
    cell = texts.get(name, "0.5")
    speed = ("\tflops_per_s", "\t1e9") if name == "fitted_dtype" else ("", "")
    assert getattr(parse_fleet(f"{title}{speed[0]}\n{cell}{speed[1]}")[0], name) not in {"", None}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("name,name\na,b", "fleet: column 'name' is name once more; keep one column of it"),
        ("Memory (GB)\tmemory_bytes\n1\t2", "fleet: column 'memory_bytes' is memory_bytes once more; keep"),
        ("name,samples\na,1\nb", "fleet, row 2: cells: 1, column names: 2; give one cell under each name"),
        ("name,samples\na,1,2", "fleet, row 1: cells: 3, column names: 2; give one cell under each name"),
        ('name,samples\na,1\n"b,2\nc,3', "fleet, row 2: a quotation mark is open; close it, or leave it out"),
        ('"name,samples\na,1', "fleet, column names: a quotation mark is open; close it, or leave it out"),
        ("name,samples\na,nan", "fleet, row 1: samples: “nan” is not a number"),
        ("Distance (m)\ninf", "fleet, row 1: distance_m: “inf” is not a number for a distance"),
        ("Distance (m)\n1e400", "fleet, row 1: distance_m: “1e400 m” is too large"),
        ("Name\tDistance (m)\na\t1,500", "fleet, row 1: distance_m: “1,500 m” can mean"),
        ("Memory (GFLOP)\n1", "fleet: column 'Memory (GFLOP)': “GFLOP” is no unit of a size"),
        ("Name (GB)\na", "fleet: column 'Name (GB)': has no unit, as it holds no numbers; write Name"),
        ("name\n", "fleet: give a first row with column names"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(table: str, says: str) -> None:
    with pytest.raises(ScenarioError) as told:
        parse_fleet(table)
    assert told.value.mistakes[0].startswith(says)


def test_long_cells_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"row 1: a cell has 1,001 characters"):
        parse_fleet("name\n" + "n" * (most("fleet_cell_characters") + 1))
    with pytest.raises(ScenarioError, match="quotation mark"):
        parse_fleet('name\n"' + "n" * 200_000)


def test_a_sheet_computes_no_name() -> None:
    names = [device for device in MARKERS if device.startswith(("=", "+", "@"))]
    rows = fleet_text([Device(name=name) for name in names]).splitlines()[1:]
    assert all(row.lstrip('"').startswith("'") for row in rows)


def test_rows_beyond_the_budget_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four million rows are as quick to refuse as ten thousand and one: no more are kept."""
    tracemalloc.start()
    with pytest.raises(ScenarioError, match=r"^fleet: has more rows, at most 10,000 are planned at once"):
        parse_fleet("a\n" * 4_000_000)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 60e6  # the text as it is read, four bytes a character, and 10,000 rows
    with pytest.raises(ScenarioError, match="has more rows"):
        parse_fleet("name\n" + "a\n" * 10_001)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name;samples;\na;5;\n", "fleet: column 3 has no name; give it one, or take the column out"),
        ("name, ,samples\na,,5\n", "fleet: column 2 has no name; give it one, or take the column out"),
        ("name\n" + "x" * 200_000, "fleet, row 1: a cell has more characters, at most 1,000 are read"),
        ("name\n" + "x" * 2_000, "fleet, row 1: a cell has 2,000 characters, at most 1,000 are read"),
        ('name\n"a', "fleet, row 1: a quotation mark is open; close it, or leave it out"),
    ],
)
def test_what_a_row_is_refused_for_is_what_is_wrong_with_it(text: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse_fleet(text)
    assert len(refused.value.mistakes) == 1
    assert refused.value.mistakes[0].startswith(sentence)


def test_a_whole_number_may_be_given_with_decimals_that_are_zeros_and_never_without_an_end() -> None:
    assert devices_of([{"samples": 500.0}])[0].samples == 500
    for number in (2.5, float("inf")):
        with pytest.raises(ScenarioError, match=r"^fleet, row 1: samples: "):
            devices_of([{"samples": number}])


def test_a_point_means_what_the_page_of_formats_says() -> None:
    assert parse_fleet("name,distance_m\na,1.000")[0].distance_m == 1.0
    assert parse_fleet("name;distance_m\na;1.0000")[0].distance_m == 1.0
    assert parse_fleet("name;distance_m\na;1.000\nb;2.5")[0].distance_m == 1.0
    for text in ("name;distance_m\na;1.000", "name\tdistance_m\na\t1.000", "name,samples\na,1.000"):
        with pytest.raises(ScenarioError, match=r"“1\.000” can mean 1000 or 1\.000"):
            parse_fleet(text)
