"""The scheme that docs/adding.md writes: executed from the page, and held to every contract."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.problem.split_problem import build_problem
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from tests.contracts import test_schemes as contracts
from tests.test_docs import fenced

PAGE = Path(__file__).parents[2] / "docs" / "adding.md"
NAME = "half_of_the_work"
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
    (source,) = fenced(PAGE.read_text(encoding="utf-8"), "python")
    module = types.ModuleType("a_sixth_paper")
    sys.modules[module.__name__] = module
    exec(compile(source, str(PAGE), "exec"), module.__dict__)
    graph = cutwise.load_model("sample:vgg16")
    problems = {cell: build_problem(graph, scenario) for cell, scenario in contracts.CELLS.items()}
    yield {
        (NAME, cell): (problem, scheme_with(NAME, {}).solve(problem)) for cell, problem in problems.items()
    }
    del SCHEMES._entries[NAME], sys.modules[module.__name__]


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
