"""The command line: `python -m core COMMAND …`; every command takes `--json`.

Exit codes: 0 fine, 2 bad input (one clear sentence on the error stream), 3 infeasible.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from core.errors import CutwiseError, UnknownNameError

FINE, BAD_INPUT, INFEASIBLE = 0, 2, 3
DEFAULT_SCHEME = "fast_split"
OPTION = "option of the scheme: "
LONGEST_CELL = 72
EXPORT_HELP = (
    "Write the graph of your own PyTorch model to a .pt2 file without weights. This runs the Python file you "
    "name, so name only files you trust, on your own machine; the page never does this."
)
Run = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raises `CutwiseError`, which `main` turns into the exit code for bad input."""
        raise CutwiseError(f"{self.prog}: {message}; --help lists the arguments")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        known = _parsed(list(sys.argv[1:] if arguments is None else arguments))
        run: Run = known.run
        return run(known)
    except CutwiseError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT


def _parsed(given: list[str]) -> argparse.Namespace:
    """The arguments of a command; options may stand before, between and after what is planned."""
    parser, commands = _parsers()
    if not given or given[0] not in commands:
        return parser.parse_args(given)
    command, rest = commands[given[0]], given[1:]
    if given[0] in {"plan", "simulate"}:
        rest = _with_scheme_options(command, rest)
    known, unknown = command.parse_known_intermixed_args(rest)
    if options := [word for word in unknown if word.startswith("-")]:
        _refuse_option(command, options[0])
    if unknown:
        command.error(f"unexpected argument {unknown[0]!r}")
    known.command = given[0]
    return known


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(
        prog="python -m core",
        description="Plan where a model is cut between device and edge server.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found: dict[str, Parser] = {}

    def command(name: str, run: Run, help: str, *, model: bool = False, scenario: bool = False) -> Parser:
        found[name] = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        found[name].add_argument("--json", action="store_true", help="print the value's own fields as JSON")
        found[name].set_defaults(run=run)
        if model:
            found[name].add_argument("model", help="a model file, or sample:NAME for a shipped one")
            found[name].add_argument(
                "--dim", action="append", default=[], metavar="NAME=SIZE", help="size of an open dimension"
            )
        if scenario:
            found[name].add_argument(
                "scenario", nargs="?", help="a scenario file; the default cell if absent"
            )
        return found[name]

    command("inspect", _inspect, "What a model file holds.", model=True)
    planned = command("plan", _plan, "Plan one scheme, with its own options.", model=True, scenario=True)
    planned.add_argument("--scheme", default=DEFAULT_SCHEME, help="see the command schemes")
    planned.add_argument("--timing", action="store_true", help="print run times too")
    played = command(
        "simulate", _simulate, "Play one round of a plan task by task.", model=True, scenario=True
    )
    played.add_argument("--scheme", default=DEFAULT_SCHEME, help="see the command schemes")
    played.add_argument("--csv", metavar="FILE.csv", help="write when every task ran on what")
    compared = command("compare", _compare, "All schemes on one scenario.", model=True, scenario=True)
    compared.add_argument("--schemes", help="only these, separated by commas")
    again = command(
        "replan", _replan, "Cuts chosen anew for every epoch of a changing rate.", model=True, scenario=True
    )
    again.add_argument("--epochs", type=int, default=100, help="how many epochs to draw")
    again.add_argument("--seed", type=int, default=None, help="of the draw; the scenario's own if absent")
    again.add_argument("--fade-db", type=float, default=8.0, help="how far a drawn rate strays from its mean")
    again.add_argument(
        "--rates", metavar="FILE", help="rates over the scenario's, one a line, in place of a draw"
    )
    swept = command("sweep", _sweep, "Many scenarios from a sweep file in TOML.")
    swept.add_argument("spec", help="model, scenario, schemes, zip, and the table [over] of paths and values")
    told = command("papers", _papers, "The five papers' figures, and how ours are distributed.")
    told.add_argument("key", nargs="?", help="one paper, P1 to P5")
    told.add_argument("--figure", help="one of its figures; the first if absent")
    told.add_argument("--draws", type=int, default=10_000, help="settings to draw from its plausible ranges")
    told.add_argument("--seed", type=int, default=7, help="of the draws")
    exported = command("export", _export, EXPORT_HELP)
    exported.add_argument("source", help="my_model.py:build, a file and a function in it without arguments")
    exported.add_argument("--out", required=True, metavar="FILE.pt2", help="the file to write")
    command("schemes", _list, "The schemes and their options.")
    command("devices", _list, "The hardware catalogue.")
    command("channels", _list, "The channel models and their fields.")
    command("samples", _list, "The shipped models.")
    return parser, found


def _with_scheme_options(command: Parser, given: list[str]) -> list[str]:
    """Adds the chosen scheme's options to the command; a flag without a value becomes `--flag=true`."""
    from core.schemes import SCHEMES
    from core.schemes.options import TRUTHS, option_hints
    from core.units import facts_of

    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--scheme", default=DEFAULT_SCHEME, nargs="?")
    scheme = SCHEMES[chosen.parse_known_args(given)[0].scheme or DEFAULT_SCHEME]
    flags: set[str] = set()
    for name, hint in option_hints(scheme).items():
        spellings = dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}"))
        help = f"{OPTION}{facts_of(scheme, name)['help']}"
        command.add_argument(
            *spellings, dest=f"{OPTION}{name}", default=None, metavar="VALUE", help=help.replace("%", "%%")
        )
        flags |= set(spellings) if hint is bool else set()
    following = [*given[1:], ""][: len(given)]
    return [
        f"{word}=true" if word in flags and after.lower() not in TRUTHS else word
        for word, after in zip(given, following, strict=True)
    ]


