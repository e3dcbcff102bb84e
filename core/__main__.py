"""The command line: `python -m core COMMAND …`; every command takes `--json`.

Exit codes: 0 fine, 2 bad input (one clear sentence on the error stream), 3 infeasible.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from core.errors import CutwiseError

FINE, BAD_INPUT, INFEASIBLE = 0, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    try:
        if rest and known.command not in {"plan"}:
            parser.error(f"unknown arguments: {' '.join(rest)}")
        run: Callable[..., int] = known.run
        return run(known, rest)
    except CutwiseError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Plan where a model is cut between device and edge server."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Callable[..., int], help: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=help, description=help)
        found.add_argument("--json", action="store_true", help="print the value's own fields as JSON")
        found.set_defaults(run=run)
        return found

    def with_model(found: argparse.ArgumentParser, *, scenario: bool) -> argparse.ArgumentParser:
        found.add_argument("model", help="a model file, or sample:NAME for a shipped one")
        found.add_argument(
            "--dim", action="append", default=[], metavar="NAME=SIZE", help="a dynamic dimension"
        )
        if scenario:
            found.add_argument("scenario", nargs="?", help="a scenario file; the default cell if absent")
        return found

    with_model(command("inspect", _inspect, "What a model file holds."), scenario=False)
    planned = with_model(
        command("plan", _plan, "Plan one scheme; its options follow as --OPTION VALUE."), scenario=True
    )
    planned.add_argument("--scheme", default="fast_split", help="see the command schemes")
    planned.add_argument("--timing", action="store_true", help="print run times too")
    compared = with_model(command("compare", _compare, "All schemes on one scenario."), scenario=True)
    compared.add_argument("--schemes", help="only these, separated by commas")
    swept = command("sweep", _sweep, "Many scenarios from a sweep file in TOML.")
    swept.add_argument("spec", help="model, scenario, schemes, zip, and the table [over] of paths and values")
    for name, help in (
        ("schemes", "The schemes and their options."),
        ("devices", "The hardware catalogue."),
        ("channels", "The channel models and their fields."),
        ("samples", "The shipped models."),
    ):
        command(name, _list, help)
    return parser


def _inspect(known: argparse.Namespace, rest: list[str]) -> int:
    from core.costs.workload import Workload
    from core.problem import priced

    graph = _model(known)
    cost = priced(graph, Workload())
    return _show(
        known,
        {
            "name": graph.name,
            "format": graph.provenance.get("format", ""),
            "digest": graph.digest,
            "ops": len(graph),
            "edges": len(graph.edges),
            "parameters": cost.parameters,
            "trainable_parameters": cost.trainable_parameters,
            "macs": cost.macs,
            "dims": dict(graph.dims),
            "warnings": list(graph.warnings),
            "unpriced": dict(cost.unpriced),
        },
    )


def _plan(known: argparse.Namespace, rest: list[str]) -> int:
    from core.pipeline import plan
    from core.plain import plain

    found = plan(_model(known), _scenario(known), known.scheme, **_options(rest))
    hidden = frozenset() if known.timing else frozenset({"timing"})
    if known.json:
        _show(known, plain(found, without=hidden))
    else:
        print(_told(found))
    return INFEASIBLE if found.status == "infeasible" else FINE


def _compare(known: argparse.Namespace, rest: list[str]) -> int:
    from core.pipeline import compare
    from core.plain import plain

    names = known.schemes.split(",") if known.schemes else None
    table = compare(_model(known), _scenario(known), names)
    if known.json:
        return _show(known, plain(table.to_dict("records")))
    print(table.to_string(index=False))
    return FINE


def _sweep(known: argparse.Namespace, rest: list[str]) -> int:
    from core.pipeline import sweep_file
    from core.plain import plain

    table = sweep_file(known.spec)
    if known.json:
        return _show(known, plain(table.to_dict("records")))
    print(table.to_string(index=False))
    return FINE


def _list(known: argparse.Namespace, rest: list[str]) -> int:
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


def _options(rest: list[str]) -> dict[str, str]:
    """`--cut-after x --flag` as {"cut_after": "x", "flag": "true"}."""
    options: dict[str, str] = {}
    name = ""
    for word in rest:
        if word.startswith("--"):
            name, _, value = word[2:].replace("-", "_", word.count("-")).partition("=")
            options[name] = value or "true"
        elif name:
            options[name], name = word, ""
        else:
            raise CutwiseError(f"{word}: write an option as --NAME VALUE")
    return options


def _told(found: Any) -> str:
    """A plan in a few lines for people."""
    lines = [
        f"{found.scheme}: {found.status}",
        f"  one round   {found.delay_s:.6g} s, {found.energy_j:.6g} J",
        f"  data pass   {found.delay_per_data_pass_s:.6g} s",
        *(f"  {decision.device}: {decision.cut.label}" for decision in found.decisions),
        *(f"  broken: {violation.sentence}" for violation in found.violations),
    ]
    proof = found.report.certificate
    if proof:
        lines.append(f"  {proof.method}: value {proof.value:.6g}, bound {proof.bound:.6g}")
    return "\n".join(lines)


def _show(known: argparse.Namespace, value: Any) -> int:
    if known.json:
        print(json.dumps(value, indent=2))
    else:
        for name, part in value.items():
            print(f"{name:22s}{part}")
    return FINE


if __name__ == "__main__":
    sys.exit(main())
