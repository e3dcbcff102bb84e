"""The archive of a module as bytes: without traces of the user's source, weights and dates."""

from __future__ import annotations

import io
import json
import zipfile

from cutwise.importers.torch_format.archive import NOTES_PATH, Archive
from cutwise.importers.torch_format.schema import ExportDocument, ExportNode, Graph, Input, Metadata, Notes

# Entries of a zip file carry a date; one that never changes makes equal models equal files.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def without_traces(document: ExportDocument) -> ExportDocument:
    """`document` without source lines of the user's program, and without what only PyTorch reads."""
    module = document["graph_module"]
    graph = _plain_graph(module["graph"])
    return {
        **document,
        "guards_code": [],
        "graph_module": {**module, "module_call_graph": [], "graph": graph},
    }


def _plain_graph(graph: Graph) -> Graph:
    nodes: list[ExportNode] = []
    for node in graph["nodes"]:
        stack = node["metadata"].get("nn_module_stack")
        inputs = [_plain_argument(item) for item in node["inputs"]]
        metadata: Metadata = {"nn_module_stack": stack} if stack else {}
        nodes.append({**node, "inputs": inputs, "metadata": metadata})
    return {**graph, "nodes": nodes}


def _plain_argument(item: Input) -> Input:
    graph = item["arg"].get("as_graph")
    if graph is None:
        return {**item}
    return {**item, "arg": {"as_graph": {**graph, "graph": _plain_graph(graph["graph"])}}}


def zipped(archive: Archive, name: str) -> bytes:
    """The file of an archive: the same bytes for the same program."""
    entries = {
        "archive_format": "pt2",
        "models/model.json": _text(archive.program),
        NOTES_PATH: _text(archive.notes),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for place, text in entries.items():
            info = zipfile.ZipInfo(f"{name}/{place}", ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, text)
    return buffer.getvalue()


def _text(document: ExportDocument | Notes) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
