"""What every command does; nothing of the planner is loaded before its command runs."""

from __future__ import annotations

import argparse
import sys
from pkgutil import resolve_name

from cutwise.cli.asked import question_asked
from cutwise.cli.inputs import OF_ANALYSIS, dims_of, model_of, options_of
from cutwise.cli.outcome import FINE, INFEASIBLE
from cutwise.cli.printing import plan_text, show, tell
from cutwise.cli.stopping import stop_no_more
from cutwise.cli.streams import note, say
from cutwise.disk.written_files import write_file


def open_page(known: argparse.Namespace) -> int:
    """Serves the page until it is stopped, in this process."""
    serve = resolve_name("cutwise_dashboard.serving.page_server:serve")
    stop_no_more()
    serve(port=known.port, public=known.public, names=known.host, address=known.address)
    return FINE


def inspect(known: argparse.Namespace) -> int:
    """Prints what was read of a model, and what could not be priced."""
    from cutwise.costs.workload import Workload
    from cutwise.importers.import_report import import_report
    from cutwise.plain import plain
    from cutwise.problem.pricing import priced

    report = import_report(priced(model_of(known), Workload()))
    return show(known, plain(report))


def plan_one(known: argparse.Namespace) -> int:
    """Prints a plan, and what is to be said of the model it is of; 3 where none keeps the limits."""
    from cutwise.analyses.bands.certainty import certainty_of
    from cutwise.plain import plain
    from cutwise.question import shown_plan

    asked = question_asked(known)
    graph, found = asked.graph, shown_plan(asked)
    hidden = frozenset() if known.timing else frozenset({"timing"})
    if known.json:
        show(known, plain(found, without=hidden))
    else:
        say(plan_text(found, certainty_of(asked, found)))
        for warning in graph.warnings:
            note(f"{graph.name}: {warning}")
    return INFEASIBLE if found.status == "infeasible" else FINE


def play(known: argparse.Namespace) -> int:
    """Prints a played round beside the planned one; writes its tasks where a file is named."""
    from cutwise.pipeline import simulate
    from cutwise.plain import csv_text, plain
    from cutwise.question import shown_plan
    from cutwise.units import percent

    asked = question_asked(known)
    found = shown_plan(asked)
    trace = simulate(asked.graph, asked.scenario, found)
    if known.csv:
        write_file(known.csv, csv_text(trace.to_frame()).encode())
    if known.json:
        show(known, plain(trace.summary() | {"scheme": found.scheme, "planned_delay_s": found.delay_s}))
    else:
        played = "one round ends" if found.inference is None else "all requests are served"
        say(f"{found.scheme}: {played} after {trace.makespan_s:.6g} s, planned {found.delay_s:.6g} s")
        for row in trace.summary()["resources"]:
            used = percent(row["utilisation_ratio"])
            say(f"  {row['resource']:40s}{row['busy_s']:12.6g} s  {used:5.1f} %")
    return INFEASIBLE if found.status == "infeasible" else FINE


def analyse_one(known: argparse.Namespace) -> int:
    """Prints what an analysis finds."""
    from cutwise.analyses import analysis_with

    asked = question_asked(known)
    return tell(known, analysis_with(known.analysis, options_of(known, OF_ANALYSIS)).run(asked))


def export_own(known: argparse.Namespace) -> int:
    """Writes the graph of a module that the named file builds."""
    from contextlib import redirect_stdout

    from cutwise.costs.workload import Workload
    from cutwise.importers.import_report import import_report
    from cutwise.importers.torch_format.export_command import export_from_source
    from cutwise.plain import plain
    from cutwise.problem.pricing import priced

    with redirect_stdout(sys.stderr):  # whatever the file prints, what is printed here stays JSON
        graph = export_from_source(known.source, known.out, dims=dims_of(known))
    return show(known, {"out": known.out, **plain(import_report(priced(graph, Workload())))})


def list_registered(known: argparse.Namespace) -> int:
    """Prints what is registered under the name of the command."""
    from cutwise.cli.listings import LISTINGS, TEXTS, row_text

    rows = LISTINGS[known.command]()
    if known.json:
        return show(known, rows)
    for row in rows:
        say(TEXTS.get(known.command, row_text)(row))
    return FINE
