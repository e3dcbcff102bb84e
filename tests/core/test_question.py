"""Questions: values that are asked, and the rule which plan is shown for a pinned cut."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

import cutwise
from cutwise.cli.commands import DEFAULT_SCHEME as COMMAND_SCHEME
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.question import (
    DEFAULT_SCHEME,
    Question,
    baseline_plan,
    can_pin,
    problem_of,
    shown_options,
    shown_plan,
    shown_scheme,
    unpinned,
)
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES, baseline_names

TWO = Scenario(devices=(Device(name="a"), Device(name="b", samples=300)))
ASKED = Question(graph=cutwise.load_model("sample:resnet18"), scenario=TWO)


def test_equal_questions_are_one_key() -> None:
    again = Question(graph=cutwise.load_model("sample:resnet18"), scenario=TWO, options={})
    assert again == ASKED
    assert hash(ASKED) == hash(again)
    assert replace(ASKED, options={"certify": False}) != ASKED


def test_nothing_of_a_question_can_be_changed() -> None:
    options = {"certify": False}
    asked = replace(ASKED, options=options)
    options["certify"] = True
    assert asked.options == {"certify": False}
    with pytest.raises(FrozenInstanceError):
        asked.scheme = "gsfl"  # type: ignore[misc]
    with pytest.raises(TypeError):
        asked.options["certify"] = True  # type: ignore[index]


def test_the_public_plan_is_the_plan_that_is_shown() -> None:
    asked = replace(ASKED, scheme="split_federated", options={"version": "v2"})
    assert shown_plan(asked) == cutwise.plan(asked.graph, TWO, "split_federated", version="v2")


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if not SCHEMES[name].is_baseline])
def test_a_pinned_cut_is_shown_in_a_round_of_the_same_kind(scheme: str) -> None:
    plan = shown_plan(replace(ASKED, scheme=scheme, cut="layer1/0/relu2"))
    assert {decision.cut.label for decision in plan.decisions} == {"after layer1/0/relu2"}
    assert (plan.active > 1) == SCHEMES[scheme].round_of.parallel or plan.scheme == scheme
    assert can_pin(scheme)


def test_a_scheme_that_takes_cuts_keeps_its_options_beside_the_pin() -> None:
    asked = replace(ASKED, scheme="gsfl", options={"groups": 2}, cut="maxpool")
    assert (shown_scheme(asked), shown_options(asked)) == ("gsfl", {"groups": 2, "cut": "maxpool"})
    assert (shown_scheme(unpinned(asked)), shown_options(unpinned(asked))) == ("gsfl", {"groups": 2})


def test_a_scheme_that_takes_none_lends_its_round_to_one_that_does() -> None:
    asked = replace(ASKED, scheme="fast_split", options={"method": "max_flow"}, cut="maxpool")
    assert (shown_scheme(asked), shown_options(asked)) == ("split_learning", {"cut": "maxpool"})


@pytest.mark.parametrize("scheme", baseline_names())
def test_no_cut_is_pinned_in_a_baseline(scheme: str) -> None:
    assert not can_pin(scheme)


def test_the_baseline_is_the_one_named_or_the_best_valid_one() -> None:
    named = baseline_plan(replace(ASKED, baseline="device_only"))
    best = baseline_plan(ASKED)
    assert named == cutwise.plan(ASKED.graph, TWO, "device_only")
    assert best is not None
    assert named is not None
    assert best.report.value <= named.report.value
    with pytest.raises(UnknownNameError, match="unknown baseline 'gsfl'"):
        baseline_plan(replace(ASKED, baseline="gsfl"))


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown scheme"):
        shown_plan(replace(ASKED, scheme="fast"))
    with pytest.raises(UnknownNameError, match="unknown option of fast_split 'groups'"):
        shown_plan(replace(ASKED, options={"groups": 2}))
    with pytest.raises(ScenarioError, match="certify"):
        shown_plan(replace(ASKED, options={"certify": "maybe"}))


def test_the_problem_is_that_of_model_and_scenario() -> None:
    assert problem_of(ASKED).scenario == TWO
    assert problem_of(ASKED).cost.graph == ASKED.graph


def test_the_command_line_plans_with_the_librarys_own_scheme() -> None:
    assert COMMAND_SCHEME == DEFAULT_SCHEME
