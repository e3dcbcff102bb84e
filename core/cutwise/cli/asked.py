"""What a command line asks: a model with a scenario, or a question file; options come before what it says."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutwise.cli.inputs import OF_ANALYSIS, dims_of, model_of, options_of, scenario_of, tell_versions
from cutwise.cli.streams import note
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.disk.bounded_files import first_bytes, opened
from cutwise.errors import CutwiseError
from cutwise.read_limits import HEAD_BYTES

if TYPE_CHECKING:
    from cutwise.stated.stated_question import ModelReference, StatedQuestion

SAYS_SO = re.compile(rb"""(?:^|[{,\s])["']?format["']?\s*[=:]\s*["']cutwise-question/""")
"""What a question file says of itself, in TOML anywhere, in JSON at its beginning."""
WORTH_SAYING_S = 10.0
"""Whoever waits longer is told beforehand."""


def is_question_file(word: str) -> bool:
    """True for the name of a question file, of whatever version, or of the scenario library."""
    from cutwise.budgets import most
    from cutwise.scenario.shipped_files import is_shipped

    if is_shipped(word):
        return True
    looked_at = most("text_bytes") if word.lower().endswith(".toml") else HEAD_BYTES
    try:
        return SAYS_SO.search(first_bytes(word, looked_at)) is not None
    except CutwiseError:
        return False


def scheme_asked(words: Sequence[str]) -> str:
    """The scheme of the question file that is named first among the words, empty without one."""
    file = next((word for word in words if not word.startswith("-") and is_question_file(word)), "")
    if not file:
        return ""
    from cutwise.stated.question_file import load_question

    return load_question(file).scheme


def question_asked(known: argparse.Namespace) -> Any:
    """The question about the model itself, after a note where its answer takes long.

    Raises `CutwiseError` where model and question do not belong.
    """
    asked = _of_file(known) if is_question_file(known.model) else _of_words(known)
    _foretell(asked, known)
    return asked


def _foretell(asked: Any, known: argparse.Namespace) -> None:
    from cutwise.analyses import analysis_with
    from cutwise.budgets import amount
    from cutwise.schemes import SCHEMES
    from cutwise.schemes.effort import expected_s

    schemes = (asked.scheme,)
    if known.command == "compare":
        compared: Any = analysis_with("compare", options_of(known, OF_ANALYSIS))
        schemes = compared.schemes or tuple(SCHEMES)
    ops, devices = len(asked.graph), len(asked.scenario.devices)
    seconds = sum(expected_s(ops=ops, devices=devices, scheme=name) for name in schemes if name in SCHEMES)
    if seconds > WORTH_SAYING_S:
        words = f"{ops:,} ops, devices: {devices:,}"
        note(f"this takes about {amount('answer_s', seconds)} or longer ({words}); Ctrl-C ends it")


def _of_words(known: argparse.Namespace) -> Any:
    from cutwise.question import Question

    if known.model_file:
        raise CutwiseError("--model names the model of a question file; give the question file before it")
    graph = model_of(known)
    scheme = getattr(known, "scheme", None) or DEFAULT_SCHEME
    return Question(graph=graph, scenario=scenario_of(known, graph), scheme=scheme, options=options_of(known))


def _of_file(known: argparse.Namespace) -> Any:
    from cutwise.stated.question_file import load_question
    from cutwise.stated.stated_question import question_about

    if known.scenario:
        raise CutwiseError(
            f"{known.scenario}: {known.model} has a scenario in it; leave one of the two files out"
        )
    stated = _overridden(load_question(known.model), known)
    graph = _model_asked(stated.model, known)
    tell_versions(known.model)
    return question_about(graph, stated)


def _overridden(stated: StatedQuestion, known: argparse.Namespace) -> StatedQuestion:
    """The question with what the command line gives; options of another scheme are left behind."""
    given, scheme = options_of(known), getattr(known, "scheme", None) or stated.scheme
    kept = stated.options if scheme == stated.scheme else {}
    cut = "" if "cut" in given else stated.cut
    return replace(stated, scheme=scheme, options={**kept, **given}, cut=cut)


def _model_asked(reference: ModelReference, known: argparse.Namespace) -> Any:
    """The model that the question is about: the shipped one, or the file that is the same byte for byte."""
    from cutwise.importers.base import load_model

    dims = {**reference.dims, **dims_of(known)} or None
    if reference.sample and known.model_file:
        raise CutwiseError(
            f"--model {known.model_file}: leave it out, {known.model} asks about {reference.source}"
        )
    if reference.sample:
        return load_model(reference.source, dims=dims)
    if not known.model_file:
        raise CutwiseError(
            f"{known.model}: asks about the file {reference.name!r} (SHA-256 {reference.digest}); "
            "give it with --model FILE"
        )
    path = _checked_file(known.model_file, reference)
    return load_model(path, dims=dims)


def _checked_file(name: str, reference: ModelReference) -> Path:
    """The named file, where its bytes are those that the question is about."""
    import hashlib

    from cutwise.importers.gate.folders import model_file_in

    path = model_file_in(Path(name)) if os.path.isdir(name) else Path(name)
    with opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != reference.digest:
        raise CutwiseError(
            f"--model {name}: has SHA-256 {digest}, but the question is about {reference.name!r} with "
            f"{reference.digest}; give that file"
        )
    return path
