"""The command line: `cutwise COMMAND …`, or `python -m cutwise`; alone it opens the page.

Exit codes: 0 fine, 2 bad input (one clear sentence on the error stream), 3 infeasible.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cutwise.cli.arguments import parsed
from cutwise.cli.printing import BAD_INPUT, FINE
from cutwise.errors import CutwiseError
from cutwise.fields.readable_names import readable_text

ALONE = "serve"
"""What `cutwise` without a command does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        known = parsed(given or [ALONE])
        code: int = known.run(known)
    except CutwiseError as error:
        from cutwise.budgets import shown_mistakes

        print("\n".join(map(readable_text, "\n".join(shown_mistakes(error)).split("\n"))), file=sys.stderr)
        return BAD_INPUT
    else:
        return code


def run() -> int:
    """`main` as a process: a reader that goes away, as `head` does, is no error."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FINE
    return code


if __name__ == "__main__":
    sys.exit(run())
