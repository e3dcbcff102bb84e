"""The house: rooms as drawn, no circles, no crowded folder, no long file, no name for two things."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict

import pytest

from cutwise.schemes import SCHEMES
from tests.architecture import (
    PACKAGES,
    ROOT,
    Graph,
    drawn_rooms,
    entry_imports,
    file_imports,
    modules,
    reachable,
    reduced,
)

MOST_MODULES, MOST_LINES = 16, 300
LONG_FILES = {
    "cutwise.caches": "one table of everything that is kept",
    "cutwise_dashboard.charts.graph.graph_geometry": "one drawing, from boxes to the lines between them",
}
"""Longer than the rest, each with its reason."""

SHARED_FILE_NAMES = {
    "__main__.py": "how Python starts a package",
    "caches.py": "every cache of the library, and of the page",
    "options.py": "options of what is registered, and those of schemes",
    "question.py": "what is asked, and its answer on the page",
    "base.py": "what a registered thing of the folder is",
    "blocks.py": "blocks of a graph",
    "graph.py": "a file format's graph as ours",
    "ops.py": "a file format's operators as ours",
    "markup.py": "HTML of a page part",
    "payload.py": "what the scripts of a component are sent",
    "commands.py": "the command line: its commands, and those that the page shows",
    "inputs.py": "what went in: of a command, of a report",
    # the page shows under the same name what the library works out
    "comparison.py": "schemes side by side",
    "cut_curve.py": "delay against the cut's position",
    "headline.py": "the figure people read first",
    "import_report.py": "what was read of a file",
    "link.py": "a question as a link, and where the page shows it",
    "model.py": "the model: its page, and its controls",
    "model_graph.py": "the model graph, and its picture",
    "papers.py": "the papers: their page, and its views",
    "plan.py": "the plan, and its page",
}
SHARED_CLASS_NAMES: set[str] = set()
"""Still to be told apart."""

STUDY = "cutwise.convergence"
"""Names trainings as the study does, some of which schemes have too."""
PRIVACY_RULES = {"first_layer"}
"""Has the name of a scheme, as both keep the first layer on the device."""


def classes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return found


def test_the_rooms_are_drawn_as_they_import_each_other() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{drawn_rooms()}\n```" in page, "draw the rooms anew with: make docs"


def test_only_arrows_that_follow_from_others_are_left_out() -> None:
    """a → b → c, and a → c besides: the last one follows."""
    graph = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset[str]()}
    assert reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": set()}


@pytest.mark.parametrize("graph", [file_imports(), entry_imports()], ids=["files", "entries of a folder"])
def test_no_circle_of_imports(graph: Graph) -> None:
    assert [place for place in graph if place in reachable(graph, place)] == []


def test_no_folder_is_crowded() -> None:
    crowd = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert {str(folder): count for folder, count in crowd.items() if count > MOST_MODULES} == {}


def test_no_file_is_long_without_a_reason() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name for name, count in lines.items() if count > MOST_LINES} <= LONG_FILES.keys()


def test_files_of_one_name_are_about_one_thing() -> None:
    names = Counter(path.name for path in modules().values() if path.name != "__init__.py")
    assert {name for name, count in names.items() if count > 1} <= SHARED_FILE_NAMES.keys()


def test_no_two_classes_share_a_name() -> None:
    shared = {name: places for name, places in classes().items() if len(places) > 1}
    assert shared.keys() <= SHARED_CLASS_NAMES, shared


def test_no_code_asks_for_the_name_of_a_scheme() -> None:
    """What a scheme can do it says itself; a comparison with its name would leave out the next one."""
    asked = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        if not name.startswith(STUDY)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare) and (SCHEMES.keys() - PRIVACY_RULES) & set(_constants(node))
    ]
    assert asked == []


def _constants(node: ast.AST) -> list[object]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]


def test_the_page_leaves_conversions_to_the_units() -> None:
    """No factor such as 1e6 or 100 stands beside a number that is shown."""
    factors = {1e3, 1e6, 1e9, 1e12, 2**10, 2**20, 2**30}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PACKAGES["cutwise_dashboard"].rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
        for side in (node.left, node.right)
        if isinstance(side, ast.Constant) and side.value in factors
    ]
    assert found == []
