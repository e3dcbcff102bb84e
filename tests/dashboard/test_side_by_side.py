"""The rows of words and figures that stand side by side, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cutwise
from cutwise.errors import CutwiseError
from cutwise.plans.plan import Plan, Violation
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.side_by_side import question_columns as side_by_side
from cutwise_dashboard.side_by_side.input_words import input_rows
from cutwise_dashboard.side_by_side.outcomes import outcome_rows
from cutwise_dashboard.side_by_side.question_columns import columns_of, table_of
from cutwise_dashboard.stores.link_store import address_of, stated_at

PLAIN = StatedQuestion()


def setting(**values: Any) -> StatedQuestion:
    return replace(
        PLAIN, scenario=changed(PLAIN.scenario, {k.replace("__", "."): v for k, v in values.items()})
    )


def words(*questions: StatedQuestion) -> dict[str, tuple[str, ...]]:
    return {row.title: row.texts for row in input_rows(questions)}


@pytest.mark.parametrize(
    ("path", "value", "title", "texts"),
    [
        ("channel.uplink_bps", 5e7, "Uplink", ("300 Mbit/s", "50 Mbit/s")),
        ("limits.deadline_s", 300.0, "Deadline", ("no limit", "5 min 0 s")),
        ("privacy.keep_on_device", "raw_allowed", "Privacy", ("1 layer stays", "raw data may leave")),
        ("workload.local_epochs", 5, "Local epochs", ("1", "5")),
        ("workload.mode", "inference", "Mode", ("training", "inference")),
        ("seed", 1_000_000, "Seed", ("7", "1,000,000")),
        ("devices.2.samples", 5, "Device samples", ("jetson-tx2 2,000", "jetson-tx2 5")),
        ("devices.1.memory_bytes", 2e9, "Device memory", ("jetson-nano 4 GB", "jetson-nano 2 GB")),
        ("devices.*.memory_bytes", 2e9, "Device memory", ("4 – 12 GB", "2 GB")),
    ],
)
def test_an_input_that_differs_is_told_in_words_with_units(
    path: str, value: Any, title: str, texts: tuple[str, str]
) -> None:
    other = replace(PLAIN, scenario=changed(PLAIN.scenario, {path: value}))
    assert words(PLAIN, other) == {title: texts}


def test_fleets_of_other_sizes_are_told_by_number_and_by_their_ranges() -> None:
    few = replace(PLAIN, scenario=Scenario(devices=(Device(samples=40),) * 2))
    many = replace(PLAIN, scenario=Scenario(devices=tuple(Device(samples=40 + i) for i in range(30))))
    assert words(few, many) == {"Devices": ("2", "30"), "Device samples": ("40", "40 – 69")}
    assert [input_rows((few, many))[0].named(place) for place in (0, 1)] == ["2 devices", "30 devices"]


def test_two_files_of_one_name_are_told_apart() -> None:
    questions = [replace(PLAIN, model=ModelReference(digest=d * 64, name="net.onnx")) for d in "ab"]
    assert words(*questions) == {"Model": ("net.onnx (aaaaaa)", "net.onnx (bbbbbb)")}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return cutwise.plan(cutwise.load_model("sample:resnet18"))


def row(rows: list[dict[str, Any]], label: str) -> list[dict[str, Any]]:
    return next(one["cells"] for one in rows if one["label"] == label)


def test_delays_are_set_beside_the_first_and_the_best_is_marked(plan: Plan) -> None:
    """150 s beside 100 s is half as much again, 40 s two and a half times as fast."""
    plans = [replace(plan, delay_s=delay) for delay in (100.0, 150.0, 40.0, 100.0)]
    cells = row(outcome_rows(plans), "Delay of one round")
    assert [cell.get("change") for cell in cells] == [None, "50 % more", "2.5 × faster", "the same"]
    assert [cell.get("tone") for cell in cells] == [None, "bad", "good", ""]
    assert [cell["best"] for cell in cells] == [False, False, True, False]
    assert [cell["share"] for cell in cells] == pytest.approx([2 / 3, 1, 4 / 15, 2 / 3])


def test_a_plan_that_breaks_a_rule_is_never_the_best_and_says_which(plan: Plan) -> None:
    late = Violation(rule="deadline", where="", needs=2.0, has=1.0, sentence="the round takes 2 s of 1 s")
    broken = replace(plan, status="infeasible", delay_s=1.0, violations=(late,))
    rows = outcome_rows([replace(plan, delay_s=9.0), broken, replace(plan, delay_s=5.0), None])
    assert [cell.get("best") for cell in row(rows, "Delay of one round")] == [False, False, True, None]
    told = [cell["text"] for cell in row(rows, "Broken rules")]
    assert told == ["none", "1: the round takes 2 s of 1 s", "none", "–"]


def test_all_alike_there_is_no_best(plan: Plan) -> None:
    cells = row(outcome_rows([plan, plan]), "Energy of one round")
    assert [cell["best"] for cell in cells] == [False, False]


def test_energy_is_told_by_owner_and_the_owners_add_up(plan: Plan) -> None:
    rows = outcome_rows([plan])
    inner = [one for one in rows if one["inner"]]
    assert [one["label"] for one in inner] == ["Device computing", "Device radio", "Server", "Network"]
    assert sum(plan.energy_by_owner_j.values()) == pytest.approx(plan.energy_j)


def test_inference_has_requests_and_is_not_set_beside_training(plan: Plan) -> None:
    scenario = changed(Scenario(), {"workload.mode": "inference"})
    served = cutwise.plan(cutwise.load_model("sample:resnet18"), scenario)
    twice = replace(
        served.inference, sequential_requests_per_s=2 * served.inference.sequential_requests_per_s
    )
    alone = outcome_rows([served, replace(served, inference=twice)])
    assert "Delay of all requests" in [one["label"] for one in alone]
    cells = row(alone, "Requests a second")
    assert (cells[1]["change"], cells[1]["tone"], cells[1]["best"]) == ("100 % more", "good", True)
    mixed = row(outcome_rows([plan, served, replace(plan, delay_s=2 * plan.delay_s)]), "Delay of one round")
    assert not any(cell["best"] for cell in mixed)
    assert [cell.get("change") for cell in mixed] == [None, None, "100 % more"]


def test_columns_are_named_by_what_differs_and_open_with_what_was_kept() -> None:
    kept = address_of(PLAIN)
    now = replace(setting(channel__uplink_bps=5e7), kept=(kept,))
    columns = columns_of(now)
    first, second = table_of(columns, now, theme="light")["columns"]
    assert (first["name"], second["name"]) == ("Uplink 300 Mbit/s", "Uplink 50 Mbit/s")
    assert (first["now"], second["now"]) == (False, True)
    assert (first["drop"], second["drop"], second["open"]) == (kept, "", "")
    opened, _ = stated_at(first["open"])
    assert opened == replace(PLAIN, kept=(kept,))
    assert [column["now"] for column in table_of(columns_of(opened), opened, theme="dark")["columns"]] == [
        True
    ]


def test_columns_that_share_a_change_are_told_apart_by_another() -> None:
    """Of two batches at two rates neither names a column alone."""
    batch = {"workload__batch_size": 8}
    asked = [setting(), setting(channel__uplink_bps=5e7), setting(**batch)]
    now = setting(channel__uplink_bps=5e7, **batch)
    columns = table_of(columns_of(replace(now, kept=tuple(map(address_of, asked)))), now, theme="light")[
        "columns"
    ]
    assert [column["name"] for column in columns] == [
        "Batch size 32, uplink 300 Mbit/s",
        "Batch size 32, uplink 50 Mbit/s",
        "Batch size 8, uplink 300 Mbit/s",
        "Batch size 8, uplink 50 Mbit/s",
    ]
    assert not any(column["more"] for column in columns)


def test_a_question_whose_file_is_not_here_says_so_in_its_column() -> None:
    away = replace(PLAIN, model=ModelReference(digest="0" * 64, name="mine.onnx"))
    now = replace(PLAIN, kept=(address_of(away),))
    table = table_of(columns_of(now), now, theme="light")
    assert "“mine.onnx” is not on this server" in table["columns"][0]["refused"]
    assert row(table["outcomes"], "Delay of one round")[0] == {"text": "–"}
    assert table["columns"][1]["refused"] == ""


def test_a_link_that_cannot_be_opened_says_so_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(address: str) -> Any:
        raise CutwiseError("this short link is not known here")

    monkeypatch.setattr(side_by_side, "stated_at", refused)
    now = replace(PLAIN, kept=("k.0123456789abcdef",))
    columns = table_of(columns_of(now), now, theme="light")["columns"]
    assert "this short link is not known here" in columns[0]["refused"]
    assert (columns[0]["open"], columns[0]["drop"]) == ("", "k.0123456789abcdef")
    assert columns[1]["now"]


def test_a_question_that_cannot_be_planned_says_why() -> None:
    """ResNet-18 has no sequence whose length could be given."""
    asked = setting(workload__sequence_length=77)
    refused, answered = columns_of(replace(PLAIN, kept=(address_of(asked),)))
    assert refused.plan is None
    assert "no open dimension 'sequence'" in refused.refused
    assert answered.plan is not None
