"""No value of the library can be changed: not its fields, not an array or a mapping anywhere inside it."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import pytest

import cutwise
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from tests.contracts.test_caches import KEPT, modules_of
from tests.contracts.value_walk import parts_of, writable
from tests.contracts.value_worlds import Register, everything

READING = "cutwise.importers."
"""Records of a file being read stay in its importer: what comes out is a graph, and graphs are walked."""
OUT_OF_IMPORTERS = {"Importer", "ImportReport", "RefusedFormat"}
NEVER_MET = {
    "cutwise.channels.base.CellFields": "a base",
    "cutwise.compression.codec.CodecFields": "a base",
    "cutwise.costs.options.tuning.Tuning": "a base",
    "cutwise.scenario.parties.Party": "a base",
    "cutwise.scenario.checks.Part": "a base",
    "cutwise.scenario.file_problems.Problem": "a sentence, while a mistaken scenario is refused",
    "cutwise.scenario.remedies.substitutes.FileTable": "a file's table, while a mistaken scenario is refused",
    "cutwise.scenario.remedies.substitutes.Substitute": "a key, while a mistaken scenario is refused",
    "cutwise.cli.commands.Command": "its facts are for argparse, which wants lists",
    "cutwise.compression.codec.Payload": "bytes and numbers, while a tensor is decoded",
    "cutwise.costs.ops.einsum.Operand": "a shape, while one op is priced",
    "cutwise.planning.whole_round.earliest_groups._Phase": "needs groups that share a full server",
    "cutwise.planning.whole_round.grouped_choice.GroupedChoice": "needs groups that share a full server",
    "cutwise.planning.sharing.within_memory.Parts": "needs groups that share a full server",
    "cutwise.solvers.groups.part_options.PartChoice": "needs groups that share a full server",
    "cutwise.solvers.groups.part_program.PartProgram": "needs groups that share a full server",
    "cutwise.convergence.training.Batch": "holds torch's tensors, while one round is trained",
    "cutwise.convergence.training.TrainedRound": "holds torch's tensors, while one round is trained",
}


def name_of(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def is_value(owner: type) -> bool:
    if owner.__module__.startswith(READING) and owner.__name__ not in OUT_OF_IMPORTERS:
        return False
    if is_dataclass(owner):
        return owner.__dataclass_params__.frozen  # type: ignore[attr-defined]
    return issubclass(owner, tuple) and hasattr(owner, "_fields")


def value_types() -> set[type]:
    """Every frozen dataclass and named tuple that the library defines."""
    return {
        value
        for module in modules_of(cutwise)
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and is_value(value)
    }


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The first values of every kind, private ones too, and what was answered."""
    for cached in KEPT:  # what other tests were answered is made again
        cached.values[0].cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        register = Register(value_types(), patch)
        answers = everything(tmp_path_factory.mktemp("values"))
    return [*(value for met in register.met.values() for value in met), *flat(answers)]


def flat(answers: Any) -> Iterator[Any]:
    for answer in answers:
        yield from flat(answer) if isinstance(answer, list) else [answer]


def kinds_in(values: list[Any]) -> set[type]:
    seen: dict[int, Any] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen[id(value)] = value
            waiting += [part for _, part in parts_of(value)]
    return {type(value) for value in seen.values()}


def test_every_kind_of_value_was_met(values: list[Any]) -> None:
    assert {name_of(owner) for owner in value_types() - kinds_in(values)} == set(NEVER_MET)


def test_nothing_inside_any_value_can_be_written_to(values: list[Any]) -> None:
    seen: set[int] = set()
    found = {f"{type(value).__name__}{place}" for value in values for place in writable(value, "", seen)}
    assert not found


def held_by(cached: Any) -> list[Any]:
    """The answers that a cache holds: beside its own store, a plain dictionary, the collector sees each."""
    parts = [part for part in gc.get_referents(cached) if part is not vars(cached) and not callable(part)]
    (store,) = (part for part in parts if type(part) is dict)
    return [*(part for part in parts if part is not store), *store.values()]


@pytest.mark.parametrize("cached", KEPT)
def test_nothing_that_a_cache_holds_can_be_written_to(cached: Any, values: list[Any]) -> None:
    seen: set[int] = set()
    assert not [place for held in held_by(cached) for place in writable(held, "", seen)]


def test_a_speed_that_one_asker_tries_to_change_stays_what_it_was_for_the_next() -> None:
    """With a device a hundred times as fast ResNet-18 took less than half as long in the default cell."""
    graph = cutwise.load_model("sample:resnet18")
    before = cutwise.plan(graph, Scenario()).delay_s
    problem = build_problem(graph, Scenario())
    with pytest.raises(ValueError, match="read-only"):
        problem.device_flops_per_s[0] *= 100
    with pytest.raises(ValueError, match="read-only"):
        problem.power.device_power_w[0] = 0.0  # type: ignore[index]
    assert cutwise.plan(graph, Scenario()).delay_s == before
    assert build_problem(graph, Scenario()).device_flops_per_s is problem.device_flops_per_s
