"""The commands that reproduce what the page shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from cutwise.cli.inputs import spelled
from cutwise.stated.stated_question import ModelReference

SCENARIO_FILE = "scenario.toml"


def plan_command(model: ModelReference, scheme: str, options: Mapping[str, object]) -> str:
    """The command line that prints the same plan."""
    words = [*_start("plan", model), "--scheme", scheme, *_sizes(model)]
    return shlex.join([*words, *_options(options)])


def analysis_command(model: ModelReference, analysis: str, **options: object) -> str:
    """The command line that prints the same record of an analysis, with a scheme where it has a plan."""
    return shlex.join([*_start(spelled(analysis), model), *_options(options), *_sizes(model)])


def _options(options: Mapping[str, object]) -> Iterator[str]:
    for option, value in options.items():
        yield f"--{spelled(option)}"
        yield _text(value)


def _text(value: object) -> str:
    """A value as `cutwise.options` reads it."""
    if isinstance(value, list | tuple):
        return ",".join(_text(part) for part in value)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _start(command: str, model: ModelReference) -> list[str]:
    return ["cutwise", command, model.source, SCENARIO_FILE]


def _sizes(model: ModelReference) -> list[str]:
    return [word for name, size in model.dims.items() for word in ("--dim", f"{name}={size}")]
