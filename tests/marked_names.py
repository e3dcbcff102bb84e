"""Names that try to be more than text, planted in everything that can carry one: a scenario, a model file."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Scenario
from cutwise.units import hints_of

HOST = "marker.invalid"
"""No request may go there and no link may lead there."""

MARKERS = (
    f'<img src="http://{HOST}/i.png" onerror="window.marked=1">',
    f"[x](http://{HOST}/l)",
    f"![x](http://{HOST}/p.png)",
    f"http://{HOST}/bare",
    f"www.{HOST}",
    f"me@{HOST}",
    "</script><script>window.marked=1</script>",
    "$\\LaTeX$",
    ":material/delete:",
    ":streamlit:",
    ":red[x]",
    "javascript:window.marked=1",
    f'=HYPERLINK("http://{HOST}")',
    f"@{HOST}",
    "+1-1",
    f'<a href="http://{HOST}/a">a</a><br><b>b</b>',
    "%{x} {b} {a|x}",
    "\x1b[31mred\x1b[0m",
    "a\u202egnp.b",
    "half\ud800",
    "__proto__",
    "constructor",
    "two\nlines",
    "&lt;b&gt; &#60;",
    "# a\n- b\n1. c",
    "`code` **bold** ~~x~~ --> <- |",
)
"""What a reader's browser, sheet or terminal could take for more than text."""


def marked(what: str, number: int = 0) -> str:
    """A name of its own that begins with a marker: sheets and Markdown look at the beginning."""
    return f"{MARKERS[number % len(MARKERS)]} {what}{number}"


def marked_scenario(*, edges: int = 2) -> Scenario:
    """A scenario with a device for every marker, and one in every other text that is no choice."""
    devices = tuple(Device(name=name) for name in MARKERS)
    between = tuple(Edge(name=marked("edge", number)) for number in range(edges))
    return replace(_marked_texts(Scenario(), count()), devices=devices, edges=between)


def text_fields(value: Any, path: str = "") -> list[str]:
    """The paths in a tree of dataclasses that hold a text that nothing bounds."""
    hints = hints_of(type(value))
    found = []
    for part in fields(value):
        inner, here = getattr(value, part.name), f"{path}{part.name}"
        if hints[part.name] is str:
            found.append(here)
        elif is_dataclass(inner):
            found += text_fields(inner, f"{here}.")
    return found


def _marked_texts(scenario: Scenario, numbers: count[int]) -> Scenario:
    for path in text_fields(scenario):
        owner, _, name = path.rpartition(".")
        if not owner:
            scenario = replace(scenario, **{name: marked(name, next(numbers))})
        elif owner == "server":
            scenario = replace(scenario, server=Server(name=marked(name, next(numbers))))
    return scenario


def write_marked_onnx(folder: Path, *, repeats: int = 1) -> Path:
    """A small network in an ONNX file whose every text is marked: nodes, tensors, sizes, documentation."""
    path = folder / "marked.onnx"
    nodes, weights, last = [], [], marked("input")
    for number in range(4 * repeats):
        weight, between, after = (marked(what, number) for what in ("weight", "between", "after"))
        node = marked("node", number)
        weights.append(helper.make_tensor(_utf8(weight), TensorProto.FLOAT, (4, 4), [0.5] * 16))
        nodes.append(
            helper.make_node("MatMul", [_utf8(last), _utf8(weight)], [_utf8(between)], name=_utf8(node))
        )
        nodes.append(helper.make_node("Relu", [_utf8(between)], [_utf8(after)], name=_utf8(f"{node}/relu")))
        nodes[-1].doc_string = _utf8(marked("node doc", number))
        last = after
    graph = helper.make_graph(
        nodes,
        _utf8(marked("graph", 1)),
        [helper.make_tensor_value_info(_utf8(marked("input")), TensorProto.FLOAT, (1, 4))],
        [helper.make_tensor_value_info(_utf8(last), TensorProto.FLOAT, (1, 4))],
        initializer=weights,
        doc_string=marked("graph doc", 6),
    )
    model = helper.make_model(graph, producer_name=marked("producer", 0), doc_string=marked("model doc", 5))
    helper.set_model_props(
        model, {marked("key", number): _utf8(marked("value", number)) for number in range(3)}
    )
    onnx.save(model, path)
    return path


def write_marked_json(folder: Path) -> Path:
    """A chain of ops in a JSON file, one for each marker, in ids, kinds and blocks; halves of pairs too."""
    path = folder / "marked.json"
    ops = [
        {
            "id": name, "kind": name if number else "input", "block": name,
            "inputs": [MARKERS[number - 1]] if number else [],
            "forward_flops": 1e9, "output_bytes": 1e6 * (1 + number % 3), "weight_bytes": 1e6,
        }
        for number, name in enumerate(MARKERS)
    ]  # fmt: skip
    path.write_text(json.dumps({"format": "cutwise-graph/1", "name": marked("model", 0), "ops": ops}))
    return path


def _node(kind: str, reads: list[str], makes: str, *, name: str) -> onnx.NodeProto:
    return helper.make_node(kind, [_utf8(read) for read in reads], [_utf8(makes)], name=_utf8(name))


def _utf8(text: str) -> str:
    """A text as protobuf holds it, which knows no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")
