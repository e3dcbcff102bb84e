"""The command line: every command, every exit code, and never a traceback."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses import ANALYSES
from cutwise.channels import FixedRate
from cutwise.cli.commands import COMMANDS
from cutwise.cli.inputs import count_in, numbers_in, spelled
from cutwise.plans.plan import Plan
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario
from cutwise.scenario.versions import versions
from cutwise.schemes import SCHEMES

SIX_MISTAKES = """format = "cutwise-scenario/1"
seed = -1
colour = "red"
[workload]
batch_size = 0
[[devices]]
samples = 2.5
[channel]
kind = "fixed_rate"
uplink_bps = "fast"
[limits]
deadline_s = 0
"""


@pytest.fixture
def cell(tmp_path: Path) -> str:
    file = tmp_path / "cell.toml"
    file.write_text('format = "cutwise-scenario/1"\nchannel = { kind = "fixed_rate", uplink_bps = 1e7 }\n')
    return str(file)


@pytest.fixture
def nothing_fits(tmp_path: Path) -> str:
    file = tmp_path / "tight.toml"
    file.write_text('format = "cutwise-scenario/1"\nlimits = { deadline_s = 1e-9 }\n')
    return str(file)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def told_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, out, err = told(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert err.strip()
    return err.strip()


def test_inspect_prints_what_a_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    found = told_json(capsys, "inspect", "sample:vgg16")
    expected = {
        "name",
        "format",
        "digest",
        "ops",
        "edges",
        "parameters",
        "active_parameters",
        "trainable_parameters",
        "macs",
        "warnings",
        "unpriced",
    }
    assert expected <= set(found)
    graph = cutwise.load_model("sample:vgg16")
    assert (found["name"], found["ops"], found["edges"]) == ("vgg16", len(graph), len(graph.edges))
    assert found["parameters"] == 138_357_544
    assert "parameters" in told(capsys, "inspect", "sample:vgg16")[1]


def test_plan_prints_the_plans_own_fields(capsys: pytest.CaptureFixture[str]) -> None:
    found = told_json(capsys, "plan", "sample:resnet18")
    assert set(found) == {f.name for f in fields(Plan)}
    assert set(found["report"]) == {"method", "value", "bound", "gap", "certificate"}
    assert set(found["report"]["certificate"]) == {"method", "value", "bound"}
    assert (found["status"], found["scheme"]) == ("optimal", "fast_split")


def test_plan_equals_the_public_function(capsys: pytest.CaptureFixture[str], cell: str) -> None:
    plan = cutwise.plan(cutwise.load_model("sample:vgg16"), cutwise.load_scenario(cell), scheme="first_layer")
    found = told_json(capsys, "plan", "sample:vgg16", cell, "--scheme", "first_layer")
    assert found["delay_s"] == plan.delay_s
    assert found["energy_j"] == plan.energy_j
    assert found["stages"][0]["uplink_s"] == plan.stages[0].uplink_s
    assert [decision["cut"]["label"] for decision in found["decisions"]] == [
        d.cut.label for d in plan.decisions
    ]


def test_run_times_are_printed_on_request_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "timing" not in told_json(capsys, "plan", "sample:vgg16")["report"]
    assert told_json(capsys, "plan", "sample:vgg16", "--timing")["report"]["timing"]


def test_a_plan_for_people_names_status_cut_and_proof(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "plan", "sample:vgg16")
    assert (code, err) == (0, "")
    assert "fast_split: optimal" in out
    assert "device-1: after" in out
    assert "max-flow: value" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("sample:vgg16", "{cell}", "--scheme", "split_learning", "--common-cut"),
        ("sample:vgg16", "--scheme", "split_learning", "--common-cut", "{cell}"),
        ("--common_cut", "--scheme=split_learning", "sample:vgg16", "{cell}"),
        ("--common-cut", "true", "sample:vgg16", "--scheme", "split_learning", "{cell}"),
        ("sample:vgg16", "--scheme", "split_learning", "{cell}", "--common-cut=yes"),
    ],
)
def test_options_may_stand_anywhere(
    capsys: pytest.CaptureFixture[str], cell: str, arguments: tuple[str, ...]
) -> None:
    found = told_json(capsys, "plan", *(word.format(cell=cell) for word in arguments))
    expected = cutwise.plan(
        cutwise.load_model("sample:vgg16"), cutwise.load_scenario(cell), "split_learning", common_cut=True
    )
    assert found["delay_s"] == expected.delay_s
    assert found["report"]["method"] == expected.report.method


def test_every_option_of_every_scheme_is_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    for name, scheme in SCHEMES.items():
        with pytest.raises(SystemExit) as ended:
            main(["plan", "--scheme", name, "--help"])
        assert ended.value.code == 0
        help = capsys.readouterr().out
        assert all(f"--{option.name.replace('_', '-')}" in help for option in fields(scheme))


def test_a_given_cut_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    found = told_json(
        capsys, "plan", "sample:vgg16", "--scheme", "split_learning", "--cut", "features/5/pool"
    )
    assert found["decisions"][0]["cut"]["label"] == "after features/5/pool"


def test_infeasible_plans_are_printed_with_code_3(
    capsys: pytest.CaptureFixture[str], nothing_fits: str
) -> None:
    code, out, err = told(capsys, "plan", "sample:vgg16", nothing_fits, "--json")
    assert (code, err) == (3, "")
    found = json.loads(out, parse_constant=pytest.fail)
    assert found["status"] == "infeasible"
    assert found["violations"][0]["rule"] == "deadline"
    code, out, _ = told(capsys, "plan", "sample:vgg16", nothing_fits)
    assert code == 3
    assert "broken: round: deadline needs" in out


def test_infinities_are_null_and_never_invalid_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tight = tmp_path / "tight.toml"
    tight.write_text('format = "cutwise-scenario/1"\ndevices = [{ memory_bytes = 1.0 }]\n')
    code, out, _ = told(capsys, "plan", "sample:vgg16", str(tight), "--json")
    assert code == 3
    assert json.loads(out, parse_constant=pytest.fail)["report"]["bound"] is None


def test_compare_has_a_row_for_each_scheme(capsys: pytest.CaptureFixture[str], cell: str) -> None:
    rows = told_json(capsys, "compare", "sample:vgg16", cell)
    assert [row["scheme"] for row in rows] == list(SCHEMES)
    two = told_json(capsys, "compare", "sample:vgg16", cell, "--schemes", "fast_split, device_only")
    assert [row["scheme"] for row in two] == ["fast_split", "device_only"]
    frame = cutwise.compare(
        cutwise.load_model("sample:vgg16"), cutwise.load_scenario(cell), ["fast_split", "device_only"]
    )
    assert [row["delay_s"] for row in two] == frame["delay_s"].tolist()
    assert "fast_split" in told(capsys, "compare", "sample:vgg16", cell)[1]


def test_simulate_plays_the_planned_round(
    capsys: pytest.CaptureFixture[str], cell: str, tmp_path: Path
) -> None:
    spans = tmp_path / "spans.csv"
    arguments = ("simulate", "sample:vgg16", cell, "--scheme", "gsfl", "--groups", "1", "--csv", str(spans))
    found = told_json(capsys, *arguments)
    plan = cutwise.plan(cutwise.load_model("sample:vgg16"), cutwise.load_scenario(cell), "gsfl", groups=1)
    assert found["makespan_s"] == pytest.approx(plan.delay_s, rel=1e-12)
    assert found["planned_delay_s"] == plan.delay_s
    assert len(spans.read_text().splitlines()) == found["tasks"] + 1
    assert all(0 <= row["utilisation_ratio"] <= 1 for row in found["resources"])
    assert "one round ends after" in told(capsys, *arguments)[1]
    assert "cannot be written" in refused(capsys, *arguments[:-1], str(tmp_path / "no" / "folder.csv"))


def test_replan_has_a_row_an_epoch(capsys: pytest.CaptureFixture[str], cell: str, tmp_path: Path) -> None:
    found = told_json(capsys, "replan", "sample:vgg16", cell, "--epochs", "5", "--seed", "3")
    assert len(found["epochs"]) == 5
    assert found == told_json(capsys, "replan", "sample:vgg16", cell, "--epochs", "5", "--seed", "3")
    rates = tmp_path / "rates.txt"
    rates.write_text("1.0\n0.5\n")
    given = told_json(capsys, "replan", "sample:vgg16", cell, "--rates", str(rates))
    assert [row["rate_ratio"] for row in given["epochs"]] == [1.0, 0.5]
    assert "less than with cuts for the mean rate" in told(capsys, "replan", "sample:vgg16", cell)[1]
    assert "epochs: 0 is below the smallest value 1" in refused(
        capsys, "replan", "sample:vgg16", cell, "--epochs", "0"
    )
    rates.write_text("1,0\n+5e-1\n")
    assert given == told_json(capsys, "replan", "sample:vgg16", cell, "--rates", str(rates))
    rates.write_text("nan\n")
    assert "one number a line" in refused(capsys, "replan", "sample:vgg16", cell, "--rates", str(rates))


@pytest.mark.parametrize(
    ("text", "count"), [("200", 200), ("0.2 k", 200), ("1e4", 10_000), ("1 000", 1000), ("0", 0)]
)
def test_a_count_is_typed_as_people_write_it(text: str, count: int) -> None:
    assert count_in(text) == count


@pytest.mark.parametrize("text", ["", "-5", "1.5", "fast", "5 min", "nan", "1e400", "1,500"])
def test_what_is_no_count_is_refused(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert "argument --draws: " in refused(capsys, "papers", "P1", f"--draws={text}")


def test_sweep_reads_its_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "sweep.toml"
    spec.write_text('model = "sample:vgg16"\n[over]\n"channel.uplink_bps" = [1e6, 1e9]\n')
    rows = told_json(capsys, "sweep", str(spec))
    frame = cutwise.sweep(cutwise.load_model("sample:vgg16"), over={"channel.uplink_bps": [1e6, 1e9]})
    assert [row["delay_s"] for row in rows] == frame["delay_s"].tolist()
    assert "channel.uplink_bps" in told(capsys, "sweep", str(spec))[1]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("schemes", "fast_split"),
        ("analyses", "replan"),
        ("devices", "jetson_tx2"),
        ("channels", "shannon"),
        ("samples", "sample:resnet18"),
    ],
)
def test_lists_name_what_is_registered(capsys: pytest.CaptureFixture[str], command: str, name: str) -> None:
    assert name in [row["name"] for row in told_json(capsys, command)]
    assert name in told(capsys, command)[1]


def test_open_dimensions_are_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    found = told_json(capsys, "inspect", "sample:gpt2", "--dim", "sequence=16")
    assert found["dims"]["sequence"] == 16
    for wrong in ("sequence", "sequence=", "=4", "sequence=0", "sequence=-1", "sequence=1.5"):
        assert "NAME=SIZE" in refused(capsys, "inspect", "sample:gpt2", f"--dim={wrong}")


def model_files(folder: Path) -> dict[str, Path]:
    """Files that must be refused, by what is wrong with them."""
    onnx = (files("cutwise.sample_models") / "vgg16.onnx").read_bytes()
    contents = {
        "pickled.pt": pickle.dumps({"a": 1}),
        "truncated.onnx": onnx[: len(onnx) // 2],
        "empty.onnx": b"",
        "text.onnx": b"no model at all",
        "broken.json": b'{"format": "cutwise-graph/1", "ops": [',
        "cycle.json": json.dumps(
            {"format": "cutwise-graph/1", "ops": [{"id": "a", "inputs": ["b"]}, {"id": "b", "inputs": ["a"]}]}
        ).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in (*contents, "missing.onnx")}


@pytest.mark.parametrize("command", ["inspect", "plan"])
def test_bad_model_files_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    for name, file in model_files(tmp_path).items():
        sentence = refused(capsys, command, str(file))
        assert name in sentence
        assert len(sentence.splitlines()) == 1


def test_all_mistakes_of_a_scenario_are_listed_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(SIX_MISTAKES)
    lines = refused(capsys, "plan", "sample:vgg16", str(file)).splitlines()
    assert len(lines) == 6
    paths = {line.partition(":")[0] for line in lines}
    assert paths == {
        "seed",
        "colour",
        "workload.batch_size",
        "devices[0].samples",
        "channel.uplink_bps",
        "limits.deadline_s",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("forecast",), "invalid choice: 'forecast'"),
        (("plan",), "required: model"),
        (("inspect",), "required: model"),
        (("sweep",), "required: spec"),
        (("export", "a.py:build"), "required: --out"),
        (("export", "--out", "a.pt2"), "required: source"),
        (("plan", "sample:vgg17"), "unknown sample 'vgg17'; did you mean 'vgg16'?"),
        (("plan", "sample:vgg16", "none.toml"), "none.toml: cannot be read"),
        (("plan", "sample:vgg16", "a", "b"), "unexpected argument 'b'"),
        (("plan", "sample:vgg16", "--scheme", "fast"), "unknown scheme 'fast'"),
        (("plan", "sample:vgg16", "--scheme"), "expected one argument"),
        (("plan", "sample:vgg16", "--certfy", "no"), "unknown option '--certfy'; did you mean '--certify'?"),
        (("plan", "sample:vgg16", "--certify=maybe"), "certify: must be true or false, not 'maybe'"),
        (("plan", "sample:vgg16", "--method", "magic"), "method: must be pool or max_flow or block_wise"),
        (("plan", "sample:vgg16", "--scheme", "split_learning", "--cut", "pool9"), "unknown op 'pool9'"),
        (("compare", "sample:vgg16", "--schemes", "gsfll"), "unknown scheme 'gsfll'"),
        (("compare", "sample:vgg16", "--jsn"), "unknown option '--jsn'; did you mean '--json'?"),
        (("sweep", "none.toml"), "none.toml: cannot be read (No such file or directory)"),
        (("samples", "more"), "unexpected argument 'more'"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    said = refused(capsys, *arguments)
    assert sentence in said
    assert len(said.splitlines()) == 1


def test_a_sweep_file_with_mistakes_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "sweep.toml"
    spec.write_text('model = "sample:vgg16"\n[over]\n"channel.uplnk_bps" = [1e6]\n')
    assert "did you mean 'uplink_bps'" in refused(capsys, "sweep", str(spec))
    spec.write_text('model = "sample:vgg16"\nschemes = ["fst"]\n[over]\nseed = [1]\n')
    assert "unknown scheme 'fst'" in refused(capsys, "sweep", str(spec))


OWN_MODEL = """import torch

