"""Links of version 0.1 open as the question that they ask, or say why not."""

from __future__ import annotations

import pytest

from cutwise.errors import CutwiseError
from cutwise.scenario.changes import changed
from cutwise.scenario.scenario_file import scenario_to_dict
from cutwise.scenario.versions import versions
from cutwise.stated.old_link import question_of_old_link
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import BEST_BASELINE, ModelReference, StatedQuestion
from tests.core.stated_questions import EMPTY, old_link


def test_a_link_of_0_1_is_opened() -> None:
    scenario = changed(shipped_scenario("campus_cell"), {"workload.batch_size": 8})
    text = old_link(
        written_by=versions().text, sample="gpt2", upload=None, dims={"sequence": 12}, scheme="gsfl",
        options={"groups": 2, "cut": "a,b"}, scenario=scenario_to_dict(scenario),
    )  # fmt: skip
    asked = StatedQuestion(
        model=ModelReference(sample="gpt2", dims={"sequence": 12}), preset="campus_cell", scenario=scenario,
        scheme="gsfl", options={"groups": 2}, cut="a,b", baseline=BEST_BASELINE,
    )  # fmt: skip
    assert question_of_old_link(text) == (asked, "")


def test_a_link_of_0_1_with_an_upload_and_of_other_data() -> None:
    text = old_link(
        written_by="cutwise 0.0.9, data 00ff", sample="resnet18", scheme="fast_split", options={}, dims={},
        upload={"digest": "ab" * 32, "name": "mine.onnx"}, scenario={"format": "cutwise-scenario/1"},
    )  # fmt: skip
    found = question_of_old_link(text)
    assert found.question.model == ModelReference(digest="ab" * 32, name="mine.onnx")
    assert found.notice.startswith("This link was written by cutwise 0.0.9, data 00ff")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (old_link(sample="resnet19", scenario=EMPTY), "unknown sample"),
        (old_link(scenario=EMPTY | {"seed": -1}), "seed"),
        (old_link(scheme="x", scenario=EMPTY), "unknown scheme 'x'"),
        (old_link(dims=[1], scenario=EMPTY), "damaged"),
        (old_link(scenario=[1]), "damaged"),
        (old_link(upload="x", scenario=EMPTY), "damaged"),
        (old_link(scenario={"devices": [{}] * 340_000}), "more than 500,000 keys and values"),
        (old_link(scenario={"devices": [{}] * 34_000}), "devices: has 34,000 rows, at most 10,000"),
        (old_link(sample="vgg16")[:-9], "damaged"),
        ("", "damaged"),
        ("?", "damaged"),
    ],
)
def test_a_link_of_0_1_that_cannot_be_opened_says_why(text: str, why: str) -> None:
    with pytest.raises(CutwiseError, match=why) as caught:
        question_of_old_link(text)
    assert "\n" not in str(caught.value)
