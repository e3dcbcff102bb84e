"""What each operator makes of a line, and that a row of known mutants is found wherever its line stands."""

from __future__ import annotations

import pytest

from tests.mutants.edits import applied, edits_of
from tests.mutants.known import equivalents, key_of
from tests.mutants.mutant import ROOT, Mutant, drawn, mutants_of
from tests.mutants.targets import targets


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("y = a + b", {"y = a - b", "y = (a)", "y = (b)"}),
        ("y = a - b", {"y = a + b", "y = (a)"}),
        ("y = a * b", {"y = a / b"}),
        ("y += a", {"y -= a"}),
        ("y = a < b <= c", {"y = a <= b <= c", "y = a < b < c"}),
        ("y = a == b", {"y = a != b"}),
        ("y = a and b", {"y = a or b"}),
        ("y = not a", {"y = (a)"}),
        ("y = 2", {"y = 3"}),
        ("y = np.minimum(a, b)", {"y = np.maximum(a, b)"}),
        ("y = max(a)", {"y = min(a)"}),
        ("y = a[i:j]", {"y = a[j:i]"}),
        ("y = a if b else c", {"y = a if not (b) else c"}),
        ("y = [a for a in b if c]", {"y = [a for a in b if not (c)]"}),
        ("y = (π) * (a)", {"y = (π) / (a)"}),
    ],
)
def test_an_operator_changes_one_place(line: str, faults: set[str]) -> None:
    assert {applied(line, edit) for edit in edits_of(line)} == faults


@pytest.mark.parametrize("line", ["y = True", "y = 'a + 1'", "y: a[1:2]", "y = f'{a + b}'", '"""1 + 1"""'])
def test_what_computes_nothing_is_left_alone(line: str) -> None:
    assert edits_of(line) == []


def test_every_mutant_of_every_file_is_python() -> None:
    for file in targets():
        for mutant in mutants_of(file):
            compile(mutant.text, file, "exec")


def test_the_same_seed_draws_the_same_mutants() -> None:
    files = list(targets())[:3]
    assert drawn(files, count=5, seed=3) == drawn(files, count=5, seed=3)
    assert drawn(files, count=5, seed=3) != drawn(files, count=5, seed=4)


def test_a_known_mutant_is_found_by_its_line_whatever_its_number() -> None:
    rows = '[[mutant]]\nfile = "f.py"\nline = "y = 2"\nbecomes = ["y = 3", "y = 4"]\nreason = "because"\n'
    found = Mutant(file="f.py", line=99, kind="", before="y = 2", after="y = 4", text="")
    assert equivalents(rows)[key_of(found)] == "because"


def test_every_target_has_tests_that_exist() -> None:
    assert all((ROOT / path).exists() for paths in targets().values() for path in paths)
