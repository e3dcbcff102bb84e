"""Quantities as people type them: read strictly, as the page's own formats are, or refused with a reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.errors import QuantityError
from cutwise.fields.typed_number import UNITS, typed_number
from cutwise.units import UNITS as SYMBOLS
from cutwise_dashboard.format import quantity_text, seconds_text

READ = [
    ("5 min", "s", 300), ("1 h 30 min", "s", 5400), ("1h30min", "s", 5400), ("90", "s", 90),
    ("5 ms", "s", 5e-3),
    ("5 µs", "s", 5e-6), ("2 days", "s", 172_800), ("3 min 41 s", "s", 221), ("2 GB", "bytes", 2e9),
    ("512 MiB", "bytes", 512 * 2**20), ("1,5 GB", "bytes", 1.5e9), ("1 500 MB", "bytes", 1.5e9),
    ("1\u202f500 MB", "bytes", 1.5e9), ("4e9", "bytes", 4e9), ("2 Gbit", "bytes", 2.5e8),
    ("2G", "bytes", 2e9),
    ("300 Mbit/s", "bps", 3e8), ("300 Mbps", "bps", 3e8), ("300 MB/s", "bps", 2.4e9), ("100 M", "bps", 1e8),
    ("1.2 TFLOP/s", "flops_per_s", 1.2e12), ("35.6 TFLOPS", "flops_per_s", 35.6e12), ("20 MHz", "hz", 2e7),
    ("200 mW", "w", 0.2), ("30 dBm", "w", 1.0), ("5 kJ", "j", 5e3), ("2 Wh", "j", 7200),
    ("1.5 km", "m", 1500),
    ("-90 dBm", "dbm", -90), ("−5 dB", "db", -5), ("25 %", "ratio", 0.25), ("0,25", "ratio", 0.25),
    ("1.2 k", "count", 1200), ("1,000,000", "count", 1e6), ("1.234,5", "count", 1234.5), ("1'000", "", 1000),
    ("5.", "count", 5), (".5", "ratio", 0.5), (" 60 GB/s ", "bytes_per_s", 6e10), ("4 GFLOP", "flops", 4e9),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unit", "number"), READ)
def test_what_people_type_is_read(text: str, unit: str, number: float) -> None:
    assert typed_number(text, unit) == pytest.approx(number, rel=1e-15)


REFUSED = [
    ("5 m", "s", "“m” is no unit of a time; give 90 s, 5 min or"),
    ("5 Min", "s", "“Min” is no unit of a time"),
    ("12 GB", "s", "“GB” is no unit of a time"),
    ("1,500 MB", "bytes", "can mean 1500 or 1.500; write it without the comma"),
    ("2 Gb", "bytes", "“Gb” is no unit of a size (b is a bit, B is a byte)"),
    ("20 mbps", "bps", "“mbps” would be parts of a unit, and M is mega"),
    ("2 min", "bytes", "“min” is no unit of a size"),
    ("", "s", "nothing is given; give 90 s"),
    ("nan", "s", "is not a number for a time"),
    ("inf", "bytes", "is not a number for a size"),
    ("1e400", "s", "“1e400” is too large to compute with"),
    ("400 dBW", "m", "is no unit of a distance"),
    ("1e5 dBm", "w", "is too large to compute with"),
    ("2 3", "bytes", "“2 3” holds 2 numbers; give one"),
    ("41 s 3 min", "s", "holds 2 numbers"),
    ("5 min -3 s", "s", "holds 2 numbers"),
    ("5 min 5 min", "s", "holds 2 numbers"),
    ("1h30", "s", "holds 2 numbers"),
    ("1.2.3", "count", "holds 2 numbers"),
    ("0x10", "count", "holds 2 numbers"),
    ("٣ s", "s", "is not a number"),
    ("__import__('os')", "s", "is not a number"),
    ("9" * 10**6, "s", "…” is not a number"),
    ("5 <b>", "s", "“<b>” is no unit of a time"),
]


@pytest.mark.parametrize(("text", "unit", "says"), REFUSED, ids=[row[0][:12] for row in REFUSED])
def test_what_could_mean_something_else_is_refused_in_one_sentence(text: str, unit: str, says: str) -> None:
    with pytest.raises(QuantityError) as caught:
        typed_number(text, unit)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_every_unit_of_a_field_can_be_typed() -> None:
    assert set(SYMBOLS) | {""} == set(UNITS)


SHOWN_WITH_PREFIX = sorted(set(SYMBOLS) - {"s", "db", "dbm", "ratio"})


@pytest.mark.parametrize("unit", SHOWN_WITH_PREFIX)
@given(number=st.floats(1.0, 1e15))
def test_the_formats_of_the_page_are_read_back(unit: str, number: float) -> None:
    """To the three figures that it shows."""
    assert typed_number(quantity_text(number, SYMBOLS[unit]), unit) == pytest.approx(number, rel=6e-3)


@pytest.mark.parametrize("unit", ["w", "j", "m", "hz"])
@given(number=st.floats(1e-6, 1.0))
def test_small_quantities_of_the_page_are_read_back(unit: str, number: float) -> None:
    assert typed_number(quantity_text(number, SYMBOLS[unit]), unit) == pytest.approx(number, rel=6e-3)


@given(number=st.floats(1e-6, 1e9))
def test_durations_of_the_page_are_read_back(number: float) -> None:
    assert typed_number(seconds_text(number), "s") == pytest.approx(number, rel=6e-3, abs=0)


@given(number=st.floats(allow_nan=False, allow_infinity=False), unit=st.sampled_from(sorted(UNITS)))
def test_a_bare_number_is_in_the_unit_itself_to_the_last_digit(number: float, unit: str) -> None:
    assert typed_number(repr(number), unit) == number


@given(text=st.text(max_size=30), unit=st.sampled_from(sorted(UNITS)))
def test_any_text_is_a_finite_number_or_one_sentence(text: str, unit: str) -> None:
    said = "\n"
    try:
        said = str(math.isfinite(typed_number(text, unit)))
    except QuantityError as error:
        said = str(error)
    assert said != "False"
    assert "\n" not in said
