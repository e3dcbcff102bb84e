"""Links of version 0.1 (`?plan=…`): model, scenario, scheme and options as compressed JSON."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from cutwise.budgets import beyond, most
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import CutwiseError
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import scenario_from_dict
from cutwise.scenario.versions import notice, versions_in
from cutwise.stated.checks_of_names import mistakes_in
from cutwise.stated.link_text import DAMAGED, bytes_of, cannot_be_opened, link_document
from cutwise.stated.opened import Opened
from cutwise.stated.shipped_scenarios import FIRST_SCENARIO, shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import BEST_BASELINE, FIRST_SAMPLE, ModelReference, StatedQuestion


def question_of_old_link(text: str) -> Opened:
    """The question that a link of 0.1 asks, and what to say of the versions that wrote it.

    Its plan was compared with the best baseline, as it is here. Raises `CutwiseError` with the reason, one
    sentence, where it cannot be opened whole.
    """
    try:
        content = _unpacked(text.strip())
        stated = _question(content)
    except CutwiseError as error:
        raise CutwiseError(cannot_be_opened(error)) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise CutwiseError(DAMAGED) from error
    if mistakes := mistakes_in(stated):
        raise CutwiseError(cannot_be_opened(mistakes[0]))
    return Opened(stated, notice("this link", versions_in(str(content.get("written_by", "")))))


def _question(content: Mapping[str, Any]) -> StatedQuestion:
    options = dict(content.get("options") or {})
    scenario = scenario_from_dict(content.get("scenario") or {})
    return StatedQuestion(
        model=_model(content),
        preset=_begun_with(scenario),
        scenario=scenario,
        cut=str(options.pop("cut", "")),
        scheme=str(content.get("scheme", DEFAULT_SCHEME)),
        options=options,
        baseline=BEST_BASELINE,
    )


def _model(content: Mapping[str, Any]) -> ModelReference:
    upload, dims = content.get("upload") or {}, dict(content.get("dims") or {})
    if not upload:
        return ModelReference(sample=str(content.get("sample", FIRST_SAMPLE)), dims=dims)
    return ModelReference(digest=str(upload.get("digest", "")), name=str(upload.get("name", "")), dims=dims)


def _begun_with(scenario: Scenario) -> str:
    """The shipped scenario of that name, else the first."""
    alike = (name for name in shipped_scenarios() if shipped_scenario(name).name == scenario.name)
    return next(alike, FIRST_SCENARIO)


def _unpacked(text: str) -> dict[str, Any]:
    if len(text) > most("link_characters"):
        raise CutwiseError(f"the link {beyond('link_characters', len(text))}")
    packed, reader = bytes_of(text), zlib.decompressobj()
    try:
        content = reader.decompress(packed, most("link_bytes") + 1)
    except zlib.error as error:
        raise CutwiseError(DAMAGED) from error
    if len(content) > most("link_bytes"):
        raise CutwiseError(f"the link {beyond('link_bytes')}")
    if not reader.eof:
        raise CutwiseError(DAMAGED)
    return link_document(content)
