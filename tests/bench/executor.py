"""What the seam costs: an answer of this process beside a worker's, its first use, sending a model."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cutwise
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.errand import Errand, errand
from cutwise_dashboard.executor.executor import Executor
from cutwise_dashboard.executor.kept_answers import KeptAnswer
from tests.bench.clock import once, table

ROUNDS, OPS = 25, 6000
PATIENCE_S = 300.0


def run() -> None:
    places = {"here": _executor(float("inf")), "worker": _executor(-1.0)}
    asked = _questions(cutwise.load_model("sample:resnet18"))
    try:
        first = {name: once(partial(_ask, one, next(asked)))[0] for name, one in places.items()}
        later = {name: _median(one, asked) for name, one in places.items()}
        table(
            ("ResNet-18, five devices", "first answer, ms", "later, median ms"),
            [(name, f"{1e3 * first[name]:.1f}", f"{1e3 * later[name]:.1f}") for name in places],
        )
        kept = next(asked)
        _ask(places["worker"], kept)
        keys = _questions(kept.args[0].graph)
        key_s, again_s = (once(run)[0] for run in (lambda: next(keys), lambda: _ask(places["worker"], kept)))
        print(f"a key {1e3 * key_s:.2f} ms, a kept answer {1e3 * again_s:.2f} ms")
        _print_sending(places["worker"])
    finally:
        for one in places.values():
            one.close()


def _print_sending(executor: Executor) -> None:
    """The first question about a large model carries it, the next one names it."""
    _wait(executor, cutwise.load_model("sample:vgg16"), 0)
    large = _chain()
    first_s, next_s = (once(partial(_wait, executor, large, number))[0] for number in range(2))
    print(f"{OPS:,} ops: {1e3 * first_s:.1f} ms with the model sent along, {1e3 * next_s:.1f} ms without")


def ops_of(graph: ModelGraph, number: int) -> int:
    return len(graph) + 0 * number


def _wait(executor: Executor, graph: ModelGraph, number: int) -> Any:
    return executor.ask(errand(ops_of, graph, number)).result(PATIENCE_S)


def _executor(in_process_s: float) -> Executor:
    answers = lru_cache(maxsize=64)(lambda function, key: KeptAnswer())
    return Executor(answers=answers, in_process_s=in_process_s, workers=1)


def _questions(graph: ModelGraph) -> Iterator[Errand]:
    """Questions that differ in the uplink."""
    hall = shipped_scenario("lecture_hall")
    for step in count():
        channel = replace(hall.channel, uplink_bps=hall.channel.uplink_bps * (1 + step / 1000))
        asked = Question(graph=graph, scenario=replace(hall, channel=channel))
        yield errand(questions.shown_plan, asked)


def _ask(executor: Executor, asked: Errand) -> Any:
    return executor.ask(asked).result(PATIENCE_S)


def _median(executor: Executor, asked: Iterator[Errand]) -> float:
    return statistics.median(once(partial(_ask, executor, next(asked)))[0] for _ in range(ROUNDS))


def _chain() -> ModelGraph:
    ops: list[dict[str, Any]] = [{"id": "x", "kind": "input", "output_bytes": 1000}]
    for number in range(OPS):
        inputs = [ops[-1]["id"]]
        ops.append({"id": f"op{number}", "inputs": inputs, "forward_flops": 1000, "output_bytes": 100})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "chain.json"
        file.write_text(json.dumps({"format": "cutwise-graph/1", "name": "chain", "ops": ops}))
        return cutwise.load_model(file)