print("building")

def build():
    return torch.nn.Linear(4, 3), torch.zeros(2, 4)

def broken():
    return torch.nn.Linear(4, 3), torch.zeros(2, 5)
"""


@pytest.fixture
def own_model(tmp_path: Path) -> str:
    file = tmp_path / "own_model.py"
    file.write_text(OWN_MODEL)
    return str(file)


def test_export_writes_a_file_and_tells_what_it_holds(
    capsys: pytest.CaptureFixture[str], own_model: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "net.pt2"
    code, printed, said = told(capsys, "export", f"{own_model}:build", "--out", str(out), "--json")
    found = json.loads(printed)
    assert (code, said) == (0, "building\n")
    assert (found["out"], found["parameters"], found["macs"]) == (str(out), 4 * 3 + 3, 4 * 3)
    assert found["digest"] == cutwise.load_model(out).digest
    assert told_json(capsys, "inspect", str(out))["ops"] == found["ops"]


@pytest.mark.parametrize(
    ("source", "out", "sentence"),
    [
        ("{model}", "net.pt2", "names no function of a file"),
        ("{model}.txt:build", "net.pt2", "is no Python file"),
        ("gone.py:build", "net.pt2", "gone.py: no such file"),
        ("{model}:biuld", "net.pt2", "own_model.py: has no function 'biuld'; it has build, broken"),
        ("{model}:broken", "net.pt2", "torch.export cannot export it"),
        ("{model}:build", "net.onnx", "net.onnx: is not called .pt2"),
        ("{model}:build", "no/such/folder/net.pt2", "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], own_model: str, tmp_path: Path, source: str, out: str, sentence: str
) -> None:
    pytest.importorskip("torch")
    code, printed, said = told(capsys, "export", source.format(model=own_model), "--out", str(tmp_path / out))
    said = said.removeprefix("building\n").strip()
    assert (code, printed) == (2, "")
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / out).exists()


def test_the_help_of_export_says_that_it_runs_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    help = " ".join(capsys.readouterr().out.split())
    assert "This runs the Python file you name" in help
    assert "on your own machine" in help


def test_the_help_lists_the_commands_and_where_analyses_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    assert all(f"  {name}" in listed for name in COMMANDS)
    assert all(f"  {spelled(name)}" in listed for name in ANALYSES)


@pytest.mark.parametrize("words", [["serve"], ["serve", "--port", "8600"]])
def test_what_needs_no_planner_loads_none(words: list[str]) -> None:
    code = (
        "import sys, cutwise.cli.arguments as cli\n"
        f"try: cli.parsed({words})\nexcept SystemExit: pass\n"
        "print('numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "False"


def test_help_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["sweep", "-h"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert "usage: cutwise" in capsys.readouterr().out


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cutwise", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_module_runs_as_a_process_with_its_exit_codes(tmp_path: Path, nothing_fits: str) -> None:
    good = run("plan", "sample:vgg16", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["status"] == "optimal"
    bad = run("plan", "nothing.onnx")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert len(bad.stderr.splitlines()) == 1
    assert run("plan", "sample:vgg16", nothing_fits).returncode == 3


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    command = f"{sys.executable} -m cutwise devices --json | head -1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert found.stdout == "[\n"
    assert found.stderr == ""


def test_the_page_and_the_command_line_read_the_same_scenario(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    scenario = Scenario(channel=FixedRate(uplink_bps=3e6, uplink_latency_s=0.1), seed=11)
    file = tmp_path / "written.toml"
    file.write_text(dump_scenario(scenario))
    found = told_json(capsys, "plan", "sample:vgg16", str(file))
    assert found["delay_s"] == cutwise.plan(cutwise.load_model("sample:vgg16"), scenario).delay_s


def test_a_sentence_never_moves_the_cursor_of_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(tmp_path / "\x1b]0;pwn\x07.onnx")]) != 0
    told = capsys.readouterr().err
    assert "pwn" in told
    assert not {"\x1b", "\x07"} & set(told)


def test_the_version_is_the_one_that_answers_name() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{versions().text}\n", "")


def test_who_will_wait_long_is_told_beforehand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hall.toml"
    file.write_text('format = "cutwise-scenario/1"\n' + "[[devices]]\n" * 3_000)
    assert told(capsys, "plan", "sample:vgg16", str(file), "--scheme", "device_only")[2] == ""
    monkeypatch.setattr("cutwise.cli.asked.WORTH_SAYING_S", 1.0)
    for command in (("plan", "--scheme"), ("compare", "--schemes")):
        err = told(capsys, command[0], "sample:vgg16", str(file), command[1], "device_only")[2]
        assert err == "this takes about 2 s or longer (40 ops, devices: 3,000); Ctrl-C ends it\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("inspect", "sample:vgg16", "--dim", "N=1", "--dim", "N=2"), "--dim 'N' is given twice"),
        (("plan", "sample:vgg16", "--scheme", "gsfl", "--scheme", "card"), "--scheme is given twice"),
        (("plan", "sample:vgg16", "--scheme=gsfl", "--groups=2", "--groups", "2"), "--groups is given twice"),
        (("plan", "sample:vgg16", "--certify=true", "--certify=false"), "--certify is given twice"),
        (("papers", "P1", "--seed", "7", "--seed", "8"), "--seed is given twice"),
        (("compare", "sample:vgg16", "--schemes", ","), "schemes: ',' names nothing; give at least one"),
        (("compare", "sample:vgg16", "--schemes="), "schemes: '' names nothing; give at least one"),
    ],
)
def test_what_is_given_twice_or_names_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(capsys, *words)


def test_blank_lines_of_a_numbers_file_are_no_numbers(tmp_path: Path) -> None:
    """100,000 numbers are allowed; these are two, with 200,000 blank lines behind."""
    file = tmp_path / "rates.txt"
    file.write_text("1.0\n\n0.5\n" + " \n" * 200_000)
    assert numbers_in(str(file)) == [1.0, 0.5]
