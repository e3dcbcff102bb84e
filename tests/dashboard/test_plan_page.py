"""The plan page in Streamlit's own test harness: it shows what the library answers to its question."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.importers import IMPORTERS, load_bytes
from cutwise.scenario.changes import changed
from cutwise.scenario.scenario_file import scenario_to_dict
from cutwise.scenario.versions import versions
from cutwise.stated.question_file import dump_question
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.format import as_written, quantity_text, seconds_text
from cutwise_dashboard.models import model_of, read_upload
from cutwise_dashboard.session import DESK
from cutwise_dashboard.stores.link_store import address_of
from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from cutwise_dashboard.views.open_and_save import opened as opened_files
from cutwise_dashboard.views.open_and_save import says_question
from tests.dashboard.pages import APP, opened, texts

LLAMA = json.dumps(
    {
        "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256,
    }
).encode()  # fmt: skip


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWISE_STORE", str(tmp_path / "store"))


def html(page: AppTest) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def asked(**changes: Any) -> StatedQuestion:
    """The first question with values at dotted paths of its scenario."""
    return StatedQuestion(scenario=changed(shipped_scenario(), changes))


def uploaded(content: bytes, name: str = "config.json") -> StatedQuestion:
    return opened_files(StatedQuestion(), [(name, content)], [(name, content)]).question


@pytest.mark.parametrize("sample", cutwise.samples())
def test_the_page_and_the_library_give_equal_figures_for_every_sample(sample: str) -> None:
    page = opened(StatedQuestion(model=ModelReference(sample=sample)))
    plan = cutwise.plan(cutwise.load_model(f"sample:{sample}"), shipped_scenario())
    assert f"<b>{seconds_text(plan.delay_s)}</b>" in html(page)
    assert f"<b>{quantity_text(plan.energy_j, 'J')}</b>" in html(page)
    assert f"<b>{quantity_text(sum(s.traffic_bytes for s in plan.stages), 'B')}</b>" in html(page)


def test_the_baseline_that_is_named_is_the_one_that_is_compared_with() -> None:
    graph = cutwise.load_model("sample:resnet18")
    plan = cutwise.plan(graph, shipped_scenario())
    alone = cutwise.plan(graph, shipped_scenario(), "device_only")
    page = html(opened(StatedQuestion(baseline="device_only")))
    assert f"{alone.delay_s / plan.delay_s:.3g} × faster" in page
    assert "all on the device" in page
    assert "faster" not in html(opened(StatedQuestion(baseline="")))


def test_a_baseline_that_breaks_a_rule_is_said_to() -> None:
    assert cutwise.plan(cutwise.load_model("sample:resnet18"), shipped_scenario(), "server_only").violations
    page = html(opened(StatedQuestion(baseline="server_only")))
    assert re.search(r"all on the server[^<]*breaks", page)


def test_a_pinned_cut_is_said_and_its_plan_is_shown() -> None:
    page = opened(replace(StatedQuestion(), cut="avgpool"))
    pinned = cutwise.plan(
        cutwise.load_model("sample:resnet18"), shipped_scenario(), "split_learning", cut="avgpool"
    )
    assert "Pinned" in html(page)
    assert seconds_text(pinned.delay_s) in html(page)


def test_an_infeasible_scenario_is_answered_with_what_is_missing() -> None:
    page = opened(asked(**{"limits.deadline_s": 1.0}))
    assert "deadline" in html(page)


def test_the_length_of_a_configuration_belongs_to_the_work() -> None:
    stated = uploaded(LLAMA)
    with_length = replace(stated, scenario=changed(stated.scenario, {"workload.sequence_length": 64}))
    expected = cutwise.plan(load_bytes("config.json", LLAMA), with_length.scenario).delay_s
    assert f"<b>{seconds_text(expected)}</b>" in html(opened(with_length))


def test_a_length_that_a_model_does_not_follow_is_said() -> None:
    page = opened(asked(**{"workload.sequence_length": 64}))
    assert any("leave it out" in element.value for element in page.main.error)


def test_what_the_models_file_says_is_offered_and_taken_over() -> None:
    content = json.dumps({**json.loads(LLAMA), "torch_dtype": "bfloat16"}).encode()
    page = opened(uploaded(content), "model")
    says = as_written('The model\'s file says: weights_dtype = "bf16"')
    assert says in [info.value for info in page.main.info]
    page.button(key="stated").click().run()
    assert page.session_state[DESK].stated.scenario.workload.weights_dtype == "bf16"
    assert says not in [info.value for info in page.main.info]


def test_a_quantised_model_is_trained_with_adapters_once_its_format_is_taken_over() -> None:
    quantised = {"torch_dtype": "float16", "quantization_config": {"quant_method": "gptq", "bits": 4}}
    page = opened(uploaded(json.dumps({**json.loads(LLAMA), **quantised}).encode()), "model")
    page.button(key="stated").click().run()
    workload = page.session_state[DESK].stated.scenario.workload
    assert (workload.weights_dtype, workload.tuning.kind) == ("int4", "lora")
    assert not page.main.error


def test_the_uploader_names_every_format_that_is_read() -> None:
    page = opened()
    (uploader,) = page.main.file_uploader
    suffixes = {suffix.strip(".") for importer in IMPORTERS.values() for suffix in importer.suffixes}
    assert [suffix for suffix in suffixes if suffix not in uploader.help.lower()] == []


def test_a_saved_question_opens_whole() -> None:
    stated = replace(asked(**{"limits.deadline_s": 300.0}), scheme="gsfl", options={"groups": 2})
    content = dump_question(stated).encode()
    assert opened_files(StatedQuestion(), [("question.toml", content)], []).question == stated


def test_a_scenario_file_keeps_model_and_scheme() -> None:
    now = StatedQuestion(model=ModelReference(sample="vgg16"), scheme="gsfl")
    content = json.dumps(scenario_to_dict(shipped_scenario("campus_cell"))).encode()
    found = opened_files(now, [("cell.json", content)], []).question
    assert (found.model, found.scheme) == (now.model, now.scheme)
    assert found.scenario == shipped_scenario("campus_cell")


def test_a_configuration_is_a_model_and_no_question() -> None:
    assert not says_question("config.json", LLAMA)
    assert uploaded(LLAMA).model.name == "config.json"


def test_an_upload_is_found_again_by_its_digest() -> None:
    reference, said = read_upload("config.json", LLAMA)
    assert said == ""
    known = model_of(reference)
    assert known is not None
    assert known.digest == load_bytes("config.json", LLAMA).digest


def test_a_model_opens_where_nothing_can_be_kept_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/proc/nope")
    content = LLAMA + b"\n"  # not the file of another test, which is known by now
    found = opened_files(StatedQuestion(), [("kept_nowhere.json", content)], [])
    known = model_of(found.question.model)
    assert known is not None
    assert known.digest == load_bytes("kept_nowhere.json", content).digest
    assert "asked for again" in found.notice
    assert f"name a folder in {FOLDER_VARIABLE}" in found.notice


def test_a_fault_outside_of_every_section_is_told_with_its_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("cutwise_dashboard.session.desk", broken)
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert not page.exception
    (error,) = page.error
    number = re.search(r"reference ([0-9a-f]{8})", error.value)
    assert number
    assert "secret" not in error.value
    assert f"reference {number[1]}" in capsys.readouterr().err


def test_a_link_to_an_upload_that_is_not_here_asks_for_the_file() -> None:
    page = opened(replace(StatedQuestion(), model=ModelReference(digest="0" * 64, name="mine.onnx")))
    assert any("mine" in element.value for element in page.main.info)


def from_address(**parameters: str) -> AppTest:
    page = AppTest.from_file(APP, default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def test_a_link_opens_the_whole_question() -> None:
    stated = replace(asked(**{"channel.uplink_bps": 5e7}), scheme="split_federated")
    page = from_address(q=address_of(stated))
    assert page.session_state[DESK].stated == stated
    assert texts(page) == texts(opened(stated))


def test_a_damaged_link_opens_the_first_question_and_says_why() -> None:
    page = from_address(q="1.damaged")
    assert page.session_state[DESK].stated == StatedQuestion()
    assert any("could not be opened" in element.value for element in page.main.warning)


def test_a_link_of_0_1_opens_with_a_sentence_about_who_wrote_it() -> None:
    def told(written_by: str | None) -> list[str]:
        link = {"scheme": "fast_split", "scenario": {"format": "cutwise-scenario/1", "seed": 5}}
        link |= {} if written_by is None else {"written_by": written_by}
        packed = zlib.compress(json.dumps(link).encode())
        page = from_address(plan=base64.urlsafe_b64encode(packed).decode().rstrip("="))
        assert page.session_state[DESK].stated.scenario.seed == 5
        return [element.value for element in page.main.info if "figures may have moved" in element.value]

    assert told(versions().text) == []
    (other,) = told("cutwise 0.0.1, data 0123456789ab")
    assert "written by cutwise 0.0.1, data 0123456789ab" in other


def test_every_page_draws_the_question_of_the_desk() -> None:
    stated = asked(**{"channel.uplink_bps": 5e7})
    for page in ("explore", "compare", "simulate", "learn", "model", "network", "papers", "truth"):
        shown = opened(stated, page)
        assert not shown.main.error, page
        assert shown.session_state[DESK].stated == stated


def test_undo_on_the_desk_is_what_the_next_run_shows() -> None:
    page = opened()
    first = html(page)
    desk: Desk = page.session_state[DESK]
    desk.do({"kind": "set", "path": "channel.uplink_bps", "value": "10 Mbit/s"})
    assert html(page.run()) != first
    desk.do({"kind": "undo"})
    assert html(page.run()) == first


def test_a_plan_in_inference_shows_requests_and_tokens_and_speaks_of_nothing_trained() -> None:
    machine = {"memory_bandwidth_bytes_per_s": 1e11, "flops_per_s": 1e12}
    scenario = scenario_to_dict(shipped_scenario()) | {
        "workload": {"mode": "inference", "batch_size": 1, "prompt_tokens": 8, "new_tokens": 4},
        "devices": [{"name": "phone", "samples": 2, **machine}],
        "server": machine,
    }
    from cutwise.scenario.scenario_file import scenario_from_dict

    page = opened(StatedQuestion(model=ModelReference(sample="gpt2"), scenario=scenario_from_dict(scenario)))
    labels = {metric.label for metric in page.main.metric}
    assert {"First token", "Tokens a second", "Keys and values", "Energy a token"} <= labels
    said = re.sub(r"<style>.*?</style>", "", " ".join((*texts(page), html(page))))
    assert not re.search(r"\b([Rr]ounds?|[Ee]pochs?|[Cc]onvergence)\b", said.replace("a round ends", "")), (
        said
    )
