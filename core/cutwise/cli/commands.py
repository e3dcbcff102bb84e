"""Every command: what it runs, what it says of itself, what it takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cutwise.cli import answers, measuring, paper_answers, sweep_answers, truth_answers
from cutwise.cli.inputs import count_in, spelled
from cutwise.defaults import DEFAULT_SCHEME

EXPORT_HELP = (
    "Write the graph of your own PyTorch model to a .pt2 file without weights. This runs the Python file you "
    "name, so name only files you trust, on your own machine; the page never does this."
)
CALIBRATE_HELP = (
    "Measure this machine with PyTorch, some ten seconds of computing, and write what it reaches to a file "
    "that the page and the library take for a device, a server or an edge."
)
PROFILE_HELP = (
    "Run every op of a model on this machine with random numbers of its shapes, and write a graph file with "
    "the seconds. Nothing of the model's file is run: ops are PyTorch's own."
)
Argument = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: `run` answers its exit code; `scheme` says that it takes a scheme with its options.

    `analysis` names the analysis whose options it takes, empty for none.
    """

    run: Callable[[argparse.Namespace], int]
    help: str
    model: bool = False
    scenario: bool = False
    scheme: bool = False
    analysis: str = ""
    arguments: tuple[Argument, ...] = ()


def _of(word: str, **facts: Any) -> Argument:
    return word, facts


DIM = _of("--dim", action="append", default=[], metavar="NAME=SIZE", help="size of an open dimension")
MODEL: tuple[Argument, ...] = (_of("model", help="a model file, or sample:NAME for a shipped one"), DIM)
MODEL_OR_QUESTION: tuple[Argument, ...] = (
    _of(
        "model",
        help="a model file, sample:NAME for a shipped one, or a question file, which has scenario, scheme, "
        "options, pinned cut and baseline in it (library:NAME is one of the scenario library); what is given "
        "here comes before what it says",
    ),
    _of(
        "--model", dest="model_file", metavar="FILE",
        help="the model's file where a question file asks about one; its SHA-256 has to be the question's",
    ),
    DIM,
)  # fmt: skip
SCENARIO: Argument = _of(
    "scenario",
    nargs="?",
    help="a scenario file, or library:NAME for a shipped one; the default cell if absent",
)
SCHEME: Argument = _of(
    "--scheme", help=f"see the command schemes; the question file's, else {DEFAULT_SCHEME} if absent"
)

RUNS_ON = _of("--device", default="cpu", choices=("cpu", "cuda"), help="where ops run")

