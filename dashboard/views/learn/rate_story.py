"""Why the cut moves with the rate: a line a cut, of which only the lowest counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard import cached
from cutwise_dashboard.format import quantity_text, rounded, seconds_text
from cutwise_dashboard.views.learn.rate_lines import RateLines, lower_edge, rate_lines

MODEL, DEVICE = "resnet18", "jetson-tx2"
FASTER = 10
"""How many times faster the server becomes in the question."""
BEYOND_SLOWEST, BEYOND_FASTEST, ABOVE = 0.8, 8.0, 1.9
"""How far the picture goes beyond the corners of the lower edge, and above it."""
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def told() -> dict[str, Any]:
    """Everything that the story draws and says."""
    scenario, graph = shipped_scenario(), cached.sample(MODEL)
    lines = rate_lines(graph, scenario, DEVICE)
    moved = rate_lines(graph, with_faster_server(graph, scenario), DEVICE)
    ever, corners = lower_edge(lines.rest_s, lines.sent_bits)
    _, others = lower_edge(moved.rest_s, moved.sent_bits)
    low = rounded(BEYOND_SLOWEST / corners[-1], 1)
    high = rounded(BEYOND_FASTEST / corners[0], 1)
    spots = [1 / high, *corners, 1 / low]
    edge = [float((lines.rest_s + lines.sent_bits * spot).min()) for spot in spots]
    ticks = nice_ticks(ABOVE * edge[-1])
    return {
        "title": f"seconds a round of {DEVICE}",
        "lines": [
            {"name": name, "rest": float(rest), "bits": float(bits)}
            for name, rest, bits in zip(lines.names, lines.rest_s, lines.sent_bits, strict=True)
        ],
        "rate": float(scenario.channel.uplink_bps),
        "low": low,
        "high": high,
        "ticks": ticks,
        "rates": [[rate, quantity_text(rate, "bit/s")] for rate in _marked_rates(low, high)],
        "edge": [list(pair) for pair in zip(spots, edge, strict=True)],
        "corners": [
            [corner, value, quantity_text(1 / corner, "bit/s")]
            for corner, value in zip(corners, edge[1:-1], strict=True)
        ],
        "guesses": guesses(lines, ever),
        "question": question(corners, others, little=_server_share(lines, scenario.channel.uplink_bps)),
    }


def with_faster_server(graph: ModelGraph, scenario: Scenario) -> Scenario:
    """The scenario of the question."""
    problem = build_problem(graph, scenario)
    pace = problem.server_pace
    server: dict[str, float | None] = {
        "efficiency_ratio": None,
        "time_class": None,
        "fitted_dtype": None,
        "flops_per_s": FASTER * problem.server_flops_per_s,
        "moved_bytes_per_s": None if np.isinf(pace.bytes_per_s) else FASTER * float(pace.bytes_per_s),
        "launch_s": float(pace.launch_s) / FASTER or None,
        "backward_ratio": float(pace.backward_ratio),
    }
    return changed(scenario, {f"server.{name}": value for name, value in server.items()})


def _server_share(lines: RateLines, uplink_bps: float) -> str:
    """How long the server computes with the cut that is best now."""
    turns = lines.at(uplink_bps)
    now = int(turns.argmin())
    return (
        f"with {lines.names[now]}, the best cut at {quantity_text(uplink_bps, 'bit/s')}, the server computes "
        f"{seconds_text(float(lines.server_s[now]))} of {seconds_text(float(turns[now]))}"
    )


def _marked_rates(low: float, high: float) -> list[float]:
    """Rates at even distances on an axis of seconds a bit."""
    return [rounded(1 / spot, 2) for spot in np.linspace(1 / high, 1 / low, 5).tolist()]


def nice_ticks(top: float) -> list[float]:
    """Four even steps from 0 to a little more than `top`.

    >>> nice_ticks(155.0), nice_ticks(9.0)
    ([0.0, 50.0, 100.0, 150.0, 200.0], [0.0, 2.5, 5.0, 7.5, 10.0])
    """
    power = 10.0 ** np.floor(np.log10(top / 4))
    step = next(nice * power for nice in NICE if 4 * nice * power >= top)
    return [float(rounded(count * step)) for count in range(5)]


def guesses(lines: RateLines, ever: list[int]) -> list[dict[str, str]]:
    """How many cuts are the best at some rate: answers to choose from, each with its reply."""
    every, count = len(lines.names), len(ever)
    beaten, names = lines.beaten(), ", ".join(lines.names[line] for line in ever)
    found = (
        f"It is {count}: {names}, from a fast link to a slow one. The others lie above them at every rate."
    )
    steepest, flattest = (float(lines.sent_bits[line]) for line in (ever[0], ever[-1]))
    replies = {
        1: f"No. One line would have to be the lowest everywhere, but {lines.names[ever[0]]}, the lowest on "
        f"a fast link, sends {quantity_text(steepest / 8, 'B')} up a round and {lines.names[ever[-1]]} only "
        f"{quantity_text(flattest / 8, 'B')}, so they cross. {found}",
        every // 2: f"No. {beaten} of {every} cuts lose at every rate to one other that sends no more and "
        f"takes no longer besides; of the {every - beaten} left, {count} are the best somewhere. {found}",
        every: f"No. A line that starts higher and climbs no slower than another is never the lowest: "
        f"{beaten} of {every} are like that. {found}",
    }
    replies[count] = (
        f"Right: {names}, from a fast link to a slow one. The others lie above them at every rate."
    )
    return [
        {"label": str(number), "kind": "good" if number == count else "bad", "text": replies[number]}
        for number in sorted(replies)
    ]


def question(corners: Sequence[float], moved: Sequence[float], *, little: str) -> dict[str, Any]:
    """Where the corners go when the server is faster, by the corners before and after."""
    before, after = ([quantity_text(1 / corner, "bit/s") for corner in places] for places in (corners, moved))
    numbers = f"{', '.join(before)} become {', '.join(after)}"
    slower = moved[0] > corners[0]
    choices = [
        ("To slower rates", slower, "The lines that use the server start lower and climb as before, so they "
         f"stay the lowest further into slow links: {numbers}. It is little: {little}."),
        ("To faster rates", not slower, "That would be a slower server: its lines would start higher and "
         f"give way sooner. Here {numbers}."),
        ("Nowhere", False, "The slopes stay, as no cut sends anything else, but the lines that use the "
         f"server start lower, so they meet the others elsewhere: {numbers}."),
    ]  # fmt: skip
    return {
        "text": f"The server becomes {FASTER} times faster. Where do the corners go?",
        "choices": [
            {
                "label": label,
                "kind": "good" if right else "bad",
                "text": f"{'Yes' if right else 'No'}. {text}",
            }
            for label, right, text in choices
        ],
    }
