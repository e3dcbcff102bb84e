"""The numbers of the stories: against every cut tried one by one, and lines against curves at other rates."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.analyses.cut_curve import cut_curve
from cutwise.question import Question, problem_of, shown_plan
from cutwise.scenario.changes import changed
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.palette import contrast_ratio
from cutwise_dashboard.components.stories import SCRIPTS
from cutwise_dashboard.views.learn import minimum_cut_story, rate_story, six_ops
from cutwise_dashboard.views.learn.augmenting_paths import Pipe, flow_steps
from cutwise_dashboard.views.learn.rate_lines import lower_edge, rate_lines
from cutwise_dashboard.views.learn.stories import STORIES
from cutwise_dashboard.views.learn.story_views import story_colors

DEVICE = {"camera": 0, "conv 1": 4, "conv 2": 9, "add": 1, "pool": 1, "head": 8}
SERVER = {"camera": 0, "conv 1": 1, "conv 2": 2, "add": 1, "pool": 1, "head": 1}
SEND = {"camera": 12, "conv 1": 8, "conv 2": 8, "add": 5, "pool": 3, "head": 0}
READS = {
    "conv 1": {"camera"},
    "conv 2": {"conv 1"},
    "add": {"conv 1", "conv 2"},
    "pool": {"add"},
    "head": {"pool"},
}


def by_hand(here: set[str]) -> float:
    """What a set of ops on the device costs, added up from the definition."""
    sent = {a for b, read in READS.items() for a in read if a in here and b not in here}
    return sum(DEVICE[a] if a in here else SERVER[a] for a in DEVICE) + sum(SEND[a] for a in sent)


def closed_sets() -> list[set[str]]:
    rest = [name for name in DEVICE if name != "camera"]
    every = [
        {"camera", *(n for n, on in zip(rest, ons, strict=True) if on)} for ons in product((0, 1), repeat=5)
    ]
    return [here for here in every if all(READS.get(name, set()) <= here for name in here)]


def code_of(here: set[str]) -> str:
    return "".join("1" if name in here else "0" for name in DEVICE)


def test_every_closed_set_costs_what_is_added_up_by_hand() -> None:
    told = minimum_cut_story.told()
    allowed = {code for code, side in told["sides"].items() if not side["backward"]}
    assert allowed == {code_of(here) for here in closed_sets()}
    for here in closed_sets():
        replies = told["sides"][code_of(here)]["replies"]
        right = {number for number, reply in replies.items() if reply["kind"] in ("good", "half")}
        assert right == {f"{by_hand(here):g}"}


def test_the_flow_ends_at_the_cheapest_of_all_closed_sets() -> None:
    told = minimum_cut_story.told()
    least = min(closed_sets(), key=by_hand)
    assert by_hand(least) == told["value"] == told["steps"][-1]["total"] == 17
    assert [name for name, on in zip(DEVICE, told["best"], strict=True) if on] == sorted(least)
    (good,) = [
        code
        for code, side in told["sides"].items()
        if any(r["kind"] == "good" for r in side["replies"].values())
    ]
    assert good == code_of(least)
    assert sum(pipe["room"] for pipe in told["pipes"] if pipe["cut"]) == 17


def test_every_step_keeps_what_flows_in_and_out_of_each_node() -> None:
    pipes, steps = six_ops.pipes(), six_ops.steps_to_the_cut()
    for step in steps:
        assert all(0 <= used <= pipe.room for used, pipe in zip(step.flow, pipes, strict=True))
        for node in set(range(9)) - {six_ops.SOURCE, six_ops.SINK}:
            net = sum(
                used * ((p.tail == node) - (p.head == node)) for used, p in zip(step.flow, pipes, strict=True)
            )
            assert net == 0
    assert [step.total for step in steps] == np.cumsum([step.pushed for step in steps]).tolist()


def test_a_path_may_take_flow_back() -> None:
    """The zigzag: the shortest path blocks two longer ones until its middle arc is undone."""
    ends = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 5), (5, 3), (0, 6), (6, 7), (7, 2)]
    pipes = [Pipe(tail=tail, head=head, room=1.0, kind="") for tail, head in ends]
    first, second, last = flow_steps(pipes, source=0, sink=3)
    assert first.path == ((0, 1), (1, 1), (2, 1))
    assert (1, -1) in second.path
    assert (last.total, last.reached) == (2.0, {0})


@pytest.mark.parametrize(
    ("here", "typed", "said"),
    [
        ({"camera", "conv 1"}, "25", "counted a crossing twice"),
        ({"camera", "conv 1"}, "12", "left out what the server computes (5 ms)"),
        ({"camera", "conv 1"}, "13", "left out what the device computes (4 ms)"),
        ({"camera", "conv 1"}, "9", "left out sending (8 ms)"),
        ({"camera", "conv 1"}, "8", "the sending alone"),
        ({"camera", "conv 1"}, "17", "no cut is cheaper"),
        ({"camera"}, "18", "another cut is cheaper"),
    ],
)
def test_mistakes_are_named_by_what_was_typed(here: set[str], typed: str, said: str) -> None:
    assert said in minimum_cut_story.told()["sides"][code_of(here)]["replies"][typed]["text"]


def test_a_backward_arc_is_named_whatever_was_typed() -> None:
    side = minimum_cut_story.told()["sides"][code_of({"camera", "add"})]
    assert side["replies"] == {}
    assert side["other"]["text"].startswith(
        "Backward arc: add on the device would read conv 1 from the server"
    )


def test_each_line_is_the_curve_at_any_rate() -> None:
    graph, scenario = cutwise.load_model("sample:resnet18"), shipped_scenario()
    lines = rate_lines(graph, scenario, "jetson-tx2")
    for rate in (3.3e6, 1.2e8, 3e8, 7e9):
        question = Question(graph=graph, scenario=changed(scenario, {"channel.uplink_bps": rate}))
        plan = shown_plan(question)
        curve = cut_curve(problem_of(question), plan, 2)
        assert curve.device == "jetson-tx2"
        assert lines.at(rate) == pytest.approx(curve.stages.delay_s, rel=1e-9)
        assert lines.at(rate).min() == pytest.approx(float(plan.stages[2].delay_s), rel=1e-9)


def test_the_lower_edge_by_trying_many_rates() -> None:
    random = np.random.default_rng(2)
    for _ in range(50):
        rest, slope = random.random(12), random.random(12)
        lines, corners = lower_edge(rest, slope)
        assert corners == sorted(corners)
        spots = np.concatenate([np.linspace(0, corners[-1] * 2, 2_001) if corners else np.ones(1), corners])
        tried = rest[:, None] + slope[:, None] * spots
        assert set(tried.argmin(axis=0).tolist()) <= set(lines)
        edge = rest[lines][:, None] + slope[lines][:, None] * spots
        assert np.allclose(edge.min(axis=0), tried.min(axis=0), rtol=1e-12, atol=0.0)
        middles = [0.0, *corners, corners[-1] + 1] if corners else [0.0, 1.0]
        for line, left, right in zip(lines, middles, middles[1:], strict=False):
            spot = (left + right) / 2
            assert (rest + slope * spot).argmin() == line


def test_equal_lines_have_one_place_on_the_edge() -> None:
    assert lower_edge(np.array([1.0, 1.0, 3.0]), np.array([2.0, 2.0, 2.0])) == ([0], [])


def test_the_story_of_the_rate_counts_and_asks_what_is_so() -> None:
    told = rate_story.told()
    rates = np.geomspace(1e5, 1e12, 20_001)
    rest, bits = (np.array([line[part] for line in told["lines"]]) for part in ("rest", "bits"))
    ever = set((rest[:, None] + bits[:, None] / rates).argmin(axis=0).tolist())
    (right,) = [guess for guess in told["guesses"] if guess["kind"] == "good"]
    assert right["label"] == str(len(ever)) == "4"
    assert len({guess["text"] for guess in told["guesses"]}) == len(told["guesses"])

    graph, scenario = cutwise.load_model("sample:resnet18"), shipped_scenario()
    moved = rate_lines(graph, rate_story.with_faster_server(graph, scenario), "jetson-tx2")
    spots = 1 / rates[::-1]
    switched = [
        np.flatnonzero(np.diff((first[:, None] + second[:, None] * spots).argmin(axis=0)))
        for first, second in ((rest, bits), (moved.rest_s, moved.sent_bits))
    ]
    (answer,) = [choice for choice in told["question"]["choices"] if choice["kind"] == "good"]
    assert answer["label"] == "To slower rates"
    assert (spots[switched[1]] >= spots[switched[0]]).all()


def test_every_story_is_told_with_a_script_and_replies_of_its_own() -> None:
    for story in STORIES.values():
        choices = story.told()["question"]["choices"]
        assert len({choice["text"] for choice in choices}) == len(choices)
        assert [choice["kind"] for choice in choices].count("good") == 1
    assert {story.script for story in STORIES.values()} == set(SCRIPTS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_on_ops_and_on_the_ground_can_be_read(theme: str) -> None:
    colors = story_colors(theme)
    pairs = (("onDevice", "device"), ("onServer", "server"), ("cut", "background"), ("text", "background"))
    assert all(contrast_ratio(colors[one], colors[other]) >= 4.5 for one, other in pairs)


def test_the_page_opens_with_its_first_story() -> None:
    def page() -> None:
        from cutwise_dashboard.views.learn import story_views as learn

        learn.show()

    shown = AppTest.from_function(page, default_timeout=20).run()
    assert not shown.exception
    assert [group.options for group in shown.get("button_group")] == [[s.title for s in STORIES.values()]]
