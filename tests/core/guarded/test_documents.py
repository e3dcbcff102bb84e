"""Text that nobody vouches for: what is read is what parsers read, and nothing costs more than its budget."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.budgets import most
from cutwise.errors import ScenarioError, UnreadableTextError
from cutwise.guarded import documents, guarded_process
from cutwise.guarded.documents import document_in
from cutwise.guarded.text_scan import mistake_in_text

DEEP = "nests lists, tables or dotted keys more than 32 deep"
MANY = "more than 500,000 keys and values"
TOO_MUCH: dict[str, tuple[bytes, str]] = {
    "60 kB of dots": (b"a." * 30_000 + b"b = 1", DEEP),
    "spaced dots": (b"a . " * 15_000 + b"b = 1", DEEP),
    "quoted dots": (b'"a".' * 15_000 + b"b = 1", DEEP),
    "a header of dots": (b"[" + b"a." * 30_000 + b"b]", DEEP),
    "few dots, in place": (b"a." * 40 + b"b = 1", DEEP),
    "brackets": (b"x = " + b"[" * 7_000, DEEP),
    "inline tables": (b"x = " + b"{a=" * 5_000, DEEP),
    "nested JSON": (b'{"a":' * 5_000, DEEP),
    "JSON lists": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", DEEP),
    "commas": (b"x = [" + b"1," * 3_900_000 + b"]", MANY),
    "200,000 unknown keys": (b"\n".join(b"k%d=1" % n for n in range(200_000)), "a table of 200,000 keys"),
    "300 keys of a row": (
        b"[[devices]]\n" + b"\n".join(b"k%d=1" % n for n in range(300)), "devices: has a table of 300 keys",
    ),
    "30 MB": (b"x = " + b"[" * 30_000_000, "has 30 MB, at most 8 MB are read"),
    "many digits": (b"a = " + b"1" * 9_000, "a whole number of more than 4,300 digits"),
    "many digits in JSON": (b'{"a": ' + b"1" * 9_000 + b"}", "a whole number of more than 4,300 digits"),
    "a key twice": (b'{"devices": [{"samples": 1, "samples": 2}]}', "the key 'samples' stands twice in one"),
    "a key twice in TOML": (b"a = 1\na = 2", "Cannot overwrite a value"),
    "quotation marks": (b'"' * 7_000_000, "is not valid TOML or JSON"),
    "open texts": (b"'''" + b"''x" * 2_000_000, "is not valid TOML or JSON"),
    "backslashes": (b'"' + b"\\" * 100_001, "is not valid TOML or JSON"),
    "a fourth quotation mark": (b'x = """a"""" # \\\n' + b"a." * 7_900 + b'a=1 # "', DEEP),
    "a fifth, in apostrophes": (b"x = '''a''''' # \n" + b"a." * 7_900 + b"a=1 # '", DEEP),
    "dots times braces": ((b"a." * 31 + b"a={") * 30 + b"b=1" + b"}" * 30, DEEP),
    "hexadecimal digits": (b"cut = 0x" + b"f" * 5_000, "cut: holds a whole number of more than 4,300 digits"),
    "escaped quotation marks": (b'{"' + b'\\"' * 7_900, "is not valid TOML or JSON"),
    "open, then escaped": (b'\\"""\n' * 3_180, "is not valid TOML or JSON"),
    "escaped, long": (b'x = "' + b'\\"' * 1_000_000 + b"\\\n", "is not valid TOML or JSON"),
    "bytes": (bytes(range(256)) * 100, "is not a text file in TOML or JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_asks_too_much_is_one_sentence_and_costs_this_process_little(name: str) -> None:
    content, says = TOO_MUCH[name]
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.process_time()
    with pytest.raises(ScenarioError) as told:
        document_in(content, name="scenario.toml")
    assert says in str(told.value)
    assert str(told.value).startswith("scenario.toml: ")
    assert len(str(told.value)) < 300
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb < 100


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=9), VALUES, max_size=6))
def test_json_is_read_as_the_standard_library_reads_it(document: dict[str, Any]) -> None:
    assert document_in(json.dumps(document).encode(), name="a.json") == document


def test_text_that_is_parsed_apart_is_the_same_as_parsed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'when = 2026-11-30\nname = "ä\\u0001" # "]]]"\n[[devices]]\nmemory_bytes = 4e9\nnot = nan\n'
    here = document_in(text.encode(), name="a")
    rows = "".join(f'[[devices]]\nname = "d{n}"\nsamples = {n}\nfar = inf\n' for n in range(3_000))
    monkeypatch.setattr(documents, "most", lambda name: 1 if name == "text_in_place_bytes" else most(name))
    apart = document_in(text.encode(), name="a")
    assert repr(apart) == repr(here | {"when": "2026-11-30"})
    assert document_in(rows.encode(), name="a") == tomllib.loads(rows)


def test_a_parser_that_takes_too_long_or_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(b"[[devices]]\nsamples = %d\n" % n for n in range(100_000))
    budget = {"text_memory_bytes": 130_000_000}
    monkeypatch.setattr(documents, "most", lambda name: budget.get(name) or most(name))
    with pytest.raises(ScenarioError, match=r"a: needs more than 500 MB of memory to read"):
        document_in(rows, name="a")
    budget |= {"text_memory_bytes": 500_000_000, "text_wall_s": 0.05}
    with pytest.raises(ScenarioError, match=r"a: takes more than 10 s to read"):
        document_in(rows, name="a")


def test_a_parser_that_somebody_kills_is_not_called_slow_or_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        guarded_process, "GIVE_WAY", "import os, signal; os.kill(os.getpid(), signal.SIGKILL); "
    )
    with pytest.raises(ScenarioError, match="a: the process that read it was ended from outside"):
        document_in(b"a = 1\n" * 5_000, name="a")


def test_a_full_disk_is_told_where_text_is_parsed_apart(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    with pytest.raises(ScenarioError, match=r"a: there is no place for temporary files \(the disk is full\)"):
        document_in(b"# " + b"x" * 1_500_000, name="a")
    assert os.listdir(small_disk) == []


def test_text_of_a_killed_process_is_gone_after_the_next_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, signal; from cutwise.guarded import documents\n"
        "documents.run_guarded = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "documents.document_in(b'# ' + b'x' * 20_000, name='a')"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    subprocess.run([sys.executable, "-c", code], check=False)
    assert os.listdir(tmp_path) != []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert document_in(b"# " + b"x" * 20_000, name="a") == {}
    assert os.listdir(tmp_path) == []


def test_what_is_no_text_is_told_from_what_asks_too_much() -> None:
    with pytest.raises(UnreadableTextError):
        document_in(b"[", name="a")
    with pytest.raises(UnreadableTextError):
        document_in(b"[" + b" " * 20_000, name="a")


QUOTED = st.text(alphabet="\"'\\\\\n# a", max_size=14)


@given(st.lists(QUOTED, min_size=1, max_size=3))
def test_no_quotation_mark_hides_a_long_key_from_the_scan(texts: list[str]) -> None:
    lines = [f"x{number} = {text}" for number, text in enumerate(texts)]
    text = "\n".join([*lines, "a." * 40 + "b = 1"])
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert mistake_in_text(text).startswith(DEEP)


@given(st.text(alphabet="ab.=,[]{}\"'#\\\n \x00é", max_size=300))
def test_no_text_that_parses_is_refused_but_for_its_size(text: str) -> None:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    assert mistake_in_text(text) in {"", mistake_in_text("a." * 50 + "b = 1")}
