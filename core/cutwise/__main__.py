"""The command line: `cutwise COMMAND …`, or `python -m cutwise`; alone it opens the page.

Exit codes: 0 fine, 2 bad input (one clear sentence on the error stream), 3 infeasible, 70 a fault of ours,
130 stopped with Ctrl+C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

ALONE = "serve"
"""What `cutwise` without a command does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    from cutwise.cli.outcome import outcome
    from cutwise.cli.streams import show_any_letter

    show_any_letter()
    return outcome(lambda: _command(list(sys.argv[1:] if arguments is None else arguments)))


def _command(given: list[str]) -> int:
    from cutwise.cli.arguments import parsed

    known = parsed(given or [ALONE])
    code: int = known.run(known)
    return code


def run() -> int:
    """`main` as a process: with whatever streams it is given, and until it is told to stop."""
    _import_nothing_from_here()
    try:
        from cutwise.cli.outcome import outcome
        from cutwise.cli.stopping import stop_no_more, stop_when_told
        from cutwise.cli.streams import open_streams, settle_streams

        open_streams()
        stop_when_told()
        try:
            code = main()
        except SystemExit as ended:  # after the help, whose text has still to go out
            code = outcome(partial(int, ended.code or 0))
        stop_no_more(ending=True)
        settle_streams()
    except KeyboardInterrupt:  # before it was listened for
        import signal

        from cutwise.cli.stopping import end_stopped

        end_stopped(signal.SIGINT)
    return code


def _import_nothing_from_here() -> None:
    """`python -m` looks for modules in the present folder first, where a json.py may be anybody's."""
    here = os.getcwd()
    if sys.path[:1] == [here] and not __file__.startswith(here):
        del sys.path[0]


if __name__ == "__main__":
    sys.exit(run())
