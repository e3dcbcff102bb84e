"""Rounds by the number of groups as the page and the report show them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import cutwise
from cutwise.analyses.divisions.group_counts import DividedRound, DividedRounds
from cutwise.question import Question
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Objective, Scenario
from cutwise.schemes import SCHEMES
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.reports.analysis_sections import analysis_sections
from cutwise_dashboard.reports.group_pictures import MOST_BARS, group_picture
from cutwise_dashboard.views.explore.groups.group_payload import group_payload
from cutwise_dashboard.views.explore.groups.group_section import LONG_S, most_s
from cutwise_dashboard.views.explore.groups.group_words import bar_words, group_title, group_words

DELAY = Objective()


def one_of(count: int, delay_s: float, energy_j: float = 10.0, **more: object) -> DividedRound:
    return DividedRound(
        **{
            "count": count, "like": "", "delay_s": delay_s, "energy_j": energy_j, "keeps_limits": True,
            "optimality": "optimal", "cut": "after pool", **more,
        }
    )  # fmt: skip


def rounds_of(*rounds: DividedRound, best: int, **more: object) -> DividedRounds:
    return DividedRounds(
        **{
            "scheme": "gsfl", "parts": "groups", "rounds": rounds, "best": best, "complete": True,
            "equal_between": False, "training": True, **more,
        }
    )  # fmt: skip


THREE = rounds_of(
    one_of(1, 80.0, like="split_learning"),
    one_of(2, 40.0, 5.0),
    one_of(3, 50.0, like="split_federated", keeps_limits=False),
    best=1,
)


def test_bars_stand_on_one_scale_with_the_best_and_the_one_asked_marked() -> None:
    sent = group_payload(THREE, now=3, theme="light")
    assert [bar["delay"] for bar in sent["bars"]] == pytest.approx([1.0, 0.5, 0.625])
    assert [bar["energy"] for bar in sent["bars"]] == pytest.approx([1.0, 0.5, 1.0])
    marks = [[mark for mark in ("best", "now", "broken") if bar[mark]] for bar in sent["bars"]]
    assert marks == [[], ["best"], ["now", "broken"]]
    assert [(tick["share"], tick["text"]) for tick in sent["ticks"]][:3] == [
        (0.0, "0 s"), (0.25, "20 s"), (0.5, "40 s")
    ]  # fmt: skip
    assert sent["path"] == "option.groups"
    assert "breaks a limit" in [key["text"] for key in sent["keys"]]


def test_the_words_name_the_best_and_both_ends() -> None:
    """80 s beside 40 s is twice as much, 50 s a quarter more."""
    assert group_title(THREE, DELAY) == "2 groups are best: one round takes 40 s"
    assert group_words(THREE) == (
        "With 1 group (split learning) it takes 100 % more. "
        "With 3 groups (split federated) it takes 25 % more."
    )
    assert group_title(THREE, Objective(kind="energy")).startswith("2 groups are best for the energy")
    told = bar_words(THREE, THREE.rounds[2], now=True)
    assert told == "3 groups (split federated), asked now: 50 s, 10 J, breaks a limit; after pool"


def test_what_was_not_compared_is_said() -> None:
    some = replace(THREE, complete=False, equal_between=True, rounds=(*THREE.rounds[:2], one_of(90, 41.0)))
    told = group_words(some)
    assert told.endswith("Between the two ends the band is shared equally. 3 of 90 numbers were tried.")


def test_inference_has_no_rounds_in_its_words() -> None:
    served = replace(THREE, training=False, rounds=THREE.rounds[:1], best=0)
    told = [group_title(served, DELAY), group_payload(served, now=1, theme="dark")["above"]]
    assert not any(re.search(r"\bround", text) for text in told), told


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_the_report_tells_of_groups_where_the_scheme_has_them(scheme: str) -> None:
    scenario = replace(shipped_scenario(), devices=shipped_scenario().devices[:2])
    asked = Question(graph=cutwise.load_model("sample:unet"), scenario=scenario, scheme=scheme)
    if not {"groups", "clusters"} & set(vars_of(scheme)):
        many = replace(scenario, devices=tuple(Device(name=f"d{k}") for k in range(201)))
        assert not any("How many groups" in text for text in analysis_sections(replace(asked, scenario=many)))
        return
    text = next(text for text in analysis_sections(asked) if "<h2>How many groups</h2>" in text)
    found = cutwise.analyse(asked.graph, scenario, "groups", scheme=scheme)
    assert group_picture(found) in text
    assert text.count("★") == 1


def vars_of(scheme: str) -> tuple[str, ...]:
    return tuple(SCHEMES[scheme].__dataclass_fields__)


def test_the_picture_of_many_numbers_has_some_of_them_and_always_the_best() -> None:
    many = rounds_of(*(one_of(count, 100.0 + count) for count in range(1, 65)), best=36)
    names = re.findall(r'<span class="name">(\d+) groups?</span>', group_picture(many))
    assert len(names) in (MOST_BARS, MOST_BARS + 1)
    assert {"1", "37", "64"} <= set(names)


def test_few_devices_are_answered_at_once_and_many_only_when_asked_for() -> None:
    graph = cutwise.load_model("sample:resnet18")

    def takes_s(count: int) -> float:
        devices = tuple(Device(name=f"d{k}") for k in range(count))
        return most_s(Question(graph=graph, scenario=Scenario(devices=devices), scheme="gsfl"))

    assert takes_s(30) < LONG_S < takes_s(64)
