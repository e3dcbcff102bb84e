"""The documents say what the code does: examples run, links lead somewhere, every name and key is listed."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import cutwise
from cutwise import read_limits
from cutwise.__main__ import main
from cutwise.analyses import ANALYSES
from cutwise.budgets import amount, most
from cutwise.calibration.calibration_file import is_calibration, parse_calibration
from cutwise.channels import CHANNELS
from cutwise.cli.printing import FINE
from cutwise.compression import ACCURACIES, CODECS
from cutwise.costs.graph_cost import GraphCost, OpCost
from cutwise.costs.memory.by_kind import MemoryByKind
from cutwise.costs.ops.formulas import OP_COSTS
from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.costs.workload import Workload
from cutwise.energy import CLOCK_LAWS, RADIOS
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.hardware.profiles import Profile
from cutwise.importers import IMPORTERS
from cutwise.importers.gate.refused import REFUSED
from cutwise.importers.json_formats.cutwise_graph import GRAPH_KEYS, OP_KEYS
from cutwise.plans.plan import Alternative, Certificate, Cut, DeviceDecision, Plan, Report, Violation
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import ComputeConditions, Conditions, EdgeConditions, LinkConditions
from cutwise.problem.power_conditions import PowerConditions
from cutwise.question import Question
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import (
    Backhaul,
    Compression,
    Convergence,
    Data,
    LayerDepth,
    Limits,
    Objective,
    Privacy,
    Scenario,
    Sharing,
)
from cutwise.scenario.scenario_file import parse_scenario
from cutwise.schemes import SCHEMES
from cutwise.stated.question_file import is_question, parse_question
from cutwise.sweeping.sweep_file import SweepFile, read_sweep_file
from cutwise.units import UNITS
from cutwise_dashboard.serving import page_server
from tests.docs_tables import (
    COMPOUND_UNITS,
    FILE_PARTS,
    FORMATS_PAGE,
    MODELS_PAGE,
    with_new_budgets,
    with_new_classes,
    with_new_tables,
)

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
CONDITIONS = (Conditions, LinkConditions, ComputeConditions, PowerConditions, EdgeConditions)
CENTRAL = (
    TensorSpec, Weight, Op, ModelGraph, Workload, FullTuning, Lora, OpCost, GraphCost, MemoryByKind, Profile,
    Device, Server, Edge, Backhaul, Scenario, Sharing, LayerDepth, Privacy, Data, Convergence, Objective,
    Limits, *CONDITIONS, StageTimes, Cut, DeviceDecision, Violation, Certificate, Report, Alternative, Plan,
    Compression, *CODECS.values(), *ACCURACIES.values(), *CHANNELS.values(), *SCHEMES.values(),
    Question, *ANALYSES.values(), Energy, *CLOCK_LAWS.values(), *RADIOS.values(),
)  # fmt: skip
PATH_ENDINGS = (".py", ".md", ".toml", ".json", ".txt", ".png", ".sh", "/run", "/")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def quoted(text: str) -> set[str]:
    """Everything in backticks outside of code blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)))


def test_python_in_the_readme_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    for block in fenced(page("README.md"), "python"):
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("optimal ")


