"""What a broken limit is said to need and to have, in the fewest digits that tell the two apart."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutwise
from cutwise.planning.one_device.device_limits import SHOWN, told_apart, violation
from cutwise.scenario.parts import Limits, Scenario

AMOUNTS = st.floats(min_value=1e-18, max_value=1e30)
MORE = st.one_of(st.floats(min_value=1e-16, max_value=1e3), st.just(0.0))


@given(has=AMOUNTS, more=MORE, unit=st.sampled_from(sorted(SHOWN)))
def test_what_needs_more_than_there_is_never_reads_the_same(has: float, more: float, unit: str) -> None:
    needs = max(has * (1 + more), math.nextafter(has, math.inf))
    needed, there = told_apart(needs, has, unit)
    assert needed.split()[1:] == there.split()[1:]
    assert float(needed.split()[0]) > float(there.split()[0])


@pytest.mark.parametrize(
    ("needs", "has", "unit", "read"),
    [
        (906_400_000.0, 905_600_000.0, "memory", ("0.9064 GB", "0.9056 GB")),
        (5.1e9, 4e9, "memory", ("5.1 GB", "4 GB")),
        (12.0401, 12.04, "energy", ("12.0401 J", "12.04 J")),
        (1_000_001.0, 1_000_000.0, "traffic", ("1.000001 MB", "1 MB")),
        (3.0000001, 3.0, "deadline", ("3.0000001 s", "3 s")),
        (0.010002, 0.01, "accuracy", ("1.0002 points", "1 points")),
        (0.02, 0.01, "accuracy", ("2 points", "1 points")),
    ],
)
def test_as_many_digits_as_it_takes(needs: float, has: float, unit: str, read: tuple[str, str]) -> None:
    assert told_apart(needs, has, unit) == read
    needed, there = read
    sentence = violation(rule="limit", where="phone", needs=needs, has=has, unit=unit).sentence
    assert sentence == f"phone: limit needs {needed}, has {there}"


def test_what_is_the_same_is_said_in_three_digits() -> None:
    assert told_apart(1.23456e9, 1.23456e9, "memory") == ("1.23 GB", "1.23 GB")


@pytest.mark.parametrize("short_ratio", [1e-3, 1e-5, 1e-8])
def test_a_plan_that_hardly_misses_says_by_how_much(short_ratio: float) -> None:
    graph, scenario = cutwise.load_model("sample:two_tower"), Scenario()
    plan = cutwise.plan(graph, scenario, "device_only")
    stage = plan.stages[0]
    device = scenario.devices[0]
    given = Limits(
        deadline_s=plan.delay_s * (1 - short_ratio),
        device_energy_j=(stage.device_energy_j + stage.radio_energy_j) * (1 - short_ratio),
        traffic_bytes=stage.traffic_bytes * (1 - short_ratio),
    )
    memory = stage.device_memory.total_bytes * (1 - short_ratio)
    tight = replace(scenario, limits=given, devices=(replace(device, memory_bytes=memory),))
    broken = cutwise.plan(graph, tight, "device_only").violations
    assert {found.rule for found in broken} == {"device memory", "device energy", "traffic", "deadline"}
    for found in broken:
        needed, there = found.sentence.split(" needs ")[1].split(", has ")
        assert needed != there
        assert needed.split()[1] == there.split()[1]
