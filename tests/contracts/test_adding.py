"""What docs/adding.md writes: run from the page as it stands, and held to every contract."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.analyses import ANALYSES
from cutwise.cli.inputs import spelled
from cutwise.cli.listings import LISTINGS
from cutwise.compression import CODECS, PROFILES
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import IMPORTERS
from cutwise.problem.split_problem import build_problem
from cutwise.registry import Registry
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.reports.analysis_sections import analysis_sections
from cutwise_dashboard.strip.context import Context
from cutwise_dashboard.strip.groups import shown_groups
from tests.contracts import test_analyses as analysis_contracts
from tests.contracts import test_codecs as codecs
from tests.contracts import test_importers as formats
from tests.contracts import test_schemes as contracts
from tests.contracts.controls import WORLDS, moves, option_controls, scenario_controls
from tests.dashboard.pages import opened
from tests.test_docs import fenced

PAGE = Path(__file__).parents[2] / "docs" / "adding.md"
NAME, ANALYSIS = "half_of_the_work", "air_time"
CONTRACTS = [
    contracts.test_the_simulator_ends_the_round_when_the_plan_says,
    contracts.test_every_device_gets_a_closed_cut_and_a_share,
    contracts.test_its_numbers_are_the_shared_evaluators,
    contracts.test_a_round_adds_up,
    contracts.test_limits_are_kept_or_named,
    contracts.test_optimal_means_proven,
    contracts.test_served_in_turn_it_is_never_better_than_the_exact_reference,
    contracts.test_inference_has_no_backward_pass_and_no_exchange,
]

CODEC_CONTRACTS = [
    codecs.test_it_is_a_described_frozen_dataclass_whose_kind_is_its_registered_name,
    codecs.test_bytes_decode_to_the_restored_tensor_bit_for_bit,
    codecs.test_empty_zero_scalar_and_tiny_tensors_survive,
    codecs.test_a_damaged_payload_and_a_tensor_that_is_not_finite_are_refused,
    codecs.test_the_forecast_from_the_tensors_own_profile_is_what_happens,
    codecs.test_coding_takes_the_raw_bits_over_the_speed,
    codecs.test_each_line_of_settings_starts_with_the_lightest_and_runs_along_the_tuned_field,
    codecs.test_the_setting_chosen_keeps_the_limit_and_is_on_the_frontier,
    codecs.test_files_keep_it_and_mistakes_in_its_table_are_named,
]
FORMAT_CONTRACTS = [
    formats.test_its_example_is_recognised_and_read,
    formats.test_every_open_dimension_changes_the_graph_and_no_other_is_taken,
    formats.test_a_file_cut_short_is_one_sentence_or_a_graph,
    formats.test_it_is_described_and_does_not_take_noise,
]
ROWS = "id,kind,inputs,forward_flops,output_bytes\nx,input,,0,8\na,custom,x,7,4\n"
TABLE = formats.Example(file="toy.csv", written=lambda path: path.write_text(ROWS, encoding="utf-8"))


def run(number: int, name: str) -> types.ModuleType:
    """The module that is the page's Python block of this number."""
    source = fenced(PAGE.read_text(encoding="utf-8"), "python")[number]
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, str(PAGE), "exec"), module.__dict__)
    return module


def forget(registry: Registry[Any], name: str, module: types.ModuleType) -> None:
    del registry._entries[name], sys.modules[module.__name__]


@pytest.fixture(scope="module")
def added() -> Iterator[dict[Any, Any]]:
    """The scheme of the page, registered for as long as this module runs, with its plans of every cell."""
    module = run(0, "a_sixth_paper")
    graph = cutwise.load_model("sample:vgg16")
    problems = {cell: build_problem(graph, scenario) for cell, scenario in contracts.CELLS.items()}
    yield {
        (NAME, cell): (problem, scheme_with(NAME, {}).solve(problem)) for cell, problem in problems.items()
    }
    forget(SCHEMES, NAME, module)


@pytest.fixture(scope="module")
def added_codec() -> Iterator[str]:
    module = run(1, "a_new_codec")
    yield "even_levels"
    forget(CODECS, "even_levels", module)


@pytest.fixture(scope="module")
def added_format() -> Iterator[str]:
    module = run(2, "a_new_format")
    IMPORTERS.add(module.IMPORTER.name, module.IMPORTER)
    yield module.IMPORTER.name
    forget(IMPORTERS, module.IMPORTER.name, module)


@pytest.fixture(scope="module")
def added_analysis() -> Iterator[None]:
    """The analysis of the page, registered for as long as this module runs."""
    module = run(3, "an_analysis")
    yield
    forget(ANALYSES, ANALYSIS, module)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_the_scheme_of_the_page_keeps_the_contract(contract: Any, added: dict[Any, Any]) -> None:
    contract(NAME, added)