COMMANDS = [
    line.partition("#")[0].strip()
    for path in PAGES
    for block in fenced(path.read_text(encoding="utf-8"), "sh")
    for line in block.splitlines()
    if line.startswith("cutwise ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_runs(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)  # what is written is not written here
    monkeypatch.setattr(page_server, "serve", lambda **how: sys.stdout.write(f"{how}"))  # it would not end
    assert main(shlex.split(command)[1:]) == FINE
    assert capsys.readouterr().out


def test_make_targets_named_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    named = {
        target
        for path in PAGES
        for target in re.findall(
            r"(?:^|`)make (?:\w+=\S+ )*([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert named
    assert named <= targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_documented_scenario_question_and_sweep_files_are_valid(path: Path, tmp_path: Path) -> None:
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    for block in fenced(path.read_text(encoding="utf-8"), "toml"):
        document = tomllib.loads(block)
        if "over" in document:
            (tmp_path / "sweep.toml").write_text(block, encoding="utf-8")
            read_sweep_file(tmp_path / "sweep.toml")
        elif is_question(document):
            parse_question(block.encode())
        elif is_calibration(document):
            parse_calibration(block.encode())
        else:
            parse_scenario(block.encode())


def test_documented_graph_file_is_read(tmp_path: Path) -> None:
    (block,) = fenced(page("docs/formats.md"), "json")
    (tmp_path / "toy.json").write_text(block, encoding="utf-8")
    assert len(cutwise.load_model(tmp_path / "toy.json")) == 3


@pytest.mark.parametrize("name", ["docs/models.md", "docs/architecture.md", "docs/scale.md"])
def test_worked_examples_come_out_as_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    known: dict[str, Any] = {}
    for number, block in enumerate(fenced(page(name), "python")):
        example = doctest.DocTestParser().get_doctest(block, known, f"{name}, block {number + 1}", name, 0)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        assert runner.run(example, clear_globs=False).failed == 0
        known = example.globs


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    missing = [link for link in links if link and not (path.parent / link).exists()]
    named = [word for word in quoted(text) if "/" in word and " " not in word and word.endswith(PATH_ENDINGS)]
    missing += [
        word for word in named if not (ROOT / word).exists() and not (ROOT / "dashboard" / word).exists()
    ]
    assert not missing, f"{path.name} names {sorted(missing)}, which do not exist"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_names_in_core_exist(path: Path) -> None:
    for dotted in re.findall(r"`(cutwise(?:\.\w+)+)(?:\([^`]*\))?`", path.read_text(encoding="utf-8")):
        assert pkgutil.resolve_name(dotted), dotted


def test_every_layer_of_the_import_contract_is_explained() -> None:
    contracts = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = {name for row in contracts[0]["layers"] for name in re.split(r" : ", row)}
    assert layers <= quoted(page("docs/architecture.md"))


def nomenclature() -> dict[str, list[str]]:
    """The rows of docs/nomenclature.md by name: meaning, unit, symbol."""
    rows: dict[str, list[str]] = {}
    for line in page("docs/nomenclature.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            rows |= {name: cells[1:] for name in re.findall(r"`([^`]+)`", cells[0])}
    return rows


@cache
def core_names() -> dict[str, str]:
    """Every field of a public dataclass and parameter of a public function, and where it stands."""
    names: dict[str, str] = {}
    for found in pkgutil.walk_packages(cutwise.__path__, "cutwise."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__:
                names |= {part: f"{module.__name__}.{name}" for part in _names_of(value)}
    return names


def _names_of(value: Any) -> Iterator[str]:
    """Fields and properties of a class, parameters of a function or of a class's public methods."""
    if inspect.isfunction(plain := inspect.unwrap(value) if callable(value) else value):
        yield from inspect.signature(plain).parameters
    if not inspect.isclass(value):
        return
    yield from (f.name for f in fields(value)) if is_dataclass(value) else ()
    for name, part in vars(value).items():
        if inspect.isfunction(part) and not name.startswith("_"):
            yield from inspect.signature(part).parameters
        elif isinstance(part, property):
            yield name


def unit_of(name: str) -> str | None:
    """The unit that a name ends with; None for a name that is no quantity."""
    if name in COMPOUND_UNITS:
        return COMPOUND_UNITS[name]
    endings = sorted((u for u in UNITS if "_" in name and f"_{name}".endswith(f"_{u}")), key=len)
    return UNITS[endings[-1]] if endings else None


@pytest.mark.parametrize("owner", CENTRAL, ids=lambda owner: owner.__name__)
def test_every_field_of_a_central_value_is_in_the_nomenclature(owner: type) -> None:
    missing = {f.name for f in fields(owner)} - nomenclature().keys()
    assert not missing, f"docs/nomenclature.md has no row for {sorted(missing)} of {owner.__name__}"


def test_every_parameter_of_the_public_face_is_in_the_nomenclature() -> None:
    known = nomenclature().keys()
    functions = [
        getattr(cutwise, name) for name in cutwise.__all__ if inspect.isfunction(getattr(cutwise, name))
    ]
    for function in functions:
        assert set(inspect.signature(function).parameters) <= known | {"options"}, function


def test_every_quantity_of_core_is_in_the_nomenclature() -> None:
    quantities = {name: place for name, place in core_names().items() if unit_of(name) is not None}
    missing = {name: place for name, place in quantities.items() if name not in nomenclature()}
    assert not missing, "docs/nomenclature.md has no row for these quantities"


def test_the_nomenclature_names_nothing_that_is_gone() -> None:
    assert not nomenclature().keys() - core_names().keys()


def test_units_in_the_nomenclature_are_those_of_the_names() -> None:
    wrong = {
        name: (cells[1], unit)
        for name, cells in nomenclature().items()
        if (unit := unit_of(name)) is not None and cells[1] != (unit or "–")
    }
    assert not wrong


def test_every_registered_name_is_documented() -> None:
    documented = set().union(*(quoted(path.read_text(encoding="utf-8")) for path in PAGES))
    names = {
        *SCHEMES,
        *ANALYSES,
        *CHANNELS,
        *CODECS,
        *ACCURACIES,
        *CLOCK_LAWS,
        *RADIOS,
        *IMPORTERS,
        *(f"sample:{name}" for name in cutwise.samples()),
    }
    assert not names - documented


def test_every_op_kind_with_a_formula_is_in_the_models_page() -> None:
    assert not set(OP_COSTS) - quoted(page("docs/models.md"))


@pytest.mark.parametrize(("name", "owner"), [*SCHEMES.items(), *ANALYSES.items()])
def test_every_option_of_a_scheme_and_of_an_analysis_is_documented(name: str, owner: type) -> None:
    rows = [line for line in page("docs/formats.md").splitlines() if line.startswith(f"| `{name}` |")]
    assert rows, f"docs/formats.md has no row for {name}: | `{name}` | its options | what it does |"
    assert any({option.name for option in fields(owner)} <= quoted(row) for row in rows)


def test_every_refused_format_is_documented() -> None:
    assert not {row.name for row in REFUSED} - quoted(page("docs/formats.md"))


def test_every_key_of_a_graph_file_and_a_sweep_file_is_documented() -> None:
    keys = {*GRAPH_KEYS, *OP_KEYS, *(f.name for f in fields(SweepFile))}
    assert not keys - quoted(page("docs/formats.md"))


def test_limits_of_the_readers_are_as_documented() -> None:
    text = page("docs/formats.md")
    numbers = (
        f"{read_limits.READER_WALL_S} s", f"{read_limits.READER_CPU_S} s of computing",
        f"{read_limits.READER_MEMORY_BYTES // 2**30} GB",
        f"{read_limits.JSON_FILE_BYTES // 2**20} MB of JSON",
        f"{read_limits.ONNX_FILE_BYTES // 2**30} GB", f"{read_limits.MODEL_OPS:,} ops",
        f"{read_limits.MODEL_LINKS:,} inputs", f"{read_limits.GRAPH_NODES:,} nodes",
        f"{read_limits.ONNX_GRAPH_BYTES // 2**20} MB besides its weights",
        f"at most {amount('text_bytes', most('text_bytes'))}",
    )  # fmt: skip
    assert [number for number in numbers if number not in text] == []


def test_every_part_of_a_scenario_has_its_table() -> None:
    hints = get_type_hints(Scenario)
    parts = {hint for hint in hints.values() if is_dataclass(hint)}
    assert parts <= set(FILE_PARTS.values())


def test_scenario_tables_give_every_key_with_default_unit_and_bounds() -> None:
    text = FORMATS_PAGE.read_text(encoding="utf-8")
    assert with_new_tables(text) == text, "write the tables anew with: make docs"


def test_every_class_of_hardware_is_told_with_what_it_rests_on() -> None:
    text = MODELS_PAGE.read_text(encoding="utf-8")
    assert with_new_classes(text) == text, "write the tables anew with: make docs"


def test_every_budget_is_told_with_its_sentence_and_reason() -> None:
    text = FORMATS_PAGE.read_text(encoding="utf-8")
    assert with_new_budgets(text) == text, "write the tables anew with: make docs"
