"""The commands that reproduce what the page shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from cutwise_dashboard.session import Selection

SCENARIO_FILE = "scenario.toml"


def plan_command(choice: Selection, scheme: str, options: Iterable[tuple[str, object]]) -> str:
    """The command line that prints the same plan."""
    words = [*_start("plan", choice), "--scheme", scheme, *_sizes(choice)]
    for option, value in options:
        words += [
            f"--{option.replace('_', '-')}",
            str(value).lower() if isinstance(value, bool) else str(value),
        ]
    return shlex.join(words)


def compare_command(choice: Selection, schemes: Sequence[str]) -> str:
    """The command line that prints the same table."""
    return shlex.join([*_start("compare", choice), "--schemes", ",".join(schemes), *_sizes(choice)])


def replan_command(choice: Selection, *, epochs: int, seed: int, fade_db: float) -> str:
    """The command line that prints the same epochs."""
    drawn = ["--epochs", str(epochs), "--seed", str(seed), "--fade-db", f"{fade_db:g}"]
    return shlex.join([*_start("replan", choice), *drawn, *_sizes(choice)])


def _start(command: str, choice: Selection) -> list[str]:
    source = choice.upload_name if choice.upload_digest else f"sample:{choice.sample}"
    return ["cutwise", command, source, SCENARIO_FILE]


def _sizes(choice: Selection) -> list[str]:
    return [word for name, size in choice.dims.items() for word in ("--dim", f"{name}={size}")]
