"""The words of a command line as the arguments of one command, or the sentence that says what is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn

from cutwise.cli.asked import scheme_asked
from cutwise.cli.commands import (
    COMMANDS,
    MODEL,
    MODEL_OR_QUESTION,
    SCENARIO,
    SCHEME,
    Argument,
    Command,
    all_commands,
)
from cutwise.cli.inputs import MANY_NUMBERS, OF_ANALYSIS, OF_SCHEME, numbers_in, spelled
from cutwise.cli.streams import say
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import CutwiseError, UnknownNameError, shown


class Once(argparse.Action):
    """Takes the value of an argument, which may be given once: of two the first would be lost."""

    given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Raises `CutwiseError` for an option that was there before."""
        if option_string and self.given:
            parser.error(f"{option_string} is given twice; keep one of the two")
        self.given = bool(option_string)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        self.register("action", None, Once)

    def error(self, message: str) -> NoReturn:
        """Raises `CutwiseError`, which `main` turns into the exit code for bad input."""
        raise CutwiseError(f"{self.prog}: {message}; --help lists the arguments")

    def print_help(self, file: object = None) -> None:
        """Prints the help as a command's answer; raises `CutwiseError` where it cannot be written."""
        say(self.format_help().removesuffix("\n"))


class ShowVersion(argparse.Action):
    """Prints what answers here, as an answer names it, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Ends by `SystemExit`, as the help does."""
        from cutwise.scenario.versions import versions

        say(versions().text)
        parser.exit()


def parsed(given: list[str]) -> argparse.Namespace:
    """The arguments of a command; options may stand before, between and after what is planned."""
    given = [spelled(word) if number == 0 else word for number, word in enumerate(given)]
    described = COMMANDS if _needs_no_planner(given) else all_commands()
    parser, commands = _parsers(described)
    if not given or given[0] not in commands:
        return parser.parse_args(given)
    command, rest = commands[given[0]], _with_options(commands[given[0]], described[given[0]], given[1:])
    known, unknown = command.parse_known_intermixed_args(rest)
    if options := [word for word in unknown if word.startswith("-")]:
        _refuse_option(command, options[0])
    if unknown:
        command.error(f"unexpected argument {shown(unknown[0])}")
    known.command, known.analysis = given[0], described[given[0]].analysis
    return known


def _needs_no_planner(given: list[str]) -> bool:
    """True where the words name a command of the table."""
    return bool(given) and given[0] in COMMANDS


def _parsers(described: Mapping[str, Command]) -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(
        prog="cutwise",
        description="Plan where a model is cut between device and edge server.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=ShowVersion, nargs=0, help="print the versions of product and data, and end"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found: dict[str, Parser] = {}
    for name, command in described.items():
        found[name] = commands.add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        found[name].add_argument("--json", action="store_true", help="print the value's own fields as JSON")
        found[name].set_defaults(run=command.run)
        for words, facts in _arguments(command):
            found[name].add_argument(words, **facts)
    return parser, found


def _arguments(command: Command) -> tuple[Argument, ...]:
    return (
        *(MODEL if command.model and not command.scenario else ()),
        *((*MODEL_OR_QUESTION, SCENARIO) if command.scenario else ()),
        *((SCHEME,) if command.scheme else ()),
        *command.arguments,
    )


def _with_options(command: Parser, described: Command, given: list[str]) -> list[str]:
    """Adds the options of scheme and analysis; a flag without a value becomes `--flag=true`."""
    if not (described.analysis or described.scheme):
        return given
    from cutwise.options import TRUTHS

    flags: set[str] = set()
    if described.analysis:
        from cutwise.analyses import ANALYSES

        flags |= _add_options(command, ANALYSES[described.analysis], OF_ANALYSIS)
    if described.scheme:
        flags |= _add_options(command, _chosen_scheme(given), OF_SCHEME)
    following = [*given[1:], ""][: len(given)]
    return [
        f"{word}=true" if word in flags and after.lower() not in TRUTHS else word
        for word, after in zip(given, following, strict=True)
    ]


def _chosen_scheme(given: list[str]) -> type[Any]:
    from cutwise.schemes import SCHEMES

    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--scheme", nargs="?")
    return SCHEMES[chosen.parse_known_args(given)[0].scheme or scheme_asked(given) or DEFAULT_SCHEME]


def _add_options(command: Parser, owner: type[Any], whose: str) -> set[str]:
    """Adds the options of a scheme or an analysis; the spellings of those that are flags."""
    from cutwise.options import option_hints
    from cutwise.units import facts_of

    flags: set[str] = set()
    for name, hint in option_hints(owner).items():
        spellings = dict.fromkeys((f"--{spelled(name)}", f"--{name}"))
        is_file, facts = hint in MANY_NUMBERS, facts_of(owner, name)
        command.add_argument(
            *spellings,
            dest=f"{whose}{name}",
            default=None,
            metavar="FILE" if is_file else "VALUE",
            type=partial(numbers_in, unit=facts.get("unit", "")) if is_file else str,
            help=f"{whose}{facts['help']}".replace("%", "%%"),
        )
        flags |= set(spellings) if hint is bool else set()
    return flags


def _refuse_option(command: Parser, option: str) -> NoReturn:
    known = [spelling for action in command._actions for spelling in action.option_strings]
    raise UnknownNameError("option", option.partition("=")[0], known)
