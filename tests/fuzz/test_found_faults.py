"""The smallest input of each kind of fault that mutated input has found, and what is said of it now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutwise.budgets import shown_mistakes
from cutwise.errors import CutwiseError
from cutwise.importers import load_model
from cutwise.pipeline import analyse, plan
from cutwise.scenario.changes import changed
from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import parse_scenario
from cutwise.schemes.options import scheme_with
from cutwise.stated.question_file import parse_question
from cutwise.sweeping.sweep_file import read_sweep_file
from cutwise_dashboard.desk.history import Desk

TOY = Path(__file__).parents[2] / "docs" / "examples" / "toy.json"
LONG = "x" * 700
CUT = "x" * 79 + "…"
SCENARIO, QUESTION = b'{"format": "cutwise-scenario/1", %b}', b'{"format": "cutwise-question/1", %b}'


def in_scenario(text: str) -> Callable[[], Any]:
    return lambda: parse_scenario(SCENARIO % text.encode())


def in_question(text: str) -> Callable[[], Any]:
    return lambda: parse_question(QUESTION % text.encode())


FOUND: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "a key of two lines": (in_scenario(r'"a\nb": 1'), ["a b: unknown key"]),
    "a key that turns the text": (in_scenario(r'"\u202e": 1'), ["\ufffd: unknown key"]),
    "half a letter as a key": (
        in_question(r'"\ud800": 1'), ["\ufffd: unknown key '\\ud800'; known: baseline, "],
    ),
    "a long key": (in_scenario(f'"{LONG}": 1'), [f"{CUT}: unknown key"]),
    "a long key in a row": (in_scenario(f'"devices": [{{"{LONG}": 1}}]'), [f"devices[0].{CUT}: unknown key"]),
    "a long key of a question": (
        in_question(f'"model": {{"sample": "vgg16", "{LONG}": 1}}'), [f"model.{CUT}: unknown key 'xxx"],
    ),
    "a long option": (
        in_question(f'"options": {{"{LONG}": 1}}'), [f"options.{CUT}: unknown option of fast_spl"],
    ),
    "two names used twice": (
        in_scenario('"devices": [{"name": "a"}, {"name": "b"}, {"name": "b"}, {"name": "a"}]'),
        ["devices: the name 'a' is used twice; names must differ",
         "devices: the name 'b' is used twice; names must differ"],
    ),
    "a long text for a list": (in_scenario(f'"devices": "{LONG}"'), ["devices: must be a list, not 'xxx"]),
    "a table for a number": (
        in_question(f'"scheme": "gsfl", "options": {{"groups": {{"a": "{LONG}"}}}}'),
        ["options.groups: must be a whole number, not {'a': 'xxx"],
    ),
    "a long text for a choice": (
        lambda: scheme_with("gsfl", {"grouping": LONG}), ["grouping: must be lpt or round_"],
    ),
    "a long name of a size": (
        lambda: load_model("sample:vgg16", dims={LONG: 3}), ["dims: 'xxx"],
    ),
    "a long name of a size that is none": (
        in_question(f'"model": {{"sample": "vgg16", "dims": {{"{LONG}": 0}}}}'), ["model.dims: 'xxx"],
    ),
    "a long path": (lambda: changed(Scenario(), {LONG: 1}), [f"{CUT}: unknown field 'xxx"]),
    "a long list of a path": (
        lambda: analyse(load_model(TOY), Scenario(), "sweep", over={"rounds": LONG}),
        ["over: 'rounds' needs a list of values, not 'xxx"],
    ),
    "a long title of a column": (lambda: parse_fleet(f"{LONG}\tsamples\n1\t2"), ["fleet: column 'xxx"]),
    "a long profile": (lambda: parse_fleet(f"profile\tsamples\n{LONG}\t2"), ["fleet, row 1: profile: unk"]),
    "a long op that stays": (
        lambda: plan(load_model(TOY), changed(Scenario(), {"privacy.keep_on_device": [LONG]})),
        ["privacy.keep_on_device: toy has no op 'xxx"],
    ),
    "a long op that is frozen": (
        lambda: plan(load_model(TOY), changed(Scenario(), {"workload.frozen": [LONG]})),
        ["workload.frozen: 'xxx"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_one_line_a_mistake_says_where_and_is_not_cut_off(name: str) -> None:
    ask, says = FOUND[name]
    with pytest.raises(CutwiseError) as told:
        ask()
    lines = shown_mistakes(told.value)
    assert len(lines) == len(says)
    assert all(line.startswith(start) for line, start in zip(lines, says, strict=True)), lines
    assert all(len(line) < 400 for line in lines)


@pytest.mark.parametrize("over", ["[1]", "1", '"rounds"', "[{}]", "{}", "{rounds = 1}", "{rounds = []}"])
def test_what_a_sweep_is_over_is_a_table_of_lists(tmp_path: Path, over: str) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(f'model = "sample:vgg16"\nover = {over}')
    with pytest.raises(
        CutwiseError,
        match=r"^sweep\.toml: \[over\] gives every swept path a list of values, or a range with from and to$",
    ):
        read_sweep_file(file)


def test_a_desk_says_one_line_of_a_field_and_all_lines_of_a_table() -> None:
    desk = Desk()
    desk.do({"kind": "option", "path": "option.a\nb", "value": 1})
    desk.do({"kind": "fleet", "path": "fleet", "value": "name\tsamples\na\tx\nb\ty"})
    desk.do({"kind": "set", "path": "devices.0.profile", "value": f"a\nb{LONG}"})
    reasons = {path: one.reason for path, one in desk.refused.items()}
    assert "\n" not in reasons["option.a\nb"]
    assert reasons["fleet"].count("\n") == 1
    assert "\n" not in reasons["devices.0.profile"]
    assert len(reasons["devices.0.profile"]) < 400
