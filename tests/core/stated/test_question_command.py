"""`cutwise plan question.toml`: the same numbers as the question asked in Python, and no other model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses import analysis_with
from cutwise.channels import FixedRate
from cutwise.pipeline import simulate
from cutwise.plain import plain
from cutwise.question import shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.scenario.versions import versions
from cutwise.stated.question_file import dump_question
from cutwise.stated.stated_question import ModelReference, StatedQuestion, question_about

OWN = {
    "format": "cutwise-graph/1",
    "name": "mine",
    "ops": [
        {"id": "x", "kind": "input", "output_bytes": 1e5},
        {"id": "a", "inputs": ["x"], "forward_flops": 1e9, "output_bytes": 2e4, "weight_bytes": 1e4},
        {"id": "b", "inputs": ["a"], "forward_flops": 5e9, "output_bytes": 1e3, "weight_bytes": 2e6},
    ],
}
FLEET = Scenario(
    devices=(Device(name="slow", flops_per_s=3e9), Device(name="fast", flops_per_s=2.0000000000000004e12)),
    channel=FixedRate(uplink_bps=1.23456789012345e7),
)
CASES = {
    "best cuts": StatedQuestion(scenario=FLEET),
    "options": StatedQuestion(scenario=FLEET, scheme="gsfl", options={"groups": 2, "certify": False}),
    "pinned": StatedQuestion(scenario=FLEET, cut="maxpool", baseline="server_only"),
    "pinned for all at once": StatedQuestion(scenario=FLEET, scheme="federated", cut="maxpool"),
    "another sample": StatedQuestion(
        model=ModelReference(sample="two_tower"), scenario=FLEET, scheme="split_federated",
        options={"version": "v2"},
    ),
}  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, StatedQuestion]:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(OWN), encoding="utf-8")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return file, StatedQuestion(model=ModelReference(digest=digest, name="mine.json"), scenario=FLEET)


def saved(folder: Path, stated: StatedQuestion) -> str:
    file = folder / "question.toml"
    file.write_text(dump_question(stated), encoding="utf-8")
    return str(file)


def answered(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code = main([*words, "--json"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    return json.loads(printed.out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = main(words)
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    return printed.err.strip()


def asked_in_python(stated: StatedQuestion, source: str = "") -> Any:
    return question_about(cutwise.load_model(source or stated.model.source), stated)


@pytest.mark.parametrize("name", CASES)
def test_a_plan_has_the_numbers_of_the_question(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    expected = json.loads(json.dumps(plain(shown_plan(asked_in_python(CASES[name])))))
    assert answered(capsys, "plan", saved(tmp_path, CASES[name])) == expected


def test_so_have_a_played_round_and_the_analyses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own: tuple[Path, StatedQuestion]
) -> None:
    model, stated = own[0], replace(own[1], scheme="gsfl", options={"groups": 2})
    words, asked = (saved(tmp_path, stated), "--model", str(model)), asked_in_python(stated, str(model))
    trace = simulate(asked.graph, asked.scenario, shown_plan(asked))
    assert answered(capsys, "simulate", *words)["makespan_s"] == trace.makespan_s
    for name in ("explain", "cut_curve", "delay_energy"):
        expected = json.loads(json.dumps(plain(analysis_with(name, {}).run(asked))))
        assert answered(capsys, name.replace("_", "-"), *words) == expected


def test_a_file_of_ones_own_is_given_and_has_to_be_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own: tuple[Path, StatedQuestion]
) -> None:
    model, stated = own
    file = saved(tmp_path, stated)
    expected = json.loads(json.dumps(plain(shown_plan(asked_in_python(stated, str(model))))))
    assert answered(capsys, "plan", file, "--model", str(model)) == expected
    assert answered(capsys, "plan", "--model", str(model), file) == expected
    other = tmp_path / "other.json"
    other.write_bytes(model.read_bytes() + b"\n")
    told = refused(capsys, "plan", file, "--model", str(other))
    assert stated.model.digest in told
    assert hashlib.sha256(other.read_bytes()).hexdigest() in told
    assert "\n" not in told
    assert "give it with --model FILE" in refused(capsys, "plan", file)
    assert "cannot be read" in refused(capsys, "plan", file, "--model", str(tmp_path / "none"))


def test_what_is_given_on_the_command_line_comes_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    graph = cutwise.load_model("sample:resnet18")

    def planned(scheme: str, **options: Any) -> Any:
        return json.loads(json.dumps(plain(cutwise.plan(graph, FLEET, scheme, **options))))

    file = saved(tmp_path, CASES["options"])
    assert answered(capsys, "plan", file, "--groups", "1") == planned("gsfl", groups=1, certify=False)
    assert answered(capsys, "plan", file, "--certify") == planned("gsfl", groups=2, certify=True)
    other = answered(capsys, "plan", file, "--scheme", "split_learning", "--common-cut")
    assert other == planned("split_learning", common_cut=True)
    pinned = saved(tmp_path, StatedQuestion(scenario=FLEET, scheme="split_learning", cut="maxpool"))
    assert answered(capsys, "plan", pinned, "--cut", "conv1") == planned("split_learning", cut="conv1")


def test_help_lists_the_options_of_the_questions_scheme(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        main(["plan", saved(tmp_path, CASES["options"]), "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "--groups" in told
    assert "question file" in told
    assert "--model FILE" in told


def test_what_does_not_go_together_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = saved(tmp_path, CASES["best cuts"])
    cell = tmp_path / "cell.toml"
    cell.write_text('format = "cutwise-scenario/1"\n')
    assert "has a scenario in it" in refused(capsys, "plan", file, str(cell))
    assert "this is a question file" in refused(capsys, "plan", "sample:vgg16", file)
    assert "asks about sample:resnet18" in refused(capsys, "plan", file, "--model", "x.onnx")
    assert "--model names the model of a question" in refused(
        capsys, "plan", "sample:vgg16", "--model", "x.onnx"
    )


def test_every_mistake_of_the_file_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('# my own\nformat = "cutwise-question/1"\nscheme = "gsfll"\ncut = 3\n')
    told = refused(capsys, "plan", str(file))
    assert "did you mean 'gsfl'" in told
    assert "cut: must be text in quotes, not 3" in told
    file.write_text('format = "cutwise-question/2"\n')
    assert "format: must be 'cutwise-question/1'" in refused(capsys, "plan", str(file))


def test_a_question_that_other_data_wrote_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = dump_question(CASES["best cuts"]).replace(versions().text, "cutwise 0.0.9, data 00ff")
    file = tmp_path / "old.toml"
    file.write_text(text, encoding="utf-8")
    assert main(["plan", str(file)]) == 0
    assert "was written by cutwise 0.0.9, data 00ff" in capsys.readouterr().err


def test_python_reads_it_too(tmp_path: Path) -> None:
    assert cutwise.load_question(saved(tmp_path, CASES["options"])) == CASES["options"]
