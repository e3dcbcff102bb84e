"""Names: of models, ops, devices, files, schemes, options and all else that is called something, anywhere."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas

import cutwise
from cutwise.__main__ import main
from cutwise.cli.commands import all_commands
from cutwise.cli.inputs import spelled
from cutwise.errors import CutwiseError, UnknownNameError
from cutwise.fields.readable_names import readable_name, readable_names, readable_text
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import size_given
from cutwise.plain import csv_text, plain
from cutwise.scenario.changes import changed
from cutwise.scenario.fleet_csv import fleet_text, parse_fleet
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import FORMAT, load_scenario, parse_scenario, scenario_from_dict
from cutwise.scenario.versions import saved_scenario
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.stated.link import link_of, question_of_link
from cutwise.stated.question_file import dump_question, load_question, parse_question
from cutwise.stated.question_tables import question_from_dict
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.format import as_plotly, as_written, file_name, readable
from tests.fuzz.contract import InputKind, check_lines
from tests.fuzz.mutations import mutated_text
from tests.fuzz.nasty import TOKENS
from tests.fuzz.truths import check_same

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
QUESTION = "cutwise-question/1"
PLAIN = (
    "phone", "Gerät №7", "layer1.0/add", "model.onnx", "fast_split", "groups", "jetson_tx2", "best",
    "channel.uplink_bps", "設備", "resnet18", "devices[0].samples", "height", "campus_cell", "block_wise",
)  # fmt: skip
LONGEST_FILE_NAME_BYTES = 255


class Named(NamedTuple):
    """A name, and where it stands."""

    place: str
    name: str


def in_scenario(name: str) -> Scenario:
    """A scenario, a device, an edge and a server of this name; they come back."""
    rows = [{"name": name, "samples": 5}, {"samples": 6}]
    given = {
        "format": FORMAT,
        "name": name,
        "devices": rows,
        "edges": [{"name": name}],
        "server": {"name": name},
    }
    scenario = scenario_from_dict(given)
    called = readable_name(name).strip()
    assert (scenario.name, scenario.devices[0].name, scenario.edges[0].name) == (called, called, called)
    check_same(parse_scenario(saved_scenario(scenario).encode()), scenario)
    check_same(parse_fleet(fleet_text(scenario.devices)), scenario.devices)
    assert len(set(scenario.device_names)) == len(rows)
    return scenario


def in_question(name: str) -> StatedQuestion:
    """A question about a model, a cut and a device of this name; it comes back by file and by link."""
    fleet = scenario_from_dict({"format": FORMAT, "devices": [{"name": name}]})
    stated = StatedQuestion(
        model=ModelReference(digest="0f", name=name, dims={name: 3}),
        scenario=fleet,
        cut=name,
        device=fleet.device_names[0],
        figure=name,
    )
    check_same(question_of_link(link_of(stated)), stated)
    check_same(parse_question(dump_question(stated).encode()), stated)
    return stated


def in_graph(name: str) -> ModelGraph:
    """A model, its ops and blocks of names that begin so, written, read and planned."""
    ops = json.loads((EXAMPLES / "toy.json").read_text())["ops"]
    names = {op["id"]: f"{name}{op['id'] if number else ''}" for number, op in enumerate(ops)}
    for op in ops:
        op |= {"id": names[op["id"]], "inputs": [names[one] for one in op["inputs"]], "block": name}
    document = {"format": "cutwise-graph/1", "name": name, "ops": ops}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "named.json"
        path.write_text(json.dumps(document))
        graph = cutwise.load_model(path)
    shown = readable_names(set(names.values()))
    assert [op.id for op in graph.ops] == [shown.get(one, one) for one in names.values()]
    assert len({op.id for op in graph.ops}) == len(ops)
    text = json.dumps(plain(cutwise.plan(graph, Scenario())), allow_nan=False)
    assert all(json.dumps(op.id) in text for op in graph.ops[:1])
    return graph


def of_file(name: str) -> str:
    """A file of this name that is read as a model and refused as a scenario, where a folder takes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if path.parent == Path(folder) and path.name == name and _is_written(path):
            assert cutwise.load_model(path).name == "toy"
            return _refused(load_scenario, path)
    return _refused(cutwise.load_model, name) + _refused(load_question, name)


def _is_written(path: Path) -> bool:
    try:
        path.write_bytes((EXAMPLES / "toy.json").read_bytes())
    except (OSError, ValueError):
        return False
    return True


def _refused(load: Callable[[Any], Any], path: Any) -> str:
    """Raises `AssertionError` where a file of another kind is read."""
    try:
        load(path)
    except CutwiseError as error:
        check_lines(error)
        return str(error)
    raise AssertionError(f"{path!r} was read")


