"""A file of the library with one small fault, and the draw of many."""

from __future__ import annotations

import difflib
import random
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.edits import Edit, applied, edits_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`file` is relative to the repository; `text` is the whole source with the fault."""

    file: str
    line: int
    kind: str
    before: str
    after: str
    text: str

    @property
    def module(self) -> str:
        """The dotted name under which the library imports the file."""
        return ".".join(Path(self.file).relative_to("core").with_suffix("").parts)

    @property
    def diff(self) -> str:
        """The lines that change, old and new."""
        old = (ROOT / self.file).read_text().splitlines()
        changes = difflib.unified_diff(old, self.text.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in changes if not line.startswith(("---", "+++", "@@")))


def mutants_of(file: str) -> list[Mutant]:
    """Every mutant of a file."""
    text = (ROOT / file).read_text()
    return [_mutant(file, text, edit) for edit in edits_of(text)]


def _mutant(file: str, text: str, edit: Edit) -> Mutant:
    line = text.encode()[: edit.start].count(b"\n")
    changed = applied(text, edit)
    return Mutant(
        file=file,
        line=line + 1,
        kind=edit.kind,
        before=text.splitlines()[line].strip(),
        after=changed.splitlines()[line].strip(),
        text=changed,
    )


def drawn(files: list[str], *, count: int, seed: int) -> list[Mutant]:
    """`count` mutants of all files, each as likely as any other, in the order of the draw."""
    everything = [mutant for file in files for mutant in mutants_of(file)]
    return random.Random(seed).sample(everything, min(count, len(everything)))
