from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks, sequential_tasks
from cutwise.simulation.task_builder import TaskBuilder
from cutwise.simulation.tasks import KINDS, Resource
from cutwise.simulation.trace import Trace
from cutwise.simulation.turns import Turns
from cutwise_dashboard.charts.gantt import PART_OF_KIND, ROLE_OF_PART, TaskBar, gantt_figure, gantt_info
from cutwise_dashboard.charts.palette import ROLES, color_of

SECONDS = {
    "model_down_s": 0.0,
    "device_forward_s": 1.0,
    "uplink_s": 1.0,
    "server_s": 2.0,
    "server_alone_s": 2.0,
    "downlink_s": 1.0,
    "device_backward_s": 1.0,
    "model_up_s": 0.0,
    "uplink_latency_s": 0.0,
    "downlink_latency_s": 0.0,
}


def alike(count: int, *, iterations: int = 1, names: tuple[str, ...] = (), **seconds: Any) -> Turns:
    """Devices whose iterations are 1 + 1 + 2 + 1 + 1 s unless other seconds are given."""
    columns: Any = {name: np.broadcast_to(value, count) for name, value in {**SECONDS, **seconds}.items()}
    devices = names or tuple(f"d{i}" for i in range(count))
    return Turns(devices=devices, iterations=np.full(count, iterations), **columns)


def empty() -> Trace:
    return simulate(TaskBuilder().build())


def bars_of(trace: Trace, row: str, **limits: int) -> list[TaskBar]:
    info = gantt_info(trace, **limits)
    return [bar for bar in info.bars if bar.row == info.rows.index(row)]


def test_every_kind_of_task_has_a_part_and_every_part_a_colour_of_its_own():
    assert set(PART_OF_KIND) == set(KINDS)
    assert set(PART_OF_KIND.values()) < set(ROLE_OF_PART)
    assert set(ROLE_OF_PART.values()) <= set(ROLES)
    assert len({color_of(role) for role in ROLE_OF_PART.values()}) == len(ROLE_OF_PART)


def test_a_device_whose_stages_follow_each_other_has_one_row():
    trace = simulate(parallel_tasks(alike(2)))
    assert gantt_info(trace).rows == ("d0", "d1")
    assert [(bar.part, bar.start_s, bar.length_s) for bar in bars_of(trace, "d0")] == [
        ("Device forward", 0, 1),
        ("Uplink", 1, 1),
        ("Server computing", 2, 2),
        ("Downlink", 4, 1),
        ("Device backward", 5, 1),
    ]


def test_a_shared_server_has_the_first_row_and_waiting_is_drawn_where_the_device_is():
    trace = simulate(parallel_tasks(alike(2), server="queue"))
    assert gantt_info(trace).rows == ("server", "d0", "d1")
    assert [(bar.start_s, bar.text) for bar in bars_of(trace, "server")] == [
        (2, "d0 · Server computing · iteration 1"),
        (4, "d1 · Server computing · iteration 1"),
    ]
    waiting = [bar for bar in bars_of(trace, "d1") if bar.part == "Waiting"]
    assert [(bar.start_s, bar.length_s, bar.text) for bar in waiting] == [
        (2, 2, "d1 · Waiting for server · iteration 1")
    ]


def test_a_server_for_two_has_two_rows_and_no_two_bars_of_a_row_overlap():
    trace = simulate(parallel_tasks(alike(5, iterations=3), server="queue", server_capacity=2))
    info = gantt_info(trace)
    assert info.rows[:3] == ("server 1", "server 2", "d0")
    for row in range(len(info.rows)):
        bars = [bar for bar in info.bars if bar.row == row]
        for before, after in pairwise(bars):
            assert before.start_s + before.length_s <= after.start_s


