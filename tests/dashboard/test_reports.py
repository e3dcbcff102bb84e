"""Reports: one file that fetches nothing, holds what it must, and escapes what an upload brings."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest

import cutwise
from cutwise.analyses import ANALYSES
from cutwise.analyses.base import MOST_DEVICES
from cutwise.analyses.comparison import CompareAnalysis, outcome_of
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Scenario
from cutwise_dashboard.reports import Origin, comparison_report, plan_report
from cutwise_dashboard.reports.analysis_sections import (
    MOST_ROWS,
    ONLY,
    QUICK_DEVICES,
    analysis_sections,
    record_parts,
)
from tests.core.costs.test_generation import decoder
from tests.core.plans.test_inference_by_hand import cell

HOSTILE = "<script>alert(1)</script>"
SELF_CLOSING = {"meta", "br"}


class Nesting(HTMLParser):
    """Finds elements that are closed out of order, and every address that the page names."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.mistakes: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        if tag not in SELF_CLOSING:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(tag)


def read(page: str) -> Nesting:
    parsed = Nesting()
    parsed.feed(page)
    assert not parsed.open
    assert not parsed.mistakes
    return parsed


def origin_of(graph: ModelGraph, scenario: Scenario, command: str = "cutwise plan x") -> Origin:
    return Origin(
        name=graph.name,
        problem=build_problem(graph, scenario),
        command=command,
        made=datetime(2026, 11, 25),
    )


@pytest.fixture(scope="module")
def page() -> str:
    graph = cutwise.load_model("sample:resnet18")
    scenario = Scenario(devices=(Device(name="tiny", memory_bytes=1e6), Device(name="board")))
    return plan_report(cutwise.plan(graph, scenario), origin_of(graph, scenario, "cutwise plan here"))


def test_it_is_well_formed_and_asks_for_nothing_outside(page: str) -> None:
    parsed = read(page)
    assert all(address.startswith("data:application/toml;base64,") for address in parsed.addresses)
    assert not parsed.tags & {"script", "link", "img", "iframe", "object"}
    assert "default-src 'none'" in html.unescape(page)
    assert not re.search(r"url\((?!#)", page)


def test_it_holds_decisions_sources_versions_assumptions_and_the_command(page: str) -> None:
    for part in ("tiny", "board", "cutwise plan here", "ortools", "needs", "Jetson TX2", "11,689,512"):
        assert part in page, part
    assert "cutwise-scenario/1" in page


def test_every_part_of_a_stacked_bar_is_drawn_beside_the_others(page: str) -> None:
    """A rectangle inside a rectangle is not drawn at all."""
    assert not re.search(r"<rect[^>]*(?<!/)>\s*<rect", page)


def test_names_of_an_upload_are_text() -> None:
    weight = Weight(id="w", shape=(4, 4), dtype="fp32")
    graph = ModelGraph(
        name=HOSTILE,
        ops=(
            Op(id="x", kind="input", output=TensorSpec(shape=(1, 4))),
            Op(id=HOSTILE, kind="linear", inputs=("x",), output=TensorSpec(shape=(1, 4)), weights=(weight,)),
        ),
    )
    scenario = Scenario(name=HOSTILE, devices=(Device(name=HOSTILE),))
    found = outcome_of(build_problem(graph, scenario), "fast_split")
    assert isinstance(found, Plan)
    for page in (
        plan_report(found, origin_of(graph, scenario, HOSTILE)),
        comparison_report([found], [(HOSTILE, HOSTILE)], origin_of(graph, scenario, HOSTILE)),
    ):
        assert "script" not in read(page).tags
        assert "&lt;script&gt;" in page


