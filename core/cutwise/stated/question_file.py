"""Question files: everything of a question as TOML that people read and edit, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import tomli_w

from cutwise.errors import CutwiseError
from cutwise.guarded.documents import document_in
from cutwise.plain import plain
from cutwise.scenario.scenario_file import read_document, scenario_from_dict
from cutwise.scenario.shipped_files import is_shipped
from cutwise.scenario.versions import file_notice, saved_document, written_line
from cutwise.stated.opened import Opened
from cutwise.stated.question_tables import FORMAT, TEXTS, question_from_dict
from cutwise.stated.scenario_library import library_question
from cutwise.stated.stated_question import ModelReference, StatedQuestion

if TYPE_CHECKING:
    from cutwise.plain import Json

FAMILY = "cutwise-question/"


def dump_question(stated: StatedQuestion) -> str:
    """A question file in TOML that reads back to an equal question; its first line says what wrote it.

    A device that is not in the fleet is nobody's name and left out. Raises `CutwiseError` for what no text
    file can hold.

    >>> print(dump_question(StatedQuestion(scheme="gsfl")).splitlines()[3])
    scheme = "gsfl"
    """
    looked_at = stated.device if stated.device in stated.scenario.device_names else ""
    texts = {name: getattr(stated, name) for name in TEXTS} | {"device": looked_at}
    scenario = {name: part for name, part in saved_document(stated.scenario).items() if name != "format"}
    document = {
        "format": FORMAT,
        **texts,
        "kept": list(stated.kept),
        "model": _model_table(stated.model),
        "options": dict(stated.options),
        "scenario": scenario,
    }
    try:
        text = f"{written_line()}\n{tomli_w.dumps(_without_none(plain(document)))}"
        text.encode()
    except (TypeError, ValueError) as error:
        raise CutwiseError(f"the question cannot be written as a file: {error}") from error
    return text


def _model_table(model: ModelReference) -> dict[str, Any]:
    """What is given of the model; a reference to nothing keeps an empty sample, which is refused."""
    table = {"sample": model.sample, "digest": model.digest, "name": model.name, "dims": dict(model.dims)}
    return {name: value for name, value in table.items() if value}


def _without_none(value: Json) -> Any:
    """TOML has no word for nothing: an option that is None is left out, which means its default."""
    if not isinstance(value, dict):
        return value
    return {name: _without_none(part) for name, part in value.items() if part is not None}


def load_question(path: str | PathLike[str]) -> StatedQuestion:
    """The question of a TOML or JSON file, or that of the scenario library that is named ("library:rural").

    Raises `ScenarioError` with every mistake and its path, or one sentence if the file cannot be read.
    """
    if is_shipped(path):
        return library_question(fspath(path))
    return question_from_dict(read_document(path))


def parse_question(content: bytes, *, name: str = "question") -> StatedQuestion:
    """The question written in `content`, checked as `load_question` does.

    >>> parse_question(b'format = "cutwise-question/1"\\nscheme = "gsfl"\\n[options]\\ngroups = 2\\n').options
    {'groups': 2}
    """
    return question_from_dict(document_in(content, name=name))


def parse_opened(
    content: bytes, name: str, *, now: StatedQuestion, poll: Callable[[], None] | None = None
) -> Opened:
    """The question of a file that was opened, and what to say of the versions that wrote it.

    A scenario file makes it the question of `now` with that scenario: who was looked at only where the new
    fleet has such a device, and no longer beside a published figure. `poll` is called while a long one is
    parsed. Raises `ScenarioError` as `load_question` does.
    """
    document = document_in(content, name=name, poll=poll)
    told = file_notice(content, name=name)
    if is_question(document):
        return Opened(question_from_dict(document), told)
    scenario = scenario_from_dict(document)
    device = now.device if now.device in scenario.device_names else ""
    return Opened(replace(now, scenario=scenario, device=device, figure=""), told)


def is_question(document: Mapping[str, object]) -> bool:
    """True for what says that it is a question file, of this version or another.

    >>> is_question({"format": "cutwise-scenario/1"})
    False
    """
    return str(document.get("format", "")).startswith(FAMILY)
