"""The scheme and the analysis that docs/adding.md writes: executed from the page, held to every contract."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.analyses import ANALYSES
from cutwise.cli.listings import LISTINGS
from cutwise.problem.split_problem import build_problem
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise_dashboard.reports.analysis_sections import analysis_sections
from tests.contracts import test_analyses as analysis_contracts
from tests.contracts import test_schemes as contracts
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


@pytest.fixture(scope="module")
def added() -> Iterator[dict[Any, Any]]:
    """The scheme of the page, registered for as long as this module runs, with its plans of every cell."""
    run_block(0, "a_sixth_paper")
    graph = cutwise.load_model("sample:vgg16")
    problems = {cell: build_problem(graph, scenario) for cell, scenario in contracts.CELLS.items()}
    yield {
        (NAME, cell): (problem, scheme_with(NAME, {}).solve(problem)) for cell, problem in problems.items()
    }
    del SCHEMES._entries[NAME], sys.modules["a_sixth_paper"]


@pytest.fixture(scope="module")
def added_analysis() -> Iterator[None]:
    """The analysis of the page, registered for as long as this module runs."""
    run_block(1, "an_analysis")
    yield
    del ANALYSES._entries[ANALYSIS], sys.modules["an_analysis"]


def run_block(number: int, name: str) -> None:
    """Runs one block of the page as a module."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    source = fenced(PAGE.read_text(encoding="utf-8"), "python")[number]
    exec(compile(source, str(PAGE), "exec"), module.__dict__)


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
    assert ANALYSIS in [row["name"] for row in LISTINGS["analyses"]()]
    sections = "".join(analysis_sections(analysis_contracts.question()))
    assert "<h2>Air time</h2>" in sections
    assert "What part of its round does each device spend on the air?" in sections