def _refuse_option(command: Parser, option: str) -> NoReturn:
    known = [spelling for action in command._actions for spelling in action.option_strings]
    raise UnknownNameError("option", option.partition("=")[0], known)


def _inspect(known: argparse.Namespace) -> int:
    from core.costs.workload import Workload
    from core.import_report import import_report
    from core.plain import plain
    from core.problem import priced

    report = import_report(priced(_model(known), Workload()))
    return _show(known, plain(report))


def _plan(known: argparse.Namespace) -> int:
    from core.pipeline import plan
    from core.plain import plain

    found = plan(_model(known), _scenario(known), known.scheme, **_options(known))
    hidden = frozenset() if known.timing else frozenset({"timing"})
    if known.json:
        _show(known, plain(found, without=hidden))
    else:
        print(_told(found))
    return INFEASIBLE if found.status == "infeasible" else FINE


def _simulate(known: argparse.Namespace) -> int:
    from core.pipeline import plan, simulate
    from core.plain import plain

    graph, scenario = _model(known), _scenario(known)
    found = plan(graph, scenario, known.scheme, **_options(known))
    trace = simulate(graph, scenario, found)
    if known.csv:
        _written(known.csv, trace.to_frame().to_csv(index=False))
    if known.json:
        _show(known, plain(trace.summary() | {"scheme": found.scheme, "planned_delay_s": found.delay_s}))
    else:
        print(f"{found.scheme}: one round ends after {trace.makespan_s:.6g} s, planned {found.delay_s:.6g} s")
        for row in trace.summary()["resources"]:
            print(f"  {row['resource']:40s}{row['busy_s']:12.6g} s  {100 * row['utilisation_ratio']:5.1f} %")
    return INFEASIBLE if found.status == "infeasible" else FINE