def test_the_scheme_of_the_page_takes_its_options(added: dict[Any, Any], tmp_path: Path) -> None:
    graph = cutwise.load_model("sample:vgg16")
    contracts.test_it_is_a_described_frozen_dataclass(NAME)
    contracts.test_every_value_of_every_option_is_taken(NAME, graph)
    contracts.test_a_wrong_option_is_refused_by_name(NAME)
    contracts.test_the_order_of_devices_changes_nothing(NAME, graph)
    contracts.test_the_same_seed_gives_the_same_plan_and_plain_json(NAME, graph)
    contracts.test_random_problems_break_nothing(NAME, tmp_path)


@pytest.mark.parametrize("contract", CODEC_CONTRACTS, ids=lambda contract: contract.__name__)
def test_the_codec_of_the_page_keeps_the_contract(contract: Any, added_codec: str) -> None:
    contract(added_codec)


@pytest.mark.parametrize("magnitudes", list(PROFILES))
def test_the_codec_of_the_page_is_forecast_as_it_is(magnitudes: str, added_codec: str) -> None:
    codecs.test_the_forecast_for_reference_magnitudes_is_what_happens_to_such_a_tensor(
        added_codec, magnitudes
    )


def test_the_codec_of_the_page_is_used_listed_and_offered(added_codec: str, chain: ModelGraph) -> None:
    codecs.test_plans_use_it_and_sft_takes_it_by_name(added_codec, chain)
    (row,) = [row for row in LISTINGS["codecs"]() if row["name"] == added_codec]
    assert "value_bits" in [field["name"] for field in row["fields"]]


def test_every_field_of_the_scheme_and_the_codec_of_the_page_changes_a_plan(
    added: dict[Any, Any], added_codec: str
) -> None:
    own = [control for control in option_controls() if control.scheme == NAME]
    own += [control for control in scenario_controls() if control.title.startswith(f"{added_codec} ")]
    assert [control.name for control in own] == [
        "side",
        "magnitudes",
        "encode_bps",
        "decode_bps",
        "value_bits",
    ]
    assert all(moves(control, WORLDS) for control in own)


def test_the_codec_of_the_page_has_controls(added_codec: str) -> None:
    desk = Desk()
    desk.do({"kind": "set", "path": "compression.codec.kind", "value": added_codec})
    fields = {
        field["path"]: field
        for group in shown_groups(Context(stated=desk.stated, graph=None))
        for field in group["fields"]
    }
    assert added_codec in [name for name, _ in fields["compression.codec.kind"]["choices"]]
    assert fields["compression.codec.value_bits"]["label"]
    desk.do({"kind": "set", "path": "compression.codec.value_bits", "value": "4"})
    assert desk.stated.scenario.compression.codec.value_bits == 4
    assert not desk.refused


@pytest.mark.parametrize("contract", FORMAT_CONTRACTS, ids=lambda contract: contract.__name__)
def test_the_format_of_the_page_keeps_the_contract(
    contract: Any, added_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ops; a file is read in place here, as the guard's own process has not registered the format."""
    monkeypatch.setitem(formats.EXAMPLES, added_format, TABLE)
    contract(added_format, tmp_path)


def test_the_format_of_the_page_tells_a_wrong_line(added_format: str, tmp_path: Path) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(ROWS.replace("7", "many"), encoding="utf-8")
    with pytest.raises(ModelImportError, match=r"toy\.csv: line 3: .*'many'"):
        cutwise.load_model(path)


def test_the_format_of_the_page_is_named_at_the_upload(added_format: str) -> None:
    (uploader,) = opened().main.file_uploader
    assert IMPORTERS[added_format].about in uploader.help


@pytest.mark.usefixtures("added_analysis")
def test_the_analysis_of_the_page_keeps_the_contract() -> None:
    for contract in (
        analysis_contracts.test_it_is_a_frozen_dataclass_that_asks_in_one_sentence,
        analysis_contracts.test_every_option_is_named_explained_and_bounded,
        analysis_contracts.test_its_options_are_told_apart_from_those_of_every_scheme,
        analysis_contracts.test_the_same_question_twice_has_the_same_record,
        analysis_contracts.test_python_asks_as_the_question_does,
        analysis_contracts.test_a_pinned_cut_belongs_to_an_analysis_of_the_plan,
        analysis_contracts.test_every_option_changes_the_record_of_some_question,
        analysis_contracts.test_where_nothing_fits_it_says_so_and_breaks_nothing,
        analysis_contracts.test_a_wrong_option_is_refused_by_name,
    ):
        contract(ANALYSIS)
    for scenario in analysis_contracts.SCENARIOS:
        analysis_contracts.test_its_record_is_a_frozen_value_with_a_form_for_each_reader(
            ANALYSIS, "vgg16", scenario
        )


@pytest.mark.usefixtures("added_analysis")
def test_the_analysis_of_the_page_has_its_command_and_its_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis_contracts.test_its_command_prints_the_record(ANALYSIS, tmp_path, capsys)
    analysis_contracts.test_an_analysis_of_the_plan_has_a_command_that_takes_the_scheme(ANALYSIS, capsys)
    assert spelled(ANALYSIS) in [row["name"] for row in LISTINGS["analyses"]()]
    sections = "".join(analysis_sections(analysis_contracts.question()))
    assert "<h2>Air time</h2>" in sections
    assert "What part of its round does each device spend on the air?" in sections
