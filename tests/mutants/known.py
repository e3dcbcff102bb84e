"""Mutants that change nothing anyone could see, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.mutants.mutant import Mutant

FILE = Path(__file__).with_name("equivalent.toml")
Key = tuple[str, str, str]


def equivalents(text: str | None = None) -> dict[Key, str]:
    """The reasons, by file, source line and what becomes of it; line numbers do not matter."""
    rows = tomllib.loads(FILE.read_text() if text is None else text).get("mutant", [])
    return {
        (row["file"], row["line"].strip(), after.strip()): row["reason"]
        for row in rows
        for after in ([row["becomes"]] if isinstance(row["becomes"], str) else row["becomes"])
    }


def key_of(mutant: Mutant) -> Key:
    """What a row of the file calls this mutant."""
    return mutant.file, mutant.before, mutant.after
