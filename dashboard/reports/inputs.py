"""What went in: model, devices, server, link and work, each number with its source; how to repeat it."""

from __future__ import annotations

import base64
import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cutwise.analyses.bands.band_basis import format_text
from cutwise.costs.graph_cost import GraphCost
from cutwise.graph.blocks import Block
from cutwise.hardware.profiles import Profile
from cutwise.importers.import_report import ImportReport, import_report
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Device, Party, Server
from cutwise.scenario.time_levels import TIME_LEVELS, level_of
from cutwise.scenario.versions import data_version, saved_scenario
from cutwise.units import facts_of, in_prefix
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.reports.markup import Child, Markup, element, facts, section, table

PACKAGES = ("cutwise", "numpy", "ortools", "onnx", "networkx", "pandas")
TORCH_FORMATS = frozenset({"torch", "pt2", "torch.export"})
MOST_ROWS = 200
TOLD_LEVELS = ("datasheet", "forward_fitted", "fitted")
"""Levels of compute time that a report names: those that no figure given in the scenario says."""
GIVEN = (
    "flops_per_s", "efficiency_ratio", "memory_bytes", "memory_bandwidth_bytes_per_s", "decoding",
    "compute_power_w", "idle_power_w",
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Origin:
    """Where a report comes from: the model's name, the problem, the command that repeats it, and when."""

    name: str
    problem: SplitProblem
    command: str
    made: datetime


def input_sections(origin: Origin, blocks: tuple[Block, ...]) -> list[Markup]:
    """Everything that was given, assumed or looked up, and how to repeat the numbers."""
    problem = origin.problem
    report = import_report(problem.cost)
    return [
        _model(origin.name, report, problem.cost, blocks),
        _hardware(problem),
        _devices(problem),
        _link(problem),
        _assumptions(report, problem),
        _repeat(origin),
    ]


def readable(name: str) -> str:
    """A registered name as people read it."""
    return name.replace("_", " ")


def first_rows(rows: Iterable[Any]) -> tuple[list[Any], Child]:
    """The first `MOST_ROWS`, and a note where there are more."""
    listed = list(rows)
    more = len(listed) - MOST_ROWS
    note = element("p", f"And {more:,} more, which the JSON has.", class_="note") if more > 0 else None
    return listed[:MOST_ROWS], note


def _model(name: str, report: ImportReport, cost: GraphCost, blocks: tuple[Block, ...]) -> Markup:
    known: list[tuple[str, Child]] = [
        ("Model", name),
        ("Ops and edges", f"{report.ops:,} and {report.edges:,}, in {len(blocks)} blocks"),
        ("Parameters", f"{report.parameters:,}, of which {report.trainable_parameters:,} are trained"),
        *_active(report),
        ("Multiply-adds a sample", f"{report.macs:,}"),
        ("Open dimensions", ", ".join(f"{key} = {size}" for key, size in report.dims.items()) or "none"),
        ("Graph digest", element("code", report.digest)),
        *((key.replace("_", " "), element("code", value)) for key, value in cost.graph.provenance.items()),
    ]
    rows, note = first_rows(_block_rows(cost, blocks))
    head = ("Block", "Ops", "Forward (MFLOP)", "Backward (MFLOP)", "Weights (MB)", "Saved (MB)")
    return section("Model", facts(known), table(head, rows), note)


def _active(report: ImportReport) -> Iterable[tuple[str, Child]]:
    """What one token meets of a mixture of experts."""
    if report.active_parameters != report.parameters:
        without = report.active_parameters - report.table_parameters
        yield "Active for a token", f"{report.active_parameters:,}, without tables of words {without:,}"


def _block_rows(cost: GraphCost, blocks: tuple[Block, ...]) -> Iterable[tuple[str, ...]]:
    backward = cost.backward_input_flops + cost.backward_weight_flops
    for block in blocks:
        ops = list(block.ops)
        sums = (cost.forward_flops, backward, cost.weight_bytes, cost.saved_bytes)
        yield (block.name, str(len(ops)), *(f"{in_prefix(column[ops].sum(), 'M'):,.4g}" for column in sums))


def _hardware(problem: SplitProblem) -> Markup:
    """Every catalogue row that is used, its source, and which of its numbers nobody has looked up."""
    scenario = problem.scenario
    found: dict[str, tuple[Profile, list[str]]] = {}
    devices = zip(scenario.devices, scenario.device_names, strict=True)
    parties: list[tuple[Party, str]] = [*devices, (scenario.server, scenario.server.name)]
    for party, name in parties:
        profile = party.catalogue_row()
        found.setdefault(f"{party.catalogue_kind} {profile.name}", (profile, []))[1].append(name)
    head = (
        "Part",
        "Used by",
        "Source",
        "Recalled, not looked up",
        "Peak fp32",
        "Memory",
        "Bandwidth",
        "Power",
        "Idle",
    )
    rows = [
        (
            profile.title,
            users[0] if len(users) == 1 else f"{users[0]} and {len(users) - 1} more",
            profile.source,
            ", ".join(readable(name) for name in profile.recalled) or "none",
            quantity_text(profile.fp32_flops_per_s, "FLOP/s") if profile.fp32_flops_per_s else "own figure",
            quantity_text(profile.memory_bytes, "B"),
            quantity_text(known, "B/s") if (known := profile.memory_bandwidth_bytes_per_s) else "own figure",
            f"{profile.power_w:g} W",
            f"{profile.idle_power_w:g} W",
        )
        for profile, users in found.values()
    ]
    return section("Hardware and its sources", table(head, rows, words=4))


def _devices(problem: SplitProblem) -> Markup:
    """What each device and the server are counted with, and what the scenario itself gives."""
    scenario, dtype = problem.scenario, problem.workload.compute
    rows = [
        (
            name,
            _given(device, dtype),
            quantity_text(float(problem.device_flops_per_s[i]), "FLOP/s"),
            quantity_text(float(problem.device_memory_bytes[i]), "B"),
            f"{device.samples:,}",
            f"{device.distance_m:g} m",
            f"{device.transmit_power_w:g} W",
        )
        for i, (device, name) in enumerate(zip(scenario.devices, scenario.device_names, strict=True))
    ]
    rows, note = first_rows(rows)
    server = (
        scenario.server.name,
        _given(scenario.server, dtype),
        quantity_text(problem.server_flops_per_s, "FLOP/s"),
        quantity_text(problem.server_memory_bytes, "B"),
        *("",) * 3,
    )
    head = ("Party", "Given in the scenario", "Speed used", "Memory", "Samples", "Distance", "Radiates")
    return section("Devices and server", table(head, [*rows, server], words=2), note)


def _given(party: Party, dtype: str) -> str:
    named = [readable(name) for name in GIVEN if getattr(party, name) is not None]
    level = level_of(party)
    if isinstance(party, Device | Server) and level in TOLD_LEVELS:
        named.append(f"speed: {TIME_LEVELS[level].title}")
    measured = format_text(party, party.catalogue_row(), dtype)
    return ", ".join([*named, measured] if measured else named)


def _link(problem: SplitProblem) -> Markup:
    """The channel's fields with what each means."""
    channel, sharing = problem.scenario.channel, problem.scenario.sharing
    rows = [
        (
            *(facts_of(type(channel), f.name)[fact] for fact in ("title", "help")),
            f"{getattr(channel, f.name):g}",
        )
        for f in fields(channel)
        if f.name != "kind" and isinstance(getattr(channel, f.name), int | float)
    ]  # fmt: skip
    shared = f"band {readable(sharing.bandwidth)}, server {readable(sharing.server)}"
    text = f"Channel {readable(channel.kind)}; {shared}."
    return section("Link", element("p", text), table(("Field", "Meaning", "SI value"), rows, words=2))


def _assumptions(report: ImportReport, problem: SplitProblem) -> Markup:
    """What the import assumed, how sure each kind of figure is, and what holds for every plan."""
    unpriced = [
        f"No formula for {count} × {kind}: their FLOPs are missing."
        for kind, count in report.unpriced.items()
    ]
    notes = [
        *report.warnings,
        *unpriced,
        *(f"{readable(name).capitalize()}: {text}." for name, text in report.confidence.items()),
        *_recalled(problem),
        f"Energy: {problem.scenario.energy.evidence}.",
        "Certified optimal means that no cut is better in this model of the world, not in the world itself.",
    ]
    return section(
        "Assumptions and how far to trust them", element("ul", (element("li", note) for note in notes))
    )


def _recalled(problem: SplitProblem) -> list[str]:
    """The fields of devices and link that stand at a default nobody has looked up."""
    owners = Counter(type(party) for party in (*problem.scenario.devices, problem.scenario.channel))
    named = [
        facts_of(owner, f.name)["title"].lower()
        for owner in owners
        for f in fields(owner)
        if "recalled" in facts_of(owner, f.name).get("help", "")
    ]
    return [f"Defaults recalled and not looked up: {', '.join(named)}."] if named else []


def _repeat(origin: Origin) -> Markup:
    """The command, the scenario it reads, and the versions that made these numbers."""
    toml = saved_scenario(origin.problem.scenario)
    link = "data:application/toml;base64," + base64.b64encode(toml.encode("utf-8", "replace")).decode()
    return section(
        "Do it again",
        element("p", "Save the scenario below as ", element("code", "scenario.toml"), " and run:"),
        element("pre", origin.command, class_="command"),
        element(
            "p", element("a", "Save scenario.toml", href=link, download="scenario.toml"), class_="screen-only"
        ),
        element("pre", toml, class_="file"),
        facts((name, text) for name, text in _versions(origin).items()),
    )


def _versions(origin: Origin) -> dict[str, str]:
    """Python and the packages that take part in the numbers; torch only where it read the model."""
    packages = list(PACKAGES)
    if origin.problem.cost.graph.provenance.get("format") in TORCH_FORMATS:
        packages.append("torch")
    found = {"Made": f"{origin.made:%d %B %Y, %H:%M %Z}".rstrip(), "Python": platform.python_version()}
    return found | {package: _version(package) for package in packages} | {"Data": data_version()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "run from its folder, not installed"
