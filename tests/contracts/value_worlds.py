"""Asks the library everything it answers, in small worlds, so that every kind of value is made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses import ANALYSES, analysis_with
from cutwise.analyses.comparison import Unsolved, outcome_of
from cutwise.analyses.cut_curve import cut_curve
from cutwise.analyses.cut_moves import moves
from cutwise.analyses.cut_reason import cut_reasons
from cutwise.analyses.delay_energy import delay_energy_front, long_run
from cutwise.analyses.explain import dominant
from cutwise.analyses.replanning import drawn_ratios, replan
from cutwise.analyses.tier_memory import reduction, tier_memory
from cutwise.analyses.what_if.cheapest_pair import WHOLE
from cutwise.analyses.what_if.front_walks import AXES
from cutwise.analyses.what_if.inputs.sections import FINE
from cutwise.analyses.what_if.targets import TargetsAnalysis
from cutwise.budgets import budgets
from cutwise.caches import CACHES
from cutwise.calibration.calibration_file import calibration_of
from cutwise.calibration.rate_fit import RatePrior, fit_rates
from cutwise.calibration.runs.generic_layers import BLOCKS
from cutwise.calibration.runs.measured_ops import OpSeconds
from cutwise.calibration.runs.profiled_graph import OpProfile
from cutwise.calibration.splits.split_fit import fit_splits
from cutwise.calibration.splits.split_table import read_splits
from cutwise.calibration.timed_rows import MachineRates, TimedRow
from cutwise.compression import ACCURACIES, CODECS
from cutwise.compression.coders.mask_coder import MASK_CODERS
from cutwise.compression.magnitudes import PROFILES
from cutwise.convergence.schedule import Learner, round_schedule
from cutwise.convergence.study_design import recipe_of, study_cells
from cutwise.convergence.table import rounds_to_target, shipped_table
from cutwise.costs.memory.peak_memory import peak_memory
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.cuts.block_wise import block_wise_cut
from cutwise.cuts.cut_under_limits import Limit, minimum_cut_within
from cutwise.cuts.knapsack import choose_one_per_group
from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.tiers.tier_caps import capped_tier_cut
from cutwise.cuts.tiers.tier_cut import TierProblem, tier_cut
from cutwise.cuts.u_shape.u_shape_cut import u_shape_cut
from cutwise.cuts.u_shape.u_shape_numbers import UShapeProblem
from cutwise.energy import StaticLaw
from cutwise.energy.beside_measured import MeasuredClocks, chosen_clock
from cutwise.fields.typed_number import UNITS as TYPED
from cutwise.graph.blocks import blocks
from cutwise.graph.reading_order import flow_of, gates
from cutwise.hardware.decoding import decoding_classes
from cutwise.hardware.profiles import hardware
from cutwise.hardware.time_classes import time_classes
from cutwise.importers import IMPORTERS
from cutwise.importers.gate.guard import read_guarded
from cutwise.importers.gate.refused import REFUSED
from cutwise.importers.import_report import import_report
from cutwise.leakage.leakage_table import leakage_table
from cutwise.measured import CHOICES, COMPARISONS
from cutwise.measured.agreement.stated_agreements import stated_agreements, stated_regrets
from cutwise.measured.agreement.truth_table import choice_standings, class_standings, standings
from cutwise.measured.decoding_rates import DecodingRate
from cutwise.measured.energies.capped_trainings import capped_trainings
from cutwise.measured.memory_runs import MemoryRun
from cutwise.measured.split_decisions import split_decisions
from cutwise.measured.split_levels import LEVELS, predicted_splits
from cutwise.measured.split_runs import layer_benchmark, split_runs
from cutwise.measured.splits.board_splits import board_splits
from cutwise.measured.times.timed_models import RUNS, timed_models
from cutwise.papers import headline, papers
from cutwise.pipeline import played_round
from cutwise.plans.stages import STAGES
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.fleet_columns import columns_in
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import LayerDepth, Scenario
from cutwise.scenario.time_levels import TIME_LEVELS
from cutwise.scenario.versions import versions
from cutwise.scenario.vocabulary.words import words
from cutwise.schemes import SCHEMES
from cutwise.solvers.choices.reciprocal_choice import minmax_reciprocal_choice
from cutwise.solvers.descent.sqp import sequential_quadratic
from cutwise.solvers.groups.assignment import exact_assignment
from cutwise.solvers.groups.clustering import alike_clusters
from cutwise.solvers.groups.exact_grouping import exact_groups
from cutwise.solvers.shares.block_shares import minmax_blocks
from cutwise.solvers.shares.share_problem import share_problem
from cutwise.stated.changed_inputs import changed_inputs
from cutwise.stated.question_file import dump_question, parse_opened
from cutwise.stated.stated_question import StatedQuestion
from cutwise.sweeping.answered_rows import answered_rows
from cutwise.sweeping.rows.row_designs import DESIGNS, Stretch
from cutwise.sweeping.running.sweep_estimates import estimate_of
from cutwise.sweeping.running.sweep_progress import PartOutcome
from cutwise.sweeping.running.sweep_runs import written_sweep
from cutwise.sweeping.sweep_file import read_sweep_file
from cutwise.sweeping.sweep_parts import part_of
from cutwise.sweeping.swept_tables import swept_models
from cutwise.sweeping.whole_sweep import made_sweep
from tests.answers.record import scenario_files
from tests.contracts.column_worlds import in_columns
from tests.contracts.controls import tiny_llama
from tests.core.fleets import load, random_ops

ASKED: list[tuple[str, dict[str, Any]]] = [
    *((scheme, {}) for scheme in SCHEMES),
    ("fast_split", {"method": "max_flow"}),
    ("split_federated", {"version": "v2"}),
    ("sft", {"method": "two_timescale", "codec": "top_k"}),
    ("sft", {"server_shares": "optimised", "codec": "dead_zone"}),
]
"""Every scheme, and those that answer in another way under other options."""
OF_FAMILIES = {"leakage"}
"""Analyses of convolutional networks and transformers only."""
OPTIONS: dict[str, dict[str, Any]] = {
    "compare": {"schemes": ("fast_split", "device_only")},
    "sweep": {"over": {"server.flops_per_s": [1e12, 2e12]}},
}
"""Options of the analyses that need some, or would take long."""
TOWERS = ("fast_split", "block_wise_split", "u_shape")
ROOT = Path(__file__).parents[2]


class Register:
    """The first values of every dataclass, as they are made."""

    MOST = 4

    def __init__(self, owners: set[type], patch: pytest.MonkeyPatch) -> None:
        self.met: dict[type, list[Any]] = {owner: [] for owner in owners}
        for owner in owners:
            if is_dataclass(owner):
                patch.setattr(owner, "__init__", self._noting(owner, owner.__init__))

    def _noting(self, owner: type, made: Any) -> Any:
        def init(value: Any, /, *args: Any, **kwargs: Any) -> None:
            made(value, *args, **kwargs)
            if type(value) is owner and len(self.met[owner]) < self.MOST:
                self.met[owner].append(value)

        return init


def measured_worlds() -> list[Any]:
    """One row of every kind that was measured, and what sets of them say."""
    name = "capped_training.static"
    return [
        timed_models()[0], RUNS["ncnn"], capped_trainings()[0][0], COMPARISONS[name].rows()[0],
        board_splits(), CHOICES["board_splits.former"], COMPARISONS[name],
        standings([name]), class_standings(), choice_standings(), stated_agreements(), stated_regrets(),
    ]  # fmt: skip


def everything(folder: Path) -> list[Any]:
    """What the library answers, one question of each kind."""
    toy = load(folder, random_ops(np.random.default_rng(1)))
    towers = cutwise.load_model("sample:two_tower")
    configuration = cutwise.load_model(ROOT / "assets/papers/bert_base.json")
    return [
        plans(toy),
        generated(),
        [cutwise.plan(towers, Scenario(workload=Workload(tuning=Lora())), name) for name in TOWERS],
        analyses(towers, folder),
        sweeps(towers, folder),
        in_columns(towers),
        tiers(configuration),
        cutwise.plan(toy, Scenario(devices=(Device(power_mode="optimised"),))),
        cuts(),
        compressors(),
        convergence(),
        calibrated(),
        solvers(),
        [hardware(), decoding_classes(), time_classes(), *TIME_LEVELS.values(), budgets()],
        [
            *CACHES.values(),
            *IMPORTERS.values(),
            *TYPED.values(),
            *REFUSED,
            *MASK_CODERS.values(),
            LayerDepth(layers=1),
            words(),
        ],
        papers(),
        versions(),
        read_guarded(ROOT / "sample_models" / "two_tower.onnx"),
        parse_opened(dump_question(StatedQuestion()).encode(), "question.toml", now=StatedQuestion()),
        changed_inputs([StatedQuestion(), StatedQuestion(scheme="gsfl", cut="maxpool")]),
        tuple(columns_in(["name", "Memory (GB)"])[0]),
        measured_worlds(),
        MemoryRun(
            model="bert",
            batch_size=1,
            sequence_length=8,
            options="",
            measured_saved_bytes=1.0,
            measured_peak_bytes=2.0,
            saved_bytes=1.0,
            peak_bytes=2.0,
        ),
        DecodingRate(
            source="",
            machine="",
            model="",
            number_format="",
            decoding="",
            recalled=False,
            measured_tokens_per_s=1.0,
            tokens_per_s=1.0,
        ),
        [headline(paper, paper.figures[0].name, draws=2) for paper in papers().values()],
        [
            kernel := MeasuredClocks(
                clocks_hz=np.array([7e8, 1.4e9]),
                powers_w=np.array([90.0, 200.0]),
                times_s=np.array([3.0, 2.0]),
            ),
            chosen_clock(StaticLaw(), kernel),
        ],
        [split_runs(), layer_benchmark(), predicted_splits(), split_decisions(), leakage_table()],
        LEVELS["profile per op"](split_runs()[0], layer_benchmark()),
    ]


def plans(graph: Any) -> list[Any]:
    """Plans of every scheme in every scenario, with their problems and rounds."""
    made: list[Any] = []
    for file in scenario_files():
        for scheme, options in ASKED:
            with suppress(cutwise.CutwiseError):
                problem = build_problem(graph, cutwise.load_scenario(file))
                plan = cutwise.plan(graph, problem.scenario, scheme, **options)
                made += [problem, plan, played_round(problem, plan)]
    return made


def calibrated() -> list[Any]:
    """Constants of a machine, from a row that somebody measured."""
    rates = MachineRates(flops_per_s=1e9, moved_bytes_per_s=1e9, launch_s=1e-6, backward_ratio=1.5)
    prior = RatePrior(hardware_class="cpu_x86", rates=rates, band_low_ratio=0.5, band_high_ratio=2.0)
    row = TimedRow(name="a", forward_flops=1e9, measured_s=0.5)
    fit = fit_rates([row], prior)
    seconds = OpSeconds(op="a", batch_size=1, forward_s=1.0, backward_s=1.0)
    profile = OpProfile(text="", ops=1, not_run={"odd": 1}, forward_s=1.0, backward_s=1.0, batch_size=1)
    kept = calibration_of(fit, name="a", machine="a", date="2026-12-01")
    problem = build_problem(cutwise.load_model("sample:resnet18"), Scenario())
    splits = fit_splits(problem, read_splits("cut,device\nmaxpool,0.5"))
    return [row, prior, fit, kept, seconds, profile, splits, *BLOCKS["small ops"]]


def generated() -> list[Any]:
    """Plans of text that a small language model generates, with their problems."""
    workload = Workload(mode="inference", batch_size=1, prompt_tokens=4, new_tokens=2)
    scenario = Scenario(workload=workload)
    return [
        [build_problem(tiny_llama(), scenario), cutwise.plan(tiny_llama(), scenario, scheme)]
        for scheme in ("fast_split", "u_shape")
    ]


def sweeps(graph: Any, folder: Path) -> list[Any]:
    """A sweep of two parts that is written, with all that is told of it."""
    over = {"workload.batch_size": {"from": 1, "to": 8}, "seed": [1, 2], "channel.kind": ["fixed_rate"]}
    schemes = ("device_only",)
    sweep = made_sweep([graph], Scenario(), over, schemes=schemes, design="random", rows=2, part_rows=1)
    told: list[Any] = []
    found = written_sweep(sweep, folder / "rows", tell=told.append)
    part = part_of(sweep, 1)
    return [
        sweep,
        part,
        found,
        *told,
        *DESIGNS.values(),
        Stretch(first=0, last=1, rows=1, seed=7),
        answered_rows(sweep, part, sweep.columns(part.first, part.last)),
        swept_models(sweep),
        estimate_of(sweep),
        PartOutcome(number=0),
    ]


def questions(graph: Any) -> list[Any]:
    """Schemes, and two quantities together, that keep a deadline; searches and axes of such questions."""
    fleet = Scenario(devices=tuple(Device(name=name, flops_per_s=2e11) for name in "ab"))
    now_s = cutwise.plan(graph, fleet).delay_s
    asked = cutwise.Question(graph=graph, scenario=fleet)
    targets = [TargetsAnalysis(deadline_s=ratio * now_s, pairs=True).run(asked) for ratio in (0.9, 0.4)]
    return [targets, FINE, WHOLE, list(AXES.values())]


def analyses(graph: Any, folder: Path) -> list[Any]:
    """What is asked beyond one plan."""
    scenario = Scenario()
    problem = build_problem(graph, scenario)
    plan = cutwise.plan(graph, scenario)
    resnet = build_problem(cutwise.load_model("sample:resnet18"), scenario)
    sweep = folder / "sweep.toml"
    sweep.write_text('model = "sample:two_tower"\n[over]\n"workload.batch_size" = [1, 2]\n')
    cutwise.sweep(graph, scenario, over={"server.flops_per_s": [1e12, 2e12]})
    return [
        read_sweep_file(sweep),
        problem.cost.row(graph.ops[0].id),
        cut_curve(problem, plan, 0),
        cut_reasons(resnet, cutwise.plan(resnet.cost.graph, scenario), 0),
        cut_reasons(
            resnet,
            cutwise.plan(resnet.cost.graph, scenario, "split_learning", cut="layer1/0/add"),
            0,
            pinned=True,
        ),
        delay_energy_front(problem, points=3),
        long_run(problem, energy_budget_j=1.0, delay_price=1.0, rounds=3),
        dominant(plan),
        *questions(resnet.cost.graph),
        moves(cutwise.Question(graph=resnet.cost.graph), cutwise.plan(resnet.cost.graph, scenario), 0),
        replan(problem, drawn_ratios(epochs=3, seed=1)),
        [outcome_of(problem, "brute_force"), Unsolved(scheme="brute_force", reason="too large")],
        import_report(problem.cost),
        blocks(graph),
        [flow_of(graph), gates(graph)],
        peak_memory(problem.cost),
        played_round(problem, plan)[0],
        [
            cutwise.analyse(
                resnet.cost.graph if name in OF_FAMILIES else graph, scenario, name, **OPTIONS.get(name, {})
            )
            for name in ANALYSES
        ],
        [analysis_with(name, OPTIONS.get(name, {})) for name in ANALYSES],
        [scheme().learning for scheme in SCHEMES.values()],
        cutwise.Question(graph=graph),
        STAGES,
    ]


def tiers(graph: Any) -> list[Any]:
    """The memory of three tiers."""
    problem = build_problem(graph, Scenario())
    device = np.arange(len(graph)) < 3
    edge = np.arange(len(graph)) < 9
    return [
        ask(problem, device_ops=device, edge_ops=edge, users=4, edges=2) for ask in (tier_memory, reduction)
    ]


def cuts() -> list[Any]:
    """Cuts of a diamond with a tail: by every method, with and without limits."""
    graph = SplitGraph(
        op_count=6,
        edges=np.array([[0, 1], [1, 2], [1, 3], [2, 4], [3, 4], [4, 5]]),
        device_features=np.arange(6.0)[:, None],
        crossing_features=np.array([9.0, 4.0, 3.0, 2.0, 2.0, 0.0])[:, None],
        peak_features=np.ones((6, 1)),
        pinned=np.arange(6) == 0,
    )
    device, crossing = np.array([0.0, 3.0, 2.0, 2.0, 1.0, -9.0]), np.array([9.0, 4.0, 3.0, 2.0, 2.0, 0.0])
    weights = {"device_weight": device, "crossing_weight": crossing}
    limit = Limit(name="memory", device=np.ones(6), crossing=np.zeros(6), cap=2.0)
    layered = TierProblem(
        graph=graph, tier_costs=np.arange(18.0).reshape(6, 3) % 5, hop_costs=np.ones((6, 2))
    )
    looped = UShapeProblem(
        graph=graph,
        device_costs=device + 9,
        server_costs=crossing,
        up_costs=np.ones(6),
        down_costs=np.ones(6),
    )
    pool = build_pool(graph)
    return [
        [pool, pool.envelope([1.0, 0.0, 0.0], [0.0, 0.0, 1.0])],
        [minimum_cut(graph, **weights), block_wise_cut(graph, **weights)],
        minimum_cut_within(graph, **weights, limits=(limit,)),
        [tier_cut(layered), capped_tier_cut(layered, use=np.ones((6, 3)), caps=np.array([2.0, 2.0, 6.0]))],
        u_shape_cut(looped, use=np.ones((6, 2)), caps=np.array([3.0, 6.0])),
        choose_one_per_group(np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[2.0, 1.0], [1.0, 3.0]]), 4.0),
    ]


def compressors() -> list[Any]:
    """What codecs forecast and send, and every evidence of accuracy."""
    tensor = np.linspace(-1.0, 1.0, 64).reshape(8, 8)
    coded = [kind() for name, kind in CODECS.items() if name != "none"]
    return [
        coded,
        [profile() for profile in PROFILES.values()],
        [codec.forecast(element_count=64.0) for codec in coded],
        [codec.quantised(tensor) for codec in coded],
        [codec.decode(codec.encode(tensor)).shape for codec in coded],
        list(ACCURACIES.values()),
    ]


def convergence() -> list[Any]:
    """The shipped table, and one learner of the study with its round."""
    learner = Learner(seed=1, shares=(np.arange(5), np.arange(5, 9)), groups=((0,), (1,)), learning_rate=0.1)
    found = rounds_to_target("split_learning", "iid", 1, None, "none", 0.9)
    return [
        shipped_table(),
        found,
        [recipe_of(cell) for cell in study_cells()],
        learner,
        round_schedule([learner], round_number=0, local_epochs=1, batch_size=2),
    ]


def solvers() -> list[Any]:
    """Shares, blocks, groups, clusters and assignments of three devices."""
    work = np.array([1.0, 2.0, 3.0])
    loads = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]])
    shared, start = share_problem(lambda shares: work / shares, 3)
    return [
        minmax_blocks(lambda shares: work / shares, 3, blocks=6),
        sequential_quadratic(shared, start),
        minmax_reciprocal_choice(loads, loads[:, :, None]),
        exact_assignment(loads),
        exact_groups(np.array([1.0, 2.0, 3.0, 4.0]), 2),
        alike_clusters(np.array([4.0, 1.0, 3.0, 2.0]), np.array([1.0, 1.0, 1.0, 1.0]), 2),
    ]
