"""The words of a command line as the arguments of one command, or the sentence that says what is wrong."""

from __future__ import annotations

import argparse
from typing import NoReturn

from cutwise.cli.commands import COMMANDS, MODEL, SCENARIO, SCHEME, Argument, Command
from cutwise.cli.inputs import OPTION
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import CutwiseError, UnknownNameError


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raises `CutwiseError`, which `main` turns into the exit code for bad input."""
        raise CutwiseError(f"{self.prog}: {message}; --help lists the arguments")


def parsed(given: list[str]) -> argparse.Namespace:
    """The arguments of a command; options may stand before, between and after what is planned."""
    parser, commands = _parsers()
    if not given or given[0] not in commands:
        return parser.parse_args(given)
    command, rest = commands[given[0]], given[1:]
    if COMMANDS[given[0]].scheme:
        rest = _with_scheme_options(command, rest)
    known, unknown = command.parse_known_intermixed_args(rest)
    if options := [word for word in unknown if word.startswith("-")]:
        _refuse_option(command, options[0])
    if unknown:
        command.error(f"unexpected argument {unknown[0]!r}")
    known.command = given[0]
    return known


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(
        prog="cutwise",
        description="Plan where a model is cut between device and edge server.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found: dict[str, Parser] = {}
    for name, command in COMMANDS.items():
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
        *(MODEL if command.model else ()),
        *((SCENARIO,) if command.scenario else ()),
        *((SCHEME,) if command.scheme else ()),
        *command.arguments,
    )


def _with_scheme_options(command: Parser, given: list[str]) -> list[str]:
    """Adds the chosen scheme's options to the command; a flag without a value becomes `--flag=true`."""
    from cutwise.schemes import SCHEMES
    from cutwise.schemes.options import TRUTHS, option_hints
    from cutwise.units import facts_of

    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--scheme", default=DEFAULT_SCHEME, nargs="?")
    scheme = SCHEMES[chosen.parse_known_args(given)[0].scheme or DEFAULT_SCHEME]
    flags: set[str] = set()
    for name, hint in option_hints(scheme).items():
        spellings = dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}"))
        help = f"{OPTION}{facts_of(scheme, name)['help']}"
        command.add_argument(
            *spellings, dest=f"{OPTION}{name}", default=None, metavar="VALUE", help=help.replace("%", "%%")
        )
        flags |= set(spellings) if hint is bool else set()
    following = [*given[1:], ""][: len(given)]
    return [
        f"{word}=true" if word in flags and after.lower() not in TRUTHS else word
        for word, after in zip(given, following, strict=True)
    ]


def _refuse_option(command: Parser, option: str) -> NoReturn:
    known = [spelling for action in command._actions for spelling in action.option_strings]
    raise UnknownNameError("option", option.partition("=")[0], known)
