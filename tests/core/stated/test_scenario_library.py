"""The scenario library: every sentence held against plans, its names in Python and on the command line."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.errors import UnknownNameError
from cutwise.plans.plan import Plan
from cutwise.scenario.parts import Scenario
from cutwise.schemes.options import scheme_with
from cutwise.stated.link import link_of, question_of_link
from cutwise.stated.question_file import dump_question, parse_question
from cutwise.stated.scenario_library import scenario_library
from cutwise.stated.shipped_scenarios import shipped_scenarios
from cutwise.stated.stated_question import StatedQuestion

ASKED_FOR = {
    "lecture_hall", "campus_cell", "smart_factory", "rural", "vehicles", "hospital", "llm_on_phones",
    "phone_and_laptop",
}  # fmt: skip


class Told:
    """The plans that a sentence is held against."""

    def __init__(self, name: str) -> None:
        self.asked = cutwise.load_question(f"library:{name}")
        self.scenario = self.asked.scenario
        self.own = self.plan(self.asked.scheme, **self.asked.options)

    def plan(self, scheme: str, scenario: Scenario | None = None, **options: Any) -> Plan:
        graph = cutwise.load_model(self.asked.model.source)
        return cutwise.plan(graph, scenario or self.scenario, scheme, **options)

    def at_rate(self, times: float = 1.0, latency: float = 1.0) -> Scenario:
        channel: Any = self.scenario.channel
        found = replace(
            channel,
            uplink_bps=times * channel.uplink_bps,
            downlink_bps=times * channel.downlink_bps,
            uplink_latency_s=latency * channel.uplink_latency_s,
            downlink_latency_s=latency * channel.downlink_latency_s,
        )
        return replace(self.scenario, channel=found)


def cuts(plan: Plan) -> list[str]:
    return [decision.cut.label for decision in plan.decisions]


def kept(plan: Plan) -> list[int]:
    """How many ops every device keeps."""
    return [len(decision.cut.device_ops) for decision in plan.decisions]


def lecture_hall(told: Told) -> None:
    assert len(told.own.decisions) == 5
    assert len(set(cuts(told.own))) == 3
    grouped = told.plan("gsfl", groups=4)
    assert 0.45 < grouped.delay_s / told.own.delay_s < 0.55


def campus_cell(told: Told) -> None:
    assert len(told.own.decisions) == 30
    equal = replace(told.scenario, sharing=replace(told.scenario.sharing, bandwidth="equal"))
    ratio = told.plan("split_federated", equal).delay_s / told.own.delay_s
    assert round(ratio, 1) == 2.7


def smart_factory(told: Told) -> None:
    alone = told.plan("fast_split")
    assert len(alone.decisions) == 12
    assert min(decision.uplink_bps for decision in alone.decisions) > 4.95e8
    assert all(here > there for here, there in zip(kept(told.own), kept(alone), strict=True))


def rural(told: Told) -> None:
    by_name = {decision.device: decision for decision in told.own.decisions}
    assert len(by_name) == 6
    assert by_name["gate-camera"].bandwidth_share > 0.5
    assert by_name["milking-robot"].cut.label == "all on device"
    assert max(device.distance_m for device in told.scenario.devices) == 6000


def vehicles(told: Told) -> None:
    assert told.scenario.limits.deadline_s == 30
    assert told.own.status == "optimal"
    assert told.own.delay_s < 30
    assert "all on device" not in cuts(told.own)
    assert min(told.plan("split_learning").delay_s, told.plan("federated").delay_s) > 30


def hospital(told: Told) -> None:
    assert told.scenario.workload.labels_at == "device"
    there = replace(told.scenario, workload=replace(told.scenario.workload, labels_at="server"))
    assert told.own.delay_s <= told.plan("split_federated", there).delay_s
    assert [label == "all on device" for label in cuts(told.own)] == [True, True, False, False]
    assert [device.profile for device in told.scenario.devices][:2] == ["rtx_4090", "rtx_3060"]
    for decision in told.own.decisions:
        assert "image" in decision.cut.device_ops
        assert "image" not in decision.cut.crossing
        assert "head" in (*decision.cut.device_ops, *decision.returned_ops)


def llm_on_phones(told: Told) -> None:
    in_turn, at_once = told.plan("split_learning"), told.plan("split_federated")
    assert told.own.delay_s < in_turn.delay_s < at_once.delay_s
    assert len(told.own.phases[0]) == 4
    assert all("input_ids" in decision.cut.device_ops for decision in told.own.decisions)


def phone_and_laptop(told: Told) -> None:
    faster, nearer = (
        told.plan("split_learning", told.at_rate(10)),
        told.plan("split_learning", told.at_rate(latency=0.5)),
    )
    assert "all on device" not in cuts(told.own)
    (decision,) = told.own.decisions
    assert {"input_ids", "embeddings/tokens"} <= set(decision.cut.device_ops)
    assert decision.cut.crossing == ("h/0/attention/add",)
    assert told.scenario.server.profile == "macbook_m3"
    assert 0.98 < faster.delay_s / told.own.delay_s < 0.995
    assert 0.78 < nearer.delay_s / told.own.delay_s < 0.82


def phone_on_lte(told: Told) -> None:
    assert cuts(told.own) == ["all on device"]
    assert cuts(told.plan("fast_split", told.at_rate(4))) == ["all on device"]


SENTENCES: dict[str, Callable[[Told], None]] = {
    check.__name__: check
    for check in (
        lecture_hall, campus_cell, smart_factory, rural, vehicles, hospital, llm_on_phones, phone_and_laptop,
        phone_on_lte,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", list(SENTENCES))
def test_what_is_said_of_a_scenario_is_so(name: str) -> None:
    SENTENCES[name](Told(name))


def test_every_shipped_scenario_stands_in_the_library_with_a_model_and_a_scheme_that_there_are() -> None:
    assert set(scenario_library()) == set(shipped_scenarios()) == set(SENTENCES) >= ASKED_FOR
    for one in scenario_library().values():
        assert one.model in cutwise.samples()
        scheme_with(one.scheme, dict(one.options))
        for sentence in (one.shows, one.surprise):
            assert sentence.endswith(".")
            assert sentence.count(". ") == 0


def test_a_scenario_of_the_library_has_a_plan_that_keeps_every_rule_and_warns_of_nothing() -> None:
    for name in scenario_library():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            own = Told(name).own
        assert own.status in ("optimal", "feasible")
        assert own.violations == ()


def test_the_file_of_every_shipped_scenario_says_where_its_numbers_are_from() -> None:
    for name in scenario_library():
        text = files("cutwise.assets").joinpath(f"scenarios/{name}.toml").read_text(encoding="utf-8")
        head = text.partition("format =")[0]
        assert re.search(r"from memory|TS 38\.|TR 38\.|made up|drawn once", head), name


def test_the_first_scenario_of_the_library_is_the_first_question() -> None:
    assert cutwise.load_question("library:lecture_hall") == StatedQuestion()


@pytest.mark.parametrize("name", list(SENTENCES))
def test_it_goes_through_a_link_and_a_file_and_the_link_is_short(name: str) -> None:
    asked = cutwise.load_question(f"library:{name}")
    assert question_of_link(link_of(asked)) == asked
    assert parse_question(dump_question(asked).encode()) == asked
    assert len(link_of(asked)) < 80


def test_names_of_the_library_stand_for_scenarios_and_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cutwise.load_scenario("library:rural") == cutwise.load_question("library:rural").scenario
    assert cutwise.scenarios() == tuple(f"library:{name}" for name in scenario_library())
    for call in (cutwise.load_scenario, cutwise.load_question):
        with pytest.raises(UnknownNameError, match="unknown scenario 'rurla'; did you mean 'rural'"):
            call("library:rurla")
    assert main(["scenarios", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(cutwise.scenarios())
    assert main(["plan", "library:phone_on_lte", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["delay_s"] == Told("phone_on_lte").own.delay_s
    assert main(["plan", "sample:resnet18", "library:phone_on_lte", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["delay_s"] == told["delay_s"]
