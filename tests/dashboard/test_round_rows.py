"""Rounds on one time axis: bars end where the plan ends, alike rows are one, what is left out is told."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import cutwise
from cutwise.plans.plan import Plan
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.reports.round_timeline import round_timeline
from cutwise_dashboard.side_by_side.kept_rounds import rounds_of
from cutwise_dashboard.side_by_side.question_columns import Column
from cutwise_dashboard.side_by_side.round_rows import (
    MOST_ROWS,
    PartBar,
    RoundRow,
    RoundShown,
    round_shown,
)

SCHEMES: dict[str, dict[str, Any]] = {
    "fast_split": {}, "split_federated": {}, "gsfl": {"groups": 3}, "cluster_parallel": {"clusters": 2},
    "sft": {}, "u_shape": {}, "device_only": {}, "split_llm": {},
}  # fmt: skip


def plan_of(scheme: str, name: str = "lecture_hall", sample: str = "resnet18", **options: Any) -> Plan:
    return cutwise.plan(cutwise.load_model(f"sample:{sample}"), shipped_scenario(name), scheme, **options)


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_the_last_bar_ends_with_the_round_and_every_second_of_a_turn_is_in_a_bar(scheme: str) -> None:
    plan = plan_of(scheme, **SCHEMES[scheme])
    shown = round_shown("one", plan)
    ends_s = [max(bar.start_s + bar.length_s for bar in row.bars) for row in shown.rows]
    assert max(ends_s) == pytest.approx(plan.delay_s, rel=1e-9)
    assert [row.end_s for row in shown.rows] == pytest.approx(ends_s, rel=1e-9)
    if all(row.alike == 1 for row in shown.rows) and not shown.left_out:
        drawn_s = sum(bar.length_s for row in shown.rows for bar in row.bars)
        assert drawn_s == pytest.approx(sum(float(stage.delay_s) for stage in plan.stages), rel=1e-9)
    assert sorted(name for row in shown.rows for name in row.devices)[0] in {
        decision.device for decision in plan.decisions
    }


def test_bars_of_a_row_do_not_overlap() -> None:
    for scheme, options in SCHEMES.items():
        for row in round_shown("one", plan_of(scheme, **options)).rows:
            for before, after in zip(row.bars, row.bars[1:], strict=False):
                assert after.start_s >= before.start_s + before.length_s - 1e-9 * row.end_s


def test_many_devices_are_few_rows_and_those_left_out_are_counted() -> None:
    plan = plan_of("split_federated", "campus_cell")
    shown = round_shown("one", plan)
    assert len(shown.rows) == MOST_ROWS
    left_out = int(re.search(r"and (\d+) more", shown.left_out).group(1))  # type: ignore[union-attr]
    assert left_out + sum(row.alike for row in shown.rows) == 30


def test_twins_are_one_row() -> None:
    hall = shipped_scenario()
    twins = replace(hall, devices=tuple(replace(hall.devices[0], name=f"pi-{n}") for n in range(40)))
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), twins, "split_federated")
    (row,) = round_shown("one", plan).rows
    assert (row.alike, row.name) == (40, "pi-0 · 40 alike")


def test_turns_too_short_to_be_seen_are_drawn_together_without_a_second_less() -> None:
    (row,) = round_shown("one", plan_of("fast_split", "campus_cell")).rows
    few = row.drawn(row.end_s)
    assert len(few) <= 5 < len(row.bars)
    assert few[-1].start_s + few[-1].length_s == pytest.approx(row.end_s, rel=1e-9)
    assert row.drawn(0.0) == row.bars


def test_names_are_text_and_places_are_shares_of_the_longest_round() -> None:
    hall = shipped_scenario()
    marked = replace(hall, devices=(replace(hall.devices[0], name="<b>x</b>"),))
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), marked)
    longer = RoundShown(name="<i>longer</i>", delay_s=2 * plan.delay_s)
    html = round_timeline([round_shown("short", plan), longer], alt="rounds")
    assert "<b>x</b>" not in html
    assert "&lt;i&gt;longer" in html
    ends = [float(a) + float(b) for a, b in re.findall(r"left:([\d.]+)%;width:([\d.]+)%", html)]
    assert max(ends) == pytest.approx(50.0, abs=0.01)


def test_columns_are_named_by_what_differs_and_by_their_scenario_and_one_without_a_plan_says_why() -> None:
    first = cutwise.load_question("library:lecture_hall")
    hospital = cutwise.load_question("library:hospital")
    columns = [
        Column(stated=first, plan=plan_of("fast_split")),
        Column(stated=hospital, refused="no model"),
    ]
    shown, refused = rounds_of(columns)
    assert shown.name.startswith("1 · Lecture hall: ")
    assert "ResNet-18" in shown.name
    assert refused.head.endswith("no model")


def bar_of(start_s: float, length_s: float) -> PartBar:
    return PartBar(part="Uplink", start_s=start_s, length_s=length_s, text="")


def test_a_row_waits_between_its_bars_and_until_the_round_has_ended() -> None:
    row = RoundRow(devices=("a",), bars=(bar_of(0.0, 2.0), bar_of(5.0, 1.0), bar_of(6.0, 1.0)), end_s=7.0)
    waits = row.waits(10.0)
    assert [(one.start_s, one.length_s) for one in waits] == [(2.0, 3.0), (7.0, 3.0)]
    assert [one.text for one in waits] == ["a: waiting for the others 3 s"] * 2
    assert len(row.waits(7.0)) == 1


def row_of(delay_s: float) -> RoundRow:
    return RoundRow(devices=("a",), bars=(bar_of(0.0, delay_s),), end_s=delay_s)


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_work_and_waiting_of_every_row_fill_the_round(scheme: str) -> None:
    plan = plan_of(scheme, **SCHEMES[scheme])
    for row in round_shown("one", plan).rows:
        spans = sum(bar.length_s for bar in (*row.bars, *row.waits(plan.delay_s)))
        assert spans == pytest.approx(plan.delay_s, rel=1e-6)


def test_rounds_of_milliseconds_and_hours_stand_on_one_axis_and_the_short_ones_also_enlarged() -> None:
    """Of 10 h, 1 h is seen; of 36 s and 18 s the longer sets the axis, a thousandth of the first."""
    delays = {"ten": 36_000.0, "one": 3600.0, "short": 36.0, "shorter": 18.0, "tiny": 1e-3}
    shown = [
        RoundShown(name=name, delay_s=delay_s, rows=(row_of(delay_s),)) for name, delay_s in delays.items()
    ]
    html = round_timeline(shown, alt="rounds")
    parts = re.split(r'<div class="round">', html)[1:]
    assert [re.findall(r"enlarged ([\d.,]+(?: million)?) times", part) for part in parts] == [
        [], [], ["1,000"], ["1,000"], ["36 million"]
    ]  # fmt: skip
    widths = [re.findall(r'"bar (\w[\w-]*)" style="left:[\d.]+%?;width:([\d.]+)%', part) for part in parts]
    assert [(kind == "mark", float(width)) for part in widths for kind, width in part] == [
        (False, 100.0), (False, 10.0), (True, 0.1), (False, 100.0), (True, 0.05), (False, 50.0),
        (True, 0.0), (False, 100.0),
    ]  # fmt: skip
