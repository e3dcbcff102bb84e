"""Where the scenarios lie that come with the product, and what names one of them in place of a file."""

from __future__ import annotations

from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path

from cutwise.errors import UnknownNameError

SHIPPED = "library:"
"""What a name begins with that is no file's but a shipped scenario's."""
FIRST = "lecture_hall"


def shipped_names() -> tuple[str, ...]:
    """Names of the scenarios in `assets/scenarios`, the first one first.

    >>> shipped_names()[0]
    'lecture_hall'
    """
    names = sorted(path.name.removesuffix(".toml") for path in _folder().iterdir())
    return (FIRST, *(name for name in names if name != FIRST))


def is_shipped(word: str | PathLike[str]) -> bool:
    """True for the name of a shipped scenario ("library:rural"), known or not."""
    return fspath(word).startswith(SHIPPED)


def scenario_path(word: str | PathLike[str]) -> Path:
    """The file that a name stands for: a shipped scenario's after "library:", else the one of that name.

    Raises `UnknownNameError` for a shipped scenario that there is not.

    >>> scenario_path("library:rural").name, scenario_path("mine.toml").name
    ('rural.toml', 'mine.toml')
    """
    if not is_shipped(word):
        return Path(word)
    name = fspath(word).removeprefix(SHIPPED)
    if name not in shipped_names():
        raise UnknownNameError("scenario", name, shipped_names())
    return _folder() / f"{name}.toml"


def _folder() -> Path:
    return Path(str(files("cutwise.assets").joinpath("scenarios")))
