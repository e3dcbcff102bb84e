"""What the arguments of a command name: models, scenarios, options, files."""

from __future__ import annotations

import argparse
from typing import Any

from cutwise.cli.streams import note
from cutwise.disk.bounded_files import first_bytes, text_in
from cutwise.errors import CutwiseError, QuantityError, shown

OF_SCHEME, OF_ANALYSIS = "option of the scheme: ", "option of the analysis: "
LONGEST_HEADER = 200
MANY_NUMBERS = (tuple[float, ...], tuple[float, ...] | None)
"""An option of one of these types is the name of a file on a command line."""


def spelled(name: str) -> str:
    """A registered name or an option as it stands on a command line: dashes for underscores."""
    return name.replace("_", "-")


def model_of(known: argparse.Namespace) -> Any:
    """The model that was named, with the sizes that were given."""
    from cutwise.importers.base import load_model

    return load_model(known.model, dims=dims_of(known) or None)


def dims_of(known: argparse.Namespace) -> dict[str, int]:
    """The sizes of open dimensions that were given."""
    from cutwise.importers.base import size_given

    sizes = [size_given(text, given_as="--dim") for text in known.dim]
    names = [name for name, _ in sizes]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise CutwiseError(f"--dim {shown(twice)} is given twice; give one size of it")
    return dict(sizes)


def scenario_of(known: argparse.Namespace, graph: Any) -> Any:
    """The scenario file that was named, or the default cell.

    What it leaves out of number formats and tuning is as the model's file states it, which is told.
    """
    from cutwise.importers.hugging_face.stated.stated_format import stated_text
    from cutwise.problem.stated_workload import default_scenario, stated_fields
    from cutwise.scenario.scenario_file import read_document, scenario_from_dict

    document: Any = read_document(known.scenario) if known.scenario else {}
    given = document.get("workload", {})
    stated = stated_fields(graph, given=given) if isinstance(given, dict) else {}
    if stated:
        note(f"{graph.name}: {stated_text(stated)}, as the model's file says")
    if not known.scenario:
        return default_scenario(graph)
    scenario = scenario_from_dict({**document, **({"workload": {**stated, **given}} if stated else {})})
    tell_versions(known.scenario)
    return scenario


def tell_versions(word: str) -> None:
    """Tells where other versions wrote the file; those of the library are of this one."""
    from cutwise.scenario.shipped_files import is_shipped
    from cutwise.scenario.versions import file_notice

    if is_shipped(word):
        return
    if told := file_notice(first_bytes(word, LONGEST_HEADER), name=word):
        note(told)


def options_of(known: argparse.Namespace, whose: str = OF_SCHEME) -> dict[str, Any]:
    """The options that were given, as text, or as the numbers of the file that was named."""
    given = vars(known).items()
    return {
        name.removeprefix(whose): value
        for name, value in given
        if name.startswith(whose) and value is not None
    }


def numbers_in(name: str, *, unit: str = "") -> list[float]:
    """The numbers of a text file, one a line, with or without their unit."""
    from cutwise.budgets import beyond, most
    from cutwise.fields.typed_number import typed_number

    longest, says = most("numbers_file_bytes"), beyond("numbers_file_bytes")
    lines = [line for line in text_in(name, most_bytes=longest, says=says).splitlines() if line.strip()]
    if len(lines) > most("numbers_count"):
        raise CutwiseError(f"{name}: {beyond('numbers_count', len(lines))}")
    try:
        return [typed_number(line, unit) for line in lines]
    except QuantityError as error:
        raise CutwiseError(f"{name}: give one number a line ({error})") from error


def count_in(text: str) -> int:
    """A whole number as people type it, at least 0: "10 k" is 10,000."""
    from cutwise.fields.typed_number import typed_number

    try:
        count = typed_number(text, "count", whole=True)
    except QuantityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if count < 0:
        raise argparse.ArgumentTypeError(f"{shown(text)} is below 0; give a whole number of at least 0")
    return round(count)
