"""Every command on every stream there is, stopped at any moment: a line, an exit code, never a traceback."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from cutwise.__main__ import main
from cutwise.analyses import ANALYSES
from cutwise.budgets import VARIABLE, budgets
from cutwise.cli.commands import Command, all_commands
from cutwise.cli.inputs import spelled
from cutwise.options import option_hints
from cutwise.schemes import SCHEMES
from cutwise.stated.question_file import dump_question
from cutwise.stated.stated_question import StatedQuestion
from tests.contracts.command_forks import Became, Case, became_of

CELL = """format = "cutwise-scenario/1"
channel = { kind = "fixed_rate", uplink_bps = 1e7 }
"""
SWEEP = """model = "sample:resnet18"
schemes = ["first_layer"]
[over]
"channel.uplink_bps" = [1e6, 1e7]
"""
CAMPUS = Path(str(files("cutwise.assets"))) / "scenarios" / "campus_cell.toml"
OWN = {
    "serve": ("--port", "99999999"),  # refused before anything is opened
    "papers": ("P1", "--draws", "20"),
    "truth": ("capped_training.static",),
    "export": ("none.py:build", "--out", "none.pt2"),
    "calibrate": ("--out", "none.toml", "--profile", "nobody"),  # refused before anything is measured
    "profile": ("--out", "none.json", "--other", "nobody"),
    "calibrated": ("--calibration", "nobody", "--out", "none.toml"),
}
"""What is given to commands that take no model; a new command stands here or takes one."""
HOLE = "…"
NOT_TOLD = ("Traceback", "Exception ignored", "fault of ours", "Error:")
HOSTILE = [
    {"stdout": "closed"},
    {"stderr": "closed"},
    {"stdin": "closed", "stdout": "closed", "stderr": "closed"},
    {"stdout": "full"},
    {"stderr": "full"},
    {"stdout": "read only"},
    {"stdout": "gone"},
    {"stdout": "gone", "stderr": "gone"},
    {"encoding": "ascii"},
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, ...]]:
    """Words that every command answers."""
    folder = tmp_path_factory.mktemp("manners")
    (folder / "cell.toml").write_text(CELL)
    (folder / "sweep.toml").write_text(SWEEP)
    (folder / "splits.csv").write_text("cut,device\nlayer1,0.5\nlayer2,0.9\n")
    own = {
        **OWN,
        "sweep": (str(folder / "sweep.toml"),),
        "fit-splits": ("--table", str(folder / "splits.csv")),
    }

    def words(name: str, command: Command) -> tuple[str, ...]:
        model = ("sample:resnet18",) if command.model else ()
        cell = (str(folder / "cell.toml"),) if command.scenario else ()
        return (name, *model, *cell, *own.get(name, ()))

    return {name: words(name, command) for name, command in all_commands().items()}


def test_every_command_ends_well_on_every_stream(asked: dict[str, tuple[str, ...]]) -> None:
    commands = list(asked.values())
    cases = [Case(words=words, **how) for words in commands for how in [{}, *HOSTILE]]
    found = iter(became_of(cases, warmed=commands))
    for words in commands:
        usual = next(found)
        assert usual.code in (0, 2, 3), (words, usual)
        assert usual.out or usual.code == 2, words
        for how in HOSTILE:
            _check(words, how, usual, next(found))


def _check(words: Sequence[str], how: dict[str, str], usual: Became, ended: Became) -> None:
    told = (words, how, ended)
    assert not any(word in ended.err for word in NOT_TOLD), told
    stdout, encoding = how.get("stdout", "kept"), how.get("encoding", "utf-8")
    if not usual.out or stdout == "kept":
        assert ended.code == usual.code, told
        assert ended.out == usual.out.encode(encoding, "replace").decode(encoding), told
    elif stdout == "gone":
        assert ended.code == 0, told
    else:
        assert ended.code == 2, told
        if "stderr" not in how:
            assert ended.err.removeprefix(usual.err).startswith("the output"), told


def test_each_command_stops_at_once_when_it_is_told_to(asked: dict[str, tuple[str, ...]]) -> None:
    """At moments drawn anew from the first on; one that has ended before has ended well."""
    drawn = random.Random(14)
    several = all_commands().items()
    names = [name for name, command in several if command.model or name in ("sweep", "papers")]
    names.remove("profile")  # refused above, before anything is measured
    long = {"papers": ("papers", "P1", "--draws", "100000")}
    commands = [long.get(name, asked[name]) for name in names]
    cases = [
        Case(words=words, stopped_after_s=most_s * drawn.random(), stopped_by=by)
        for words in commands
        for most_s, by in ((0.05, "SIGINT"), (0.3, "SIGINT"), (0.3, "SIGTERM"))
    ]
    stopped = 0
    for case, ended in zip(cases, became_of(cases), strict=True):
        told = (case, ended)
        assert not any(word in ended.err for word in NOT_TOLD), told
        assert ended.ended_s < 3, told
        code = {"SIGINT": 130, "SIGTERM": 143}[case.stopped_by]
        assert ended.code in (0, 3, code), told
        assert (ended.code == code) == ended.err.endswith("cutwise: stopped\n"), told
        stopped += ended.code == code
    assert stopped > len(cases) / 2


def test_what_works_inside_the_solver_is_stopped_too(tmp_path: Path) -> None:
    """OR-Tools keeps Python from hearing of a signal, and would take Ctrl+C for itself."""
    (tmp_path / "tight.toml").write_text(CAMPUS.read_text() + "[limits]\ntraffic_bytes = 2e8\n")
    words = ("plan", "sample:resnet18", str(tmp_path / "tight.toml"), "--scheme", "fast_split")
    (ended,) = became_of([Case(words=words, stopped_after_s=0.2, endless_solver=True)])
    assert (ended.code, ended.out, ended.err) == (130, "", "cutwise: stopped\n")
    assert ended.ended_s < 5


HOSTILE_WORDS = (
    "", " ", "-", "--", "-1", "nan", "1e400", "9" * 5000, "a" * 100_000, "\0", "\udcff", "\U0001f600", "{}",
    "[", "%s%n", "sample:", "sample:" + "x" * 5000, "http://127.0.0.1/x", "a=b", "/dev/zero", "/dev/full",
    "/dev/stdin", "FOLDER", "FOLDER/pipe", "FOLDER/loop", "FOLDER/zeros.onnx",
)  # fmt: skip
EACH = 4
"""So many of them, drawn anew, are given in every place of every command."""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The words, with the present folder one in which files of such names may be written."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "zeros.onnx").write_bytes(bytes(10_000))
    return tuple(word.replace("FOLDER", str(tmp_path)) for word in HOSTILE_WORDS)


def _places(asked: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Every command with a hole in every place, and with every option."""
    for name, command in all_commands().items():
        words = asked[name]
        named = [word for word, facts in command.arguments if word[:2] == "--" and "action" not in facts]
        named += ["--scheme"] * command.scheme + ["--dim"] * command.model + ["--model"] * command.scenario
        named += map(_option, option_hints(ANALYSES[command.analysis]) if command.analysis else ())
        yield (*words, HOLE)
        yield from ((*words, option, HOLE) for option in named)
        yield from ((*words[:at], HOLE, *words[at + 1 :]) for at in range(1, len(words)))
    for scheme, described in SCHEMES.items():
        for option in option_hints(described):
            yield (*asked["plan"], "--scheme", scheme, _option(option), HOLE)