COMMANDS: Mapping[str, Command] = {
    "serve": Command(
        run=answers.open_page,
        help="Open the page; the command when none is given.",
        arguments=(
            _of("--port", type=int, default=8501, help="where the page answers"),
            _of("--public", action="store_true", help="let others in, by the names that --host gives"),
            _of(
                "--host",
                action="append",
                default=[],
                metavar="NAME",
                help="a name by which people open the page, with --public; more than once for more",
            ),
            _of("--address", help="listen here only; this machine if absent, everywhere with --public"),
        ),
    ),
    "inspect": Command(run=answers.inspect, help="What a model file holds.", model=True),
    "plan": Command(
        run=answers.plan_one,
        help="Plan one scheme, with its own options.",
        model=True,
        scenario=True,
        scheme=True,
        arguments=(_of("--timing", action="store_true", help="print run times too"),),
    ),
    "simulate": Command(
        run=answers.play,
        help="Play one round of a plan task by task.",
        model=True,
        scenario=True,
        scheme=True,
        arguments=(_of("--csv", metavar="FILE.csv", help="write when every task ran on what"),),
    ),
    "sweep": Command(
        run=sweep_answers.sweep_many,
        help="Many scenarios from a sweep file in TOML; with --out of any number, in parts that are kept.",
        arguments=(
            _of("spec", help="models, scenario, schemes, design, and the table [over] of paths and values"),
            _of("--out", help="write FILE.parquet, or a folder with a file a part; rows that are there stay"),
            _of(
                "--workers", type=count_in, default=0, help="processes of this machine; 0 for this one alone"
            ),
            _of("--dask", metavar="ADDRESS", help="tcp://HOST:PORT of a Dask cluster that runs"),
        ),
    ),
    "papers": Command(
        run=paper_answers.print_papers,
        help="The five papers' figures, and how ours are distributed.",
        arguments=(
            _of("key", nargs="?", help="one paper, P1 to P5"),
            _of("--figure", help="one of its figures; the first if absent"),
            _of("--draws", type=count_in, default=10_000, help="settings to draw from its plausible ranges"),
            _of("--seed", type=count_in, default=7, help="of the draws"),
        ),
    ),
    "truth": Command(
        run=truth_answers.print_truth,
        help="How near predictions come to everything that was measured; 3 where a bound is not kept.",
        arguments=(_of("name", nargs="?", help="one comparison, as the table names it; all if absent"),),
    ),
    "export": Command(
        run=answers.export_own,
        help=EXPORT_HELP,
        arguments=(
            _of("source", help="my_model.py:build, a file and a function in it without arguments"),
            _of("--out", required=True, metavar="FILE.pt2", help="the file to write"),
            DIM,
        ),
    ),
    "calibrate": Command(
        run=measuring.calibrate_machine,
        help=CALIBRATE_HELP,
        arguments=(
            _of("--out", required=True, metavar="FILE.toml", help="the calibration file to write"),
            _of("--name", default="this machine", help="what the machine is called in it"),
            _of("--profile", help="its row of the hardware catalogue, where it has one"),
            RUNS_ON,
        ),
    ),
    "profile": Command(
        run=measuring.profile_model,
        help=PROFILE_HELP,
        model=True,
        arguments=(
            _of("--out", required=True, metavar="FILE.json", help="the graph file to write"),
            _of(
                "--as",
                dest="measured_as",
                default="device",
                choices=("device", "server"),
                help="whose seconds these are",
            ),
            _of(
                "--other",
                help="the party that is not here: a row of the hardware catalogue, a calibration (.toml file "
                "or shipped), or the file this command wrote there (.json); the usual one if absent",
            ),
            RUNS_ON,
        ),
    ),
    "calibrated": Command(
        run=measuring.put_into_scenario,
        help="Write a scenario file whose device, server or edges have the constants of a calibration.",
        arguments=(
            SCENARIO,
            _of("--calibration", required=True, help="a calibration file, or a shipped one by its name"),
            _of(
                "--party",
                default="device",
                choices=("device", "server", "edge"),
                help="whose constants they are",
            ),
            _of("--out", required=True, metavar="FILE.toml", help="the scenario file to write"),
        ),
    ),
    "fit-splits": Command(
        run=measuring.fit_table,
        help="Fit device, server and link to a table of measured splits, and print the error of every row.",
        model=True,
        scenario=True,
        arguments=(
            _of(
                "--table",
                required=True,
                metavar="FILE.csv",
                help="a cut a row, with seconds of a mini-batch on the device, the server and the network",
            ),
            _of("--device-out", metavar="FILE.toml", help="write the device as a calibration file"),
            _of("--server-out", metavar="FILE.toml", help="write the server as a calibration file"),
        ),
    ),
    "schemes": Command(run=answers.list_registered, help="The schemes and their options."),
    "analyses": Command(run=answers.list_registered, help="What can be asked beyond one plan."),
    "devices": Command(run=answers.list_registered, help="The hardware catalogue."),
    "channels": Command(run=answers.list_registered, help="The channel models and their fields."),
    "codecs": Command(run=answers.list_registered, help="What compresses smashed data, with its fields."),
    "accuracies": Command(
        run=answers.list_registered, help="What may be known of the accuracy that compression costs."
    ),
    "clocks": Command(run=answers.list_registered, help="What is drawn at a clock below the highest."),
    "radios": Command(run=answers.list_registered, help="What a device's radio draws."),
    "formats": Command(run=answers.list_registered, help="The formats that a model file may have."),
    "samples": Command(run=answers.list_registered, help="The shipped models."),
    "scenarios": Command(
        run=answers.list_registered,
        help="The scenario library: whom each scenario shows, what surprises, its model and scheme.",
    ),
    "calibrations": Command(
        run=answers.list_registered, help="The shipped calibrations, with their sources."
    ),
    "budgets": Command(run=answers.list_registered, help="How much may come in, and why no more."),
}


def all_commands() -> dict[str, Command]:
    """Every command, those of the analyses among them, which take the planner to list."""
    from cutwise.analyses import ANALYSES

    asked = {
        spelled(name): Command(
            run=answers.analyse_one,
            help=analysis.asks,
            model=True,
            scenario=True,
            scheme=analysis.of_plan,
            analysis=name,
        )
        for name, analysis in ANALYSES.items()
    }
    return {**asked, **COMMANDS}