def of_table(name: str) -> Any:
    """A scheme, a sample, options and their values, dimensions, the path of a change, all of this name."""
    asked: tuple[Callable[[], Any], ...] = (
        lambda: SCHEMES[name],
        lambda: scheme_with("gsfl", {name: 1}),
        lambda: scheme_with("gsfl", {"grouping": name}),
        lambda: scheme_with("gsfl", {"groups": name}),
        lambda: scheme_with("fast_split", {"certify": name}),
        lambda: cutwise.load_model(f"sample:{name}x"),
        lambda: cutwise.load_model("sample:vgg16", dims={name: 3}),
        lambda: size_given(f"{name}=3", given_as="--dim"),
        lambda: changed(Scenario(), {name: 1}),
        lambda: changed(Scenario(), {"channel.kind": name}),
        lambda: scenario_from_dict({"format": FORMAT, name: 1}),
        lambda: scenario_from_dict({"format": name}),
        lambda: scenario_from_dict({"format": FORMAT, "devices": [{"profile": name, name: name}]}),
        lambda: scenario_from_dict({"format": FORMAT, "channel": {"kind": name}}),
        lambda: question_from_dict(
            {"format": QUESTION, "preset": name, "scheme": name, "baseline": name, "kept": [name]}
        ),
        lambda: question_from_dict(
            {"format": QUESTION, "model": {"sample": name, name: name}, "options": {name: name}}
        ),
        lambda: cutwise.analyse(_toy(), Scenario(), name),
        lambda: cutwise.plan(_toy(), Scenario(), "split_learning", cut=name),
        lambda: UnknownNameError("name", name, TOKENS).args,
    )
    return [_told(one) for one in asked]


def _told(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except CutwiseError as error:
        check_lines(error)
        return str(error)


@cache
def _toy() -> ModelGraph:
    return cutwise.load_model(EXAMPLES / "toy.json")


def on_command_line(name: str) -> str:
    """A command line with this name in every place, which ends with a code and readable lines."""
    toy = str(EXAMPLES / "toy.json")
    said = io.StringIO()
    lines = (
        [f"{name}x"], ["plan", name], ["plan", toy, "--scheme", name], ["plan", toy, f"--{name}", "1"],
        ["plan", toy, "--dim", name], ["sweep", name], ["plan", toy, name, name], ["papers", f"{name}x"],
    )  # fmt: skip
    for words in lines:
        if spelled(words[0]) in all_commands() and any(word.startswith(("-h", "--h")) for word in words):
            continue
        with redirect_stderr(said), redirect_stdout(said):
            assert main(words) in {0, 2, 3}
    text = said.getvalue()
    assert all(readable_text(line, longest=None) == line for line in text.split("\n"))
    return text


def at_desk(name: str) -> Desk:
    """A desk that was given commands with this name in every place; what it says is readable."""
    desk = Desk()
    for kind in (
        "set",
        "all",
        "scale",
        "pin",
        "model",
        "preset",
        "scheme",
        "option",
        "baseline",
        "device",
        "dims",
        "page",
        name,
    ):
        desk.do({"kind": kind, "path": name, "value": name})
        desk.do({"kind": kind, "path": f"devices.{name}", "value": name, "device": name})
    desk.do({"kind": "set", "path": "devices.0.name", "value": name})
    desk.do({"kind": "cells", "value": {f"devices.{name}.name": name, "devices.0.name": name}})
    for refused in desk.refused.values():
        assert "\n" not in refused.reason
        assert readable_text(refused.reason, longest=None) == refused.reason
        assert len(refused.reason) <= 600
    return desk


def in_page(name: str) -> str:
    """The name as pages, figures, sheets and downloads show it: text and nothing else."""
    shown = readable_name(name)
    assert readable_name(shown) == shown
    assert readable_text(shown, longest=None) == shown
    assert html.unescape(as_plotly(shown)) == shown
    assert not set(as_plotly(shown)) & set("<>$")
    assert not re.search(r"[`*_\[\]<>$~#|]", re.sub(r"\\.", "", as_written(shown)))
    written = csv_text(pandas.DataFrame([[shown, 1.0]], columns=["name", shown]))
    head, row = csv.reader(io.StringIO(written, newline=""))
    assert (row[0].removeprefix("'"), head[1].removeprefix("'")) == (shown.removeprefix("'"),) * 2
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    download = file_name(name, ".csv")
    assert len(download.encode("utf-8", "surrogatepass")) <= LONGEST_FILE_NAME_BYTES
    assert not set(download) & set('/\\:*?"<>|\0\n\r')
    assert not download.startswith((".", "-", " "))
    download.encode()
    json.loads(json.dumps(plain({name: shown, "read": readable(shown)})))
    shown.encode()
    return shown


PLACES: Mapping[str, Callable[[str], Any]] = {
    "scenario": in_scenario,
    "question": in_question,
    "graph": in_graph,
    "file": of_file,
    "table": of_table,
    "command line": on_command_line,
    "desk": at_desk,
    "page": in_page,
}


def drawn(draw: random.Random) -> Named:
    """A name made of others and of what names should not hold, at some place."""
    name = mutated_text(draw, draw.choice((*PLAIN, *TOKENS)), (*PLAIN, *TOKENS))
    return Named(
        draw.choice(list(PLACES)), name if draw.random() < 0.1 else name[: draw.choice((5, 40, 400))]
    )


def read(given: Named) -> Any:
    """What becomes of the name at its place."""
    return PLACES[given.place](given.name)


NAMES = InputKind(name="names", drawn=drawn, read=read, checked=lambda *_: None)