def _option(name: str) -> str:
    return f"--{spelled(name)}"


def test_whatever_is_typed_anywhere_is_answered_or_refused_in_sentences(
    asked: dict[str, tuple[str, ...]], hostile: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = random.Random(4)
    for place in _places(asked):
        few = 1 if "--scheme" in place[:-2] else EACH
        for word in drawn.sample(hostile, few):
            words = [word if given == HOLE else given for given in place]
            code, printed = main(words), capsys.readouterr()
            assert code in (0, 2, 3), (words, printed.err)
            assert code == 0 or printed.err.strip() or printed.out, words
            assert len(printed.err) < 7000, words


def test_a_question_file_that_is_damaged_anywhere_is_opened_or_refused_in_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off as by a full disk, overwritten as by a failing one."""
    whole = dump_question(StatedQuestion()).encode()
    drawn, file = random.Random(3), tmp_path / "question.toml"
    for number in range(24):
        at = drawn.randrange(len(whole))
        file.write_bytes(whole[:at] if number % 2 else whole[:at] + drawn.randbytes(9) + whole[at + 9 :])
        code, told = main(["plan", str(file)]), capsys.readouterr().err
        assert code in (0, 2, 3), (at, told)
        assert told.strip() or code == 0, at


@pytest.mark.parametrize(
    "content", [None, b"fleet_devices = ", b"fleet_devices = 0", b"fleet_devises = 7", b"\xff"]
)
def test_a_damaged_settings_file_is_one_sentence_that_names_it(
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "own.toml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(VARIABLE, str(file))
    budgets.cache_clear()
    try:
        assert main(["replan", "sample:resnet18", "--rates", str(file)]) == 2
    finally:
        budgets.cache_clear()
    (told,) = capsys.readouterr().err.splitlines()
    assert str(file) in told


SHELL = {
    "ends early": "{cutwise} devices --json | head -1",
    "full": "{cutwise} devices > /dev/full",
    "closed": "{cutwise} devices >&-",
    "all closed": "{cutwise} devices <&- >&- 2>&-",
    "help, full": "{cutwise} --help > /dev/full",
    "help, closed": "{cutwise} --help >&-",
    "ascii": "PYTHONIOENCODING=ascii {cutwise} inspect sample:resnet18",
    "C": "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {cutwise} inspect sample:resnet18",
    "no letters": "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {cutwise} inspect $(printf '\\351\\342\\202')",
}
SAYS = {
    "full": "the output: cannot be written (the disk is full); make room on that disk, or name another\n",
    "closed": "the output is closed, and there is something to print; leave it open, or name a file\n",
}


@pytest.mark.parametrize("how", SHELL)
def test_a_shell_that_starts_it_sees_no_traceback(how: str) -> None:
    found = subprocess.run(
        SHELL[how].format(cutwise=f"{sys.executable} -m cutwise"),
        shell=True,
        capture_output=True,
        check=False,
    )
    says = found.stderr.decode()
    assert not any(word in says for word in NOT_TOLD)
    if how == "no letters":
        assert (found.returncode, len(says.splitlines())) == (2, 1)
    else:
        wrong = next((says for key, says in SAYS.items() if how.endswith(key) and how != "all closed"), "")
        assert (says, found.returncode) == (wrong, 2 if "full" in how or "closed" in how else 0)
