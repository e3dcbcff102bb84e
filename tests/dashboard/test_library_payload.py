"""What the cards of the scenario library tell: figures of real plans, files that bring everything back."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.scenario.changes import changed
from cutwise.stated.question_file import parse_opened
from cutwise.stated.scenario_library import scenario_library
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.format import quantity_text, seconds_text
from cutwise_dashboard.side_by_side.library_payload import facts_of, library_payload, link_kept, preview
from cutwise_dashboard.stores.link_store import address_of

NOW = StatedQuestion()


@pytest.mark.parametrize("name", list(scenario_library()))
def test_a_card_tells_the_figures_of_both_plans_and_its_file_brings_the_question_back(name: str) -> None:
    now = replace(NOW, scenario=changed(NOW.scenario, {"workload.batch_size": 31}))
    question = cutwise.load_question(f"library:{name}")
    plans = [
        cutwise.plan(cutwise.load_model(one.model.source), one.scenario, one.scheme, **one.options)
        for one in (now, question)
    ]
    told = preview(now, {"key": name})
    delay, energy = told["figures"]
    assert [delay["now"], delay["then"]] == [seconds_text(plan.delay_s) for plan in plans]
    assert [energy["now"], energy["then"]] == [quantity_text(plan.energy_j, "J") for plan in plans]
    opened = parse_opened(told["file"]["text"].encode(), told["file"]["name"], now=now).question
    assert opened == question


def test_only_the_card_of_what_is_asked_says_so_and_every_card_names_model_scheme_and_devices() -> None:
    cards = library_payload(NOW, {}, None)["shipped"]
    assert [card["key"] for card in cards if card["now"]] == ["lecture_hall"]
    facts = {card["key"]: card["facts"] for card in cards}
    assert facts["hospital"] == "U-Net, U-shape, 4 devices"
    assert facts["phone_and_laptop"] == "GPT-2, split learning, 1 device"


def test_a_scenario_of_ones_own_is_kept_as_a_link_of_its_own_without_what_it_is_compared_with() -> None:
    kept = replace(NOW, kept=(address_of(NOW),))
    own = {"key": "own:mine", "link": link_kept(kept), "name": "mine"}
    told = preview(kept, own)
    assert told["rows"] == []
    assert address_of(NOW) not in told["file"]["text"]
    assert facts_of(kept) == "ResNet-18, FastSplit, 5 devices"


def test_a_card_that_cannot_be_opened_says_why_and_has_no_file() -> None:
    told = preview(NOW, {"key": "own:x", "link": "3.damaged", "name": "x"})
    assert told["broken"]
    assert told["refused"]
    assert told["file"] is None
