"""The imports of the library and the page as they stand in the code: file by file, and room by room."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = {"cutwise": ROOT / "core" / "cutwise", "cutwise_dashboard": ROOT / "dashboard"}
Graph = Mapping[str, frozenset[str]]


@cache
def modules() -> Mapping[str, Path]:
    """Every module of both packages by its dotted name; a folder's own name is its `__init__`."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def file_imports() -> Graph:
    """Which modules each module imports, wherever in the file it does so."""
    return {name: frozenset(_imported(name, path)) - {name} for name, path in modules().items()}


def _imported(name: str, path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in modules() or node.module in modules():
                    yield inner if inner in modules() else node.module


def room_of(name: str) -> str:
    """The folder below its package that a module stands in, or the module itself at the top."""
    package, _, inside = name.partition(".")
    room = inside.partition(".")[0]
    if not room:
        return package
    return room if package == "cutwise" else f"dashboard/{room}"


def room_imports() -> Graph:
    """Which rooms the modules of each room import."""
    rooms: dict[str, set[str]] = {}
    for name, imported in file_imports().items():
        rooms.setdefault(room_of(name), set()).update(map(room_of, imported))
    return {room: frozenset(others - {room}) for room, others in rooms.items()}


def entry_imports() -> Graph:
    """Which files and folders inside a folder import which others of that same folder.

    An import counts where the two ways part: for `a.b.x` that reads `a.c.y`, `a.b` imports `a.c`. What a
    folder's `__init__` gathers from inside is no import of a neighbour.
    """
    found: dict[str, set[str]] = {}
    for name, imported in file_imports().items():
        for other in imported:
            if not f"{other}.".startswith(f"{name}.") and not f"{name}.".startswith(f"{other}."):
                here, there = _where_ways_part(name.split("."), other.split("."))
                found.setdefault(here, set()).add(there)
    return {entry: frozenset(others) for entry, others in found.items()}


def _where_ways_part(name: list[str], other: list[str]) -> tuple[str, str]:
    depth = next(at for at, (one, two) in enumerate(zip(name, other, strict=False)) if one != two)
    return ".".join(name[: depth + 1]), ".".join(other[: depth + 1])


def reachable(graph: Graph, start: str) -> frozenset[str]:
    """Everything that follows from `start` along the arrows, itself only on a circle."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += graph.get(place, ())
    return frozenset(found)


def reduced(graph: Graph) -> Graph:
    """The graph without the arrows that follow from others: a → c where a → b → … → c."""
    return {
        place: others - frozenset().union(*(reachable(graph, other) for other in others))
        for place, others in graph.items()
    }


@cache
def ground() -> frozenset[str]:
    """The lowest layer of the import contract: what every room may read, and nobody draws."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lowest = contracts["tool"]["importlinter"]["contracts"][0]["layers"][-1]
    return frozenset(name.removeprefix("cutwise.") for name in lowest.split(" : "))


def drawn_rooms() -> str:
    """The rooms and their imports as a Mermaid flowchart, without arrows that follow from others."""
    everything = room_imports()
    rooms = {room: others - ground() for room, others in everything.items() if room not in ground()}
    arrows = reduced(
        {room: others for room, others in rooms.items() if others or room != "cutwise_dashboard"}
    )
    page = [room for room in sorted(rooms) if room.startswith("dashboard/")]
    lines = ["flowchart TD", "    subgraph dashboard"]
    lines += [f"        {_id(room)}[{room.removeprefix('dashboard/')}]" for room in page]
    lines += ["    end"]
    lines += [
        f"    {_id(room)} --> {_id(other)}" for room in sorted(arrows) for other in sorted(arrows[room])
    ]
    return "\n".join(lines)


def _id(room: str) -> str:
    return room.replace("dashboard/", "page_")