def _written(name: str, text: str) -> None:
    """Writes a file that the reader named; raises `CutwiseError` where that cannot be."""
    try:
        with open(name, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise CutwiseError(f"{name}: cannot be written: {error.strerror}") from error


def _compare(known: argparse.Namespace) -> int:
    from core.pipeline import compare
    from core.plain import plain

    names = [name.strip() for name in known.schemes.split(",")] if known.schemes else None
    table = compare(_model(known), _scenario(known), names)
    if known.json:
        return _show(known, plain(table.to_dict("records")))
    print(_side_by_side(table))
    return FINE


def _replan(known: argparse.Namespace) -> int:
    from core.plain import plain
    from core.problem import build_problem
    from core.replanning import drawn_ratios, replan

    scenario = _scenario(known)
    seed = scenario.seed if known.seed is None else known.seed
    if known.rates is None and known.epochs < 1:
        raise CutwiseError(f"--epochs {known.epochs}: give at least 1")
    if known.rates:
        ratios: Any = _numbers(known.rates)
    else:
        ratios = drawn_ratios(epochs=known.epochs, seed=seed, fade_db=known.fade_db)
    found = replan(build_problem(_model(known), scenario), ratios)
    frame = found.to_frame()
    if known.json:
        told = {"saved_ratio": found.saved_ratio, "changes": found.changes}
        return _show(known, plain(told | {"epochs": frame.to_dict("records")}))
    print(frame.to_string(index=False, float_format="{:.6g}".format))
    print(f"{100 * found.saved_ratio:.1f} % less than with cuts for the mean rate; {found.changes} changes")
    return FINE


def _numbers(name: str) -> list[float]:
    """The numbers of a text file, one a line."""
    try:
        with open(name, encoding="utf-8") as file:
            return [float(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        raise CutwiseError(f"{name}: give one number a line ({error})") from error


def _sweep(known: argparse.Namespace) -> int:
    from core.pipeline import sweep_file
    from core.plain import plain

    table = sweep_file(known.spec)
    if known.json:
        return _show(known, plain(table.to_dict("records")))
    print(table.to_string(index=False))
    return FINE


def _papers(known: argparse.Namespace) -> int:
    from core.papers import headline, paper, papers
    from core.plain import plain

    if known.key is None:
        rows = [
            {"paper": one.key, "title": one.title, "arxiv": one.arxiv, **figure.model_dump()}
            for one in papers().values()
            for figure in one.figures
        ]
        if known.json:
            return _show(known, plain(rows))
        for row in rows:
            share = f"{100 * row['value_ratio']:6.2f} %"
            print(f"{row['paper']}  {share}  {row['provenance']:20s}  {row['claim']}")
        return FINE
    one = paper(known.key)
    found = headline(one, known.figure or one.figures[0].name, draws=known.draws, seed=known.seed)
    return _show(
        known,
        plain(
            {
                "paper": one.key, "figure": found.figure.name, "claim": found.figure.claim,
                "published_ratio": found.figure.value_ratio, "provenance": found.figure.provenance,
                "preset_ratio": found.preset_ratio, "draws": known.draws, "seed": known.seed,
                "quantiles": {f"{q:g}": value for q, value in found.quantiles.items()},
                "published_rank_ratio": found.published_rank_ratio, "influence": found.influence,
            }
        ),
    )  # fmt: skip


def _export(known: argparse.Namespace) -> int:
    from contextlib import redirect_stdout

    from core.costs.workload import Workload
    from core.import_report import import_report
    from core.importers.export_command import export_from_source
    from core.plain import plain
    from core.problem import priced

    with redirect_stdout(sys.stderr):  # whatever the file prints, what is printed here stays JSON
        graph = export_from_source(known.source, known.out)
    return _show(known, {"out": known.out, **plain(import_report(priced(graph, Workload())))})


def _list(known: argparse.Namespace) -> int:
    from core.listings import LISTINGS

    rows = LISTINGS[known.command]()
    if known.json:
        return _show(known, rows)
    for row in rows:
        print("  ".join(str(value) for value in row.values() if not isinstance(value, list | dict)))
    return FINE


def _model(known: argparse.Namespace) -> Any:
    from core.importers import load_model

    return load_model(known.model, dims=dict(_dim(text) for text in known.dim) or None)


def _scenario(known: argparse.Namespace) -> Any:
    from core.scenario import Scenario
    from core.scenario_file import load_scenario

    return load_scenario(known.scenario) if known.scenario else Scenario()


def _dim(text: str) -> tuple[str, int]:
    name, _, size = text.partition("=")
    if not name or not size.isdigit() or int(size) < 1:
        raise CutwiseError(f"--dim {text}: write NAME=SIZE with a whole size of at least 1")
    return name, int(size)


def _options(known: argparse.Namespace) -> dict[str, str]:
    """The options of the scheme that were given, as text."""
    given = vars(known).items()
    return {
        name.removeprefix(OPTION): text
        for name, text in given
        if name.startswith(OPTION) and text is not None
    }


def _told(found: Any) -> str:
    """A plan in a few lines for people."""
    lines = [
        f"{found.scheme}: {found.status}",
        f"  one round   {found.delay_s:.6g} s, {found.energy_j:.6g} J",
        f"  data pass   {found.delay_per_data_pass_s:.6g} s",
        f"  to target   {_rounds(found)}{found.evidence}",
        *(f"  {decision.device}: {decision.cut.label}" for decision in found.decisions),
        *(f"  broken: {violation.sentence}" for violation in found.violations),
    ]
    proof = found.report.certificate
    if proof and found.status != "infeasible":
        lines.append(f"  {proof.method}: value {proof.value:.6g}, bound {proof.bound:.6g}")
    return "\n".join(lines)


def _rounds(found: Any) -> str:
    """The rounds to the target and their time, where they are known."""
    if found.time_to_target_s is None:
        return ""
    return f"{found.time_to_target_s:.6g} s in {found.rounds_to_target:g} rounds; "


def _side_by_side(table: Any) -> str:
    """A comparison's first columns for people: absent figures as -, long texts cut short."""
    from core.comparison import HEADLINES

    known = table[[name for name in HEADLINES if table[name].notna().any()]]
    return known.to_string(
        index=False,
        na_rep="-",
        float_format="{:.6g}".format,
        formatters={name: _short for name in ("place", "cut", "violations") if name in known},
    )


def _short(value: Any) -> str:
    """The first words of a text; - for an absent one."""
    text = "-" if value in (None, "") else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _show(known: argparse.Namespace, value: Any) -> int:
    if known.json:
        print(json.dumps(value, indent=2, allow_nan=False))
    else:
        for name, part in value.items():
            print(f"{name:22s}{part}")
    return FINE


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FINE
    sys.exit(code)