def test_a_device_that_overlaps_its_stages_has_a_row_for_each_lane():
    trace = simulate(parallel_tasks(alike(2), micro_batches=2))
    assert gantt_info(trace).rows == (
        "d0 computing", "d0 uplink", "d0 downlink", "d0 share of the server",
        "d1 computing", "d1 uplink", "d1 downlink", "d1 share of the server",
    )  # fmt: skip
    assert {bar.part for bar in bars_of(trace, "d0 computing")} == {"Device forward", "Device backward"}


def test_what_takes_no_time_is_not_drawn():
    trace = simulate(parallel_tasks(alike(2)))
    assert {bar.part for bar in gantt_info(trace).bars}.isdisjoint({"Model exchange", "Averaging"})


def test_of_too_many_devices_those_with_the_longest_turns_are_drawn_in_their_order():
    trace = simulate(parallel_tasks(alike(60, device_forward_s=np.arange(60) % 30 + 1.0)))
    info = gantt_info(trace, most_rows=4)
    assert info.rows == ("d28", "d29", "d58", "d59")
    assert info.left_out == "Shown: the 4 of 60 devices that take longest"
    assert len(info.bars) == 4 * 5


def test_of_too_many_shared_lanes_half_the_rows_are_drawn():
    trace = simulate(parallel_tasks(alike(9), server="queue", server_capacity=9))
    info = gantt_info(trace, most_rows=4)
    assert info.rows == ("server 1", "server 2", "d0", "d1")
    assert info.left_out == "Shown: 2 of 9 shared lanes; the 2 of 9 devices that take longest"


def test_of_too_many_bars_the_first_are_drawn():
    # One turn of 6 s after another, 5 bars each; the seventh bar is the second device's uplink at 7 s.
    info = gantt_info(simulate(sequential_tasks(alike(3))), most_bars=7)
    assert len(info.bars) == 7
    assert info.left_out == "Shown: the first 7 of 15 bars, those that start by 7 s"


def test_a_round_of_a_thousand_devices_stays_within_the_limits():
    info = gantt_info(simulate(parallel_tasks(alike(1000, iterations=10), server="queue")))
    assert len(info.rows) == 40
    assert len(info.bars) == 4000
    assert "39 of 1000 devices" in info.left_out
    assert "first 4,000 of" in info.left_out


def test_work_of_nobody_has_a_row_of_the_round():
    builder = TaskBuilder(resources=[Resource(name="server")])
    builder.add(kind="aggregate", duration_s=2.0)
    assert [bar.part for bar in bars_of(simulate(builder.build()), "round")] == ["Averaging"]


def test_an_empty_trace_gives_an_empty_figure_that_says_why():
    figure = gantt_figure(empty())
    assert len(figure.data) == 0
    assert figure.layout.title.text == "Nothing to draw: the round has no tasks"
    idle = simulate(parallel_tasks(alike(1, **dict.fromkeys(SECONDS, 0.0))))
    assert gantt_figure(idle).layout.title.text == "Nothing to draw: no task takes any time"


def test_the_figure_draws_every_bar_in_the_colour_of_its_part():
    trace = simulate(parallel_tasks(alike(2), server="queue"))
    figure = gantt_figure(trace, theme="dark")
    info = gantt_info(trace)
    drawn = {
        (bars.name, row, start_s, length_s)
        for bars in figure.data
        for row, start_s, length_s in zip(bars.y, bars.base, bars.x, strict=True)
    }
    assert drawn == {(bar.part, bar.row, bar.start_s, bar.length_s) for bar in info.bars}
    for bars in figure.data:
        assert isinstance(bars, go.Bar)
        assert bars.orientation == "h"
        assert bars.marker.color == color_of(ROLE_OF_PART[bars.name], "dark")
    assert figure.layout.title.text == "One round takes 8 s"
    assert figure.layout.xaxis.title.text == "seconds of the round"
    assert figure.layout.yaxis.ticktext == info.rows


def test_names_are_drawn_as_text_not_as_markup():
    figure = gantt_figure(simulate(parallel_tasks(alike(1, names=("<b>&",)))))
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;&amp;",)
    assert figure.data[0].customdata[0][0].startswith("&lt;b&gt;&amp; · ")
