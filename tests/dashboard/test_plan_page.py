"""The plan page in Streamlit's own test harness: what is set changes what is shown."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.importers import IMPORTERS, load_bytes, load_model
from cutwise.scenario.scenario_file import scenario_from_dict
from cutwise.scenario.versions import versions
from cutwise_dashboard.format import as_written, figures
from cutwise_dashboard.session import first_scenario, restore

PAGE = str(Path(__file__).parents[2] / "dashboard" / "app.py")
LLAMA = json.dumps(
    {
        "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256,
    }
).encode()  # fmt: skip


def opened(**state: Any) -> AppTest:
    """The plan page with this session state, run once."""
    page = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in state.items():
        page.session_state[key] = value
    return page.run()


def with_drawers(page: AppTest, *, are_open: bool) -> AppTest:
    """The page with every closed section opened, or every open one closed."""
    for section in page.expander:
        page.session_state[f"drawer.{section.label}"] = are_open
    return page.run()


def shown(page: AppTest) -> tuple[str, ...]:
    """Everything the main part shows: figures, sentences, tables, charts."""
    assert not page.exception, page.exception
    texts = [f"{metric.label} {metric.value} {metric.delta}" for metric in page.main.metric]
    texts += [
        element.value for kind in (page.main.markdown, page.main.caption, page.main.error) for element in kind
    ]
    texts += headline(page)
    texts += [frame.value.to_csv() for frame in page.main.dataframe]
    return tuple(texts)


def headline(page: AppTest) -> list[str]:
    """Figures and reason as text: first the label of the first figure, then its value."""
    shown = "".join(element.proto.body for element in page.main.get("html"))
    texts = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    return [text for text in re.split(r"<[^>]+>", texts) if text]


def scenario(**changes: Any) -> Any:
    """The first scenario with some parts given anew."""
    from cutwise.scenario.scenario_file import scenario_to_dict

    return scenario_from_dict(scenario_to_dict(first_scenario()) | changes)


def choice(**changes: Any) -> Any:
    from cutwise_dashboard.session import Selection

    return Selection(**changes)


def uploaded(name: str, content: bytes) -> dict[str, Any]:
    """Session state in which this file is the model."""
    digest = hashlib.sha256(content).hexdigest()
    uploads = {digest: (content, load_bytes(name, content))}
    return {"uploads": uploads, "choice": choice(upload_digest=digest, upload_name=name)}


TOP_K = {"compression": {"codec": {"kind": "top_k"}}}
CONTROLS: list[tuple[str, Any, dict[str, Any]]] = [
    ("model", "mobilenet_v2", {}),
    ("dims.gpt2.sequence", 64, {"choice": choice(sample="gpt2")}),
    ("scheme", "split_federated", {}),
    ("scheme", "device_only", {}),
    ("option.split_learning.common_cut", True, {"choice": choice(scheme="split_learning")}),
    ("workload.sequence_length", 64, uploaded("config.json", LLAMA)),
    ("workload.counted", "iterations", {}),
    ("channel.kind", "shannon", {}),
    ("compression.codec", "top_k", {}),
    ("devices.all devices.flops_per_s", 1e12, {}),
    ("edges.count", 2, {"choice": choice(scheme="split_llm")}),
    ("privacy.layers", 5, {}),
    ("limits.deadline_s", None, {"scenario": scenario(limits={"deadline_s": 1.0})}),
    ("scenario.rounds", 500, {}),
    ("shown_device", "phone", {}),
    ("rate.fade_db", 3.0, {}),
    ("rate.epochs", 20, {}),
]
"""What no field is behind, and one control of each kind that has one; all others in test_sidebar.py."""


@pytest.mark.parametrize(
    ("key", "value", "state"), CONTROLS, ids=[f"{key}={value}" for key, value, _ in CONTROLS]
)
def test_a_control_changes_what_is_shown(key: str, value: Any, state: dict[str, Any]) -> None:
    page = with_drawers(opened(**state), are_open=True)
    before = shown(page)

    assert key in page.session_state, f"there is no control {key}"
    page.session_state[key] = value
    page.run()

    assert shown(page) != before


def test_the_uploader_names_every_format_that_is_read() -> None:
    page = with_drawers(opened(), are_open=True)
    uploader = next(field for field in page.sidebar.file_uploader if field.label == "Model file")
    suffixes = {suffix.strip(".") for importer in IMPORTERS.values() for suffix in importer.suffixes}
    assert [suffix for suffix in suffixes if suffix not in uploader.help.lower()] == []


def test_a_section_that_is_closed_keeps_what_was_set_in_it() -> None:
    page = with_drawers(opened(scenario=scenario(**TOP_K)), are_open=True)
    page.session_state["compression.top_k.density_ratio"] = 0.1
    page.session_state["workload.optimizer"] = "adamw"
    figures = headline(page.run())

    assert headline(with_drawers(page, are_open=False)) == figures
    assert "workload.optimizer" not in page.session_state
    assert with_drawers(page, are_open=True).session_state["workload.optimizer"] == "adamw"
    assert page.session_state["compression.top_k.density_ratio"] == 0.1
    assert headline(page) == figures


def test_the_length_of_a_configuration_belongs_to_the_work_and_to_this_model() -> None:
    page = opened(**uploaded("config.json", LLAMA))
    assert "Sequence" not in [field.label for field in page.sidebar.number_input]

    page.session_state["workload.sequence_length"] = 64
    page.run()
    asked = replace(first_scenario(), workload=replace(first_scenario().workload, sequence_length=64))
    expected = cutwise.plan(load_bytes("config.json", LLAMA), asked).delay_s
    assert any(f"the plan reaches {figures(expected, 6)} s" in text for text in shown(page))

    page.session_state["model"] = "vgg16"
    page.run()
    assert page.session_state["scenario"].workload.sequence_length is None
    assert not page.main.error


def test_what_the_models_file_says_is_offered_and_taken_over() -> None:
    content = json.dumps({**json.loads(LLAMA), "torch_dtype": "bfloat16"}).encode()
    page = opened(**uploaded("config.json", content))
    says = as_written('The model\'s file says: weights_dtype = "bf16"')
    assert says in [caption.value for caption in page.sidebar.caption]
    before = shown(page)

    page.button(key="stated").click().run()
    assert page.session_state["scenario"].workload.weights_dtype == "bf16"
    assert says not in [caption.value for caption in page.sidebar.caption]
    assert shown(page) != before


def test_a_quantised_model_is_trained_with_adapters_once_its_format_is_taken_over() -> None:
    quantised = {"torch_dtype": "float16", "quantization_config": {"quant_method": "gptq", "bits": 4}}
    page = opened(**uploaded("config.json", json.dumps({**json.loads(LLAMA), **quantised}).encode()))
    page.button(key="stated").click().run()
    workload = page.session_state["scenario"].workload
    assert (workload.weights_dtype, workload.tuning.kind) == ("int4", "lora")
    assert not page.main.error


def test_a_length_that_a_model_does_not_follow_can_be_taken_away() -> None:
    page = opened(scenario=scenario(workload={"sequence_length": 64}))
    assert any("leave it out" in element.value for element in page.main.error)

    page.session_state["workload.sequence_length"] = None
    page.run()
    assert not page.main.error


def test_a_device_is_picked_and_changed_alone() -> None:
    page = opened()

    page.session_state["devices.picked"] = "phone"
    page.run()
    page.session_state["devices.phone.flops_per_s"] = 5e12
    page.run()

    speeds = page.main.dataframe[0].value.set_index("device")["speed"]
    assert speeds["phone"] == 5000
    assert speeds["jetson-tx2"] == pytest.approx(266.4)


def test_the_page_and_the_library_give_equal_numbers() -> None:
    page = opened()

    plan = cutwise.plan(load_model("sample:resnet18"), first_scenario())
    assert "Proven optimal" in headline(page)
    proven = next(element.value for element in page.main.markdown if "Bound of" in element.value)
    assert f"the plan reaches {figures(plan.delay_s, 6)} s" in proven


def test_a_link_restores_scenario_scheme_and_sample() -> None:
    page = opened(
        choice=choice(sample="vgg16", scheme="split_federated"),
        scenario=scenario(sharing={"bandwidth": "optimised"}),
    )
    link = next(element.value for element in page.main.code if "?plan=" in element.value)

    again = AppTest.from_file(PAGE, default_timeout=60)
    again.query_params["plan"] = link.partition("?plan=")[2]
    again.run()

    assert shown(again) == shown(page)


def test_a_link_of_another_version_opens_with_a_sentence_until_the_scenario_changes() -> None:
    def told(written_by: str | None) -> list[str]:
        link = {"scheme": "fast_split", "scenario": {"format": "cutwise-scenario/1", "seed": 5}}
        link |= {} if written_by is None else {"written_by": written_by}
        packed = zlib.compress(json.dumps(link).encode())
        page = AppTest.from_file(PAGE, default_timeout=60)
        page.query_params["plan"] = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        page.run()
        return [element.value for element in page.main.info if "figures may have moved" in element.value]

    assert told(versions().text) == []
    (other,) = told("cutwise 0.0.1, data 0123456789ab")
    assert "written by cutwise 0.0.1, data 0123456789ab" in other
    (older,) = told(None)
    assert "a version that did not say which it was" in older


def test_a_link_to_an_upload_asks_for_the_file() -> None:
    page = opened(choice=choice(upload_digest="0" * 64, upload_name="mine.onnx"))

    assert any("mine.onnx" in element.value for element in page.main.info)


def test_an_infeasible_scenario_is_answered_with_what_is_missing() -> None:
    page = opened(scenario=scenario(limits={"deadline_s": 1.0}))

    assert any("deadline" in text for text in headline(page))
    assert not page.exception


def test_restoring_a_damaged_link_changes_nothing() -> None:
    with pytest.raises(cutwise.CutwiseError):
        restore("%%%")


@pytest.mark.parametrize("sample", cutwise.samples())
def test_every_sample_opens(sample: str) -> None:
    page = opened(choice=choice(sample=sample))

    assert not page.exception
    assert headline(page)[0] == "One round takes"


def test_a_plan_in_inference_shows_requests_and_tokens_and_speaks_of_nothing_trained() -> None:
    machine = {"memory_bandwidth_bytes_per_s": 1e11, "flops_per_s": 1e12}
    page = opened(
        choice=choice(sample="gpt2"),
        scenario=scenario(
            workload={"mode": "inference", "batch_size": 1, "prompt_tokens": 8, "new_tokens": 4},
            devices=[{"name": "phone", "samples": 2, **machine}],
            server=machine,
        ),
    )
    labels = {metric.label for metric in page.main.metric}
    labels |= set(headline(page))
    assert {"All requests take", "Requests a second", "First token", "Tokens a second"} <= labels
    assert {"Keys and values", "Energy a token", "Data a token", "A batch"} <= labels
    said = " ".join(shown(page))
    assert not re.search(r"\b([Rr]ounds?|[Ee]pochs?|[Cc]onvergence)\b", said), said
