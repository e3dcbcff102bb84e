"""A question file holds the whole question, exactly, and people can read, write and mend it."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from cutwise.budgets import shown_mistakes
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.scenario_file import scenario_from_dict
from cutwise.scenario.versions import saved_scenario, versions
from cutwise.stated.link import link_of, question_of_link
from cutwise.stated.question_file import dump_question, load_question, parse_opened, parse_question
from cutwise.stated.question_tables import question_from_dict
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from tests.core.stated_questions import random_question

HEAD = 'format = "cutwise-question/1"\n'


def parsed(text: str) -> StatedQuestion:
    return parse_question(f"{HEAD}{text}".encode())


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse_question(text.encode())
    return caught.value.mistakes


@pytest.mark.parametrize("seed", range(200, 400))
def test_a_question_comes_back_exactly_from_its_file_and_through_a_link(seed: int) -> None:
    asked = random_question(random.Random(seed))
    found = parse_question(dump_question(asked).encode())
    assert found == asked
    assert repr(found.scenario) == repr(asked.scenario)
    assert sorted(map(repr, found.options.items())) == sorted(map(repr, asked.options.items()))
    assert parse_question(dump_question(question_of_link(link_of(found))).encode()) == asked


def test_the_first_line_says_who_wrote_it() -> None:
    first, second, *_ = dump_question(StatedQuestion()).splitlines()
    assert first == f"# written by {versions().text}"
    assert second == 'format = "cutwise-question/1"'


def test_a_file_that_somebody_wrote_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "question.toml"
    file.write_text(
        """
        format = "cutwise-question/1"
        scheme = "gsfl"
        baseline = "server_only"
        device = "phone"
        [model]
        sample = "gpt2"
        dims = { sequence = 12 }
        [options]
        groups = 2
        [scenario]
        name = "mine"
        [scenario.limits]
        deadline_s = "5 min"
        [scenario.channel]
        kind = "fixed_rate"
        uplink_bps = "300 Mbit/s"
        [[scenario.devices]]
        name = "phone"
        memory_bytes = "2 GB"
        """,
        encoding="utf-8",
    )
    found = load_question(file)
    assert found.scenario.limits.deadline_s == 300.0
    assert found.scenario.devices == (Device(name="phone", memory_bytes=2e9),)
    assert changed(found.scenario, {"name": "mine"}).channel.uplink_bps == 3e8  # type: ignore[union-attr]
    assert (found.scheme, dict(found.options)) == ("gsfl", {"groups": 2})
    assert found.model == ModelReference(sample="gpt2", dims={"sequence": 12})
    assert (found.baseline, found.device, found.preset) == ("server_only", "phone", "lecture_hall")


def test_what_is_left_out_is_as_in_the_first_question() -> None:
    assert parsed("") == StatedQuestion()
    assert parsed('preset = "campus_cell"').scenario == shipped_scenario("campus_cell")
    assert parsed("[scenario]").scenario.device_names == ("device-1",)


def test_a_question_in_json() -> None:
    document = tomllib.loads(dump_question(StatedQuestion(scheme="card")))
    assert parse_question(json.dumps(document).encode()) == StatedQuestion(scheme="card")


def test_every_mistake_at_once_with_its_path() -> None:
    found = mistakes(
        """
        format = "cutwise-question/2"
        schem = "gsfl"
        scheme = "gsfll"
        preset = "moon"
        cut = 3
        baseline = "luck"
        kept = ["1.AAAA", "no link!", 4]
        [model]
        sample = "resnet19"
        dims = { batch = 0 }
        size = 3
        [scenario]
        seed = -1
        colour = "red"
        [scenario.limits]
        deadline_s = "5 m"
        """
    )
    starts = [
        "format: must be 'cutwise-question/1', not 'cutwise-question/2'",
        "schem: unknown key 'schem'; did you mean 'scheme'?",
        "cut: must be text in quotes, not 3",
        "model.size: unknown key 'size'",
        "scenario.seed: ",
        "scenario.colour: ",
        "scenario.limits.deadline_s: ",
        "model.sample: unknown sample 'resnet19'; did you mean 'resnet18'?",
        "model.dims: 'batch' is 0",
        "preset: unknown preset 'moon'",
        "scheme: unknown scheme 'gsfll'; did you mean 'gsfl'?",
        "baseline: unknown baseline 'luck'",
        "kept[1]: must be a link of the page, not 'no link!'",
        "kept[2]: must be a link of the page, not 4",
    ]
    for start in starts:
        assert any(mistake.startswith(start) for mistake in found), (start, found)
    assert len(found) == len(starts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[options]\ngroups = -1\n", "options.groups: unknown option of fast_split 'groups'"),
        ('scheme = "gsfl"\n[options]\ngroups = -1\n', "options.groups: -1 is below the smallest value 0"),
        ('scheme = "gsfl"\n[options]\ngroups = 1.5\ncertify = 3', "options.groups: must be a whole number"),
        ('scheme = "gsfl"\n[options]\ngroups = 1.5\ncertify = 3', "options.certify: must be true or false"),
        ('scheme = "card"\n[options]\nleast_frequency_ratio = nan', "options.least_frequency_ratio: nan"),
        ('[model]\ndigest = "xyz"', "model.digest: give the SHA-256"),
        ('[model]\nname = "mine.onnx"', "model.digest: give the SHA-256"),
        ('[model]\nsample = "gpt2"\ndigest = "ab"', "model: give a sample, or the digest"),
        ('device = "fone"', "device: unknown device 'fone'; did you mean 'phone'?"),
        ("model = 3", "model: must be a table, not 3"),
        ("scenario = 3", "scenario: must be a table, not 3"),
        ("kept = 3", "kept: must be a list, not 3"),
        ("[scenario.workload]\nlocal_epochs = 1\nlocal_iterations = 1\n", "scenario.workload"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_path(text: str, why: str) -> None:
    assert [mistake for mistake in mistakes(HEAD + text) if mistake.startswith(why)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{", b'{"format": "cutwise-question/1", "a":' + b"[" * 10**5, b"x = ", b"[" * 10**5],
)
def test_what_is_no_question_is_refused_with_sentences(content: bytes) -> None:
    with pytest.raises(CutwiseError):
        parse_question(content)


def test_too_large_a_file_and_too_many_devices_are_refused_before_they_are_made() -> None:
    with pytest.raises(ScenarioError, match="at most 8 MB are read"):
        parse_question(b"#" * (2**24 + 1))
    assert mistakes(HEAD + "[[scenario.devices]]\n" * 10_001) == (
        "scenario.devices: has 10,001 rows, at most 10,000 are planned at once; "
        "give fewer, or several scenarios",
    )


def test_a_scenario_file_of_0_1_opens_in_the_question_there_is() -> None:
    now = StatedQuestion(scheme="gsfl", cut="conv1", device="phone", figure="p1/9")
    scenario = shipped_scenario("campus_cell")
    found = parse_opened(saved_scenario(scenario).encode(), "campus.toml", now=now)
    assert found.question == replace(now, scenario=scenario, device="", figure="")
    assert found.notice == ""
    again = parse_opened(saved_scenario(now.scenario).encode(), "hall.toml", now=now)
    assert again.question.device == "phone"


def test_a_question_file_replaces_the_question_and_says_who_wrote_it() -> None:
    asked = StatedQuestion(scheme="gsfl", cut="conv1")
    text = dump_question(asked)
    assert parse_opened(text.encode(), "mine.toml", now=StatedQuestion()) == (asked, "")
    other = text.replace(versions().text, "cutwise 0.0.9, data 00ff")
    told = parse_opened(other.encode(), "mine.toml", now=StatedQuestion()).notice
    assert told.startswith("Mine.toml was written by cutwise 0.0.9, data 00ff")


def test_a_device_that_left_the_fleet_is_not_saved() -> None:
    asked = StatedQuestion(device="somebody else")
    assert parse_question(dump_question(asked).encode()) == StatedQuestion()


def test_what_no_file_can_hold_is_said() -> None:
    with pytest.raises(CutwiseError, match="cannot be written as a file"):
        dump_question(StatedQuestion(cut="\ud800"))
    with pytest.raises(CutwiseError, match="cannot be written as a link"):
        link_of(StatedQuestion(cut="\ud800"))


def test_half_a_character_in_a_scenario_file_is_a_mistake() -> None:
    with pytest.raises(ScenarioError, match="half a character"):
        parse_question(b'{"format": "cutwise-question/1", "scenario": {"name": "\\ud800"}}')


def test_a_questions_scenario_has_as_many_mistakes_as_the_scenario_alone() -> None:
    """300 devices with one mistake each: ten are told, 290 are more, whichever file they stand in."""
    bad = [{"samples": -1}] * 300
    told = []
    for read in (
        lambda: scenario_from_dict({"format": "cutwise-scenario/1", "devices": bad}),
        lambda: question_from_dict({"format": "cutwise-question/1", "scenario": {"devices": bad}}),
    ):
        with pytest.raises(ScenarioError) as refused:
            read()
        told.append(shown_mistakes(refused.value))
    assert [len(sentences) for sentences in told] == [11, 11]
    assert [sentences[-1] for sentences in told] == ["and up to 290 more"] * 2