def test_a_comparison_names_every_scheme_and_those_without_a_plan() -> None:
    graph = cutwise.load_model("sample:resnet18")
    scenario = Scenario(devices=(Device(name="a"), Device(name="b")))
    problem = build_problem(graph, scenario)
    plans = [found for name in ("fast_split", "server_only") if (found := outcome_of(problem, name))]
    page = comparison_report(
        [plan for plan in plans if isinstance(plan, Plan)],
        [("brute_force", "too many")],
        origin_of(graph, scenario),
    )
    read(page)
    for part in ("fast split", "server only", "breaks a rule", "too many"):
        assert part in page, part


def asked_of(limits: Limits) -> tuple[Question, str]:
    """A question and the report of its plan, analyses included."""
    graph = cutwise.load_model("sample:resnet18")
    scenario = Scenario(devices=(Device(name="a"), Device(name="b")), limits=limits)
    asked = Question(graph=graph, scenario=scenario)
    return asked, plan_report(shown_plan(asked), origin_of(graph, scenario), asked=asked)


def test_every_analysis_of_a_report_has_its_section_with_what_it_found() -> None:
    asked, page = asked_of(Limits())
    read(page)
    for name, analysis in ANALYSES.items():
        titled = f"<h2>{analysis.title}</h2>"
        is_there = analysis.in_report and name not in ONLY
        assert (titled in page) == is_there, name
        if is_there:
            assert html.escape(analysis.asks) in page
            assert html.escape(analysis().run(asked).summary()[1:]) in page


def test_an_analysis_without_an_answer_says_why_in_its_section() -> None:
    _, page = asked_of(Limits(device_energy_j=1e-9))
    read(page)
    assert "limits: no cut keeps them on every device in every epoch" in page


def test_a_large_fleet_is_not_analysed_unasked() -> None:
    devices = tuple(Device(name=f"d{number}") for number in range(MOST_DEVICES + 1))
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=Scenario(devices=devices))
    sections = analysis_sections(asked)
    assert len(sections) == sum(one.in_report for name, one in ANALYSES.items() if name not in ONLY)
    assert all("Answered here for at most" in text for text in sections)


def test_questions_of_many_scenarios_are_left_to_their_command_where_they_would_take_long() -> None:
    devices = tuple(Device(name=f"d{number}", samples=32) for number in range(QUICK_DEVICES + 1))
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=Scenario(devices=devices))
    (section,) = (text for text in analysis_sections(asked) if "What would meet a target" in text)
    assert f"at most {QUICK_DEVICES} devices" in section
    assert "cutwise targets" in section
    few = replace(asked, scenario=Scenario(devices=devices[:2]), scheme="gsfl")
    (section,) = (text for text in analysis_sections(few) if "What would meet a target" in text)
    assert "plans every scenario anew, which would take long here" in section


def test_long_records_are_cut_short_and_say_so() -> None:
    graph = cutwise.load_model("sample:resnet18")
    parts = record_parts(cutwise.analyse(graph, None, "replan", epochs=MOST_ROWS + 3), "cut_curve")
    assert "And 3 more, which `cutwise cut-curve` prints" in str(parts[-1])


def test_reports_of_inference_speak_of_requests() -> None:
    """All but the scenario file itself, whose keys are what they are."""
    graph, given = decoder(), cell()
    plan, asked = cutwise.plan(graph, given), Question(graph=graph, scenario=given)
    origin = Origin(
        name="tiny", problem=build_problem(graph, given), command="cutwise plan", made=datetime(2026, 1, 1)
    )
    compared = CompareAnalysis(schemes=("fast_split", "gsfl", "centralised", "device_only")).run(asked)
    for page in (
        plan_report(plan, origin, baseline=cutwise.plan(graph, given, "device_only"), asked=asked),
        comparison_report(list(compared.plans.values()), [], origin),
    ):
        told = re.sub(r'<style.*?</style>|<pre class="file">.*?</pre>|<[^>]+>', " ", page, flags=re.DOTALL)
        assert not re.search(r"\b([Rr]ounds?|[Ee]pochs?|[Cc]onvergence)\b", told)
        assert "Requests a second" in told
        assert "First token" in told
